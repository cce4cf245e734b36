"""The progress bar prints the same characters as tf_keras, given the same clock."""

import time

import pytest

from kshim.utils.progbar import Progbar


def drive(bar, clock, updates, step=0.07):
    for update in updates:
        clock[0] += step
        bar.update(*update)


def both(monkeypatch, capsys, tf_keras, updates, step=0.07, **kwargs):
    """What our bar and tf_keras's print for the same updates at the same times."""
    clock = [0.0]
    monkeypatch.setattr(time, "time", lambda: clock[0])
    texts = []
    for cls in (Progbar, tf_keras.utils.Progbar):
        clock[0] = 1000.0
        capsys.readouterr()
        drive(cls(**kwargs), clock, updates, step)
        texts.append(capsys.readouterr().out)
    return texts


def steps(n, *values):
    return [(i, [(name, f(i)) for name, f in values]) for i in range(1, n + 1)]


LOSS = ("loss", lambda i: 2.0 / i)
TINY = ("mae", lambda i: -1e-4 * i)
STATE = ("acc", lambda i: i / 10)


@pytest.mark.parametrize("verbose", [0, 1, 2])
@pytest.mark.parametrize("target", [1, 7, 10, 120])
def test_known_target(monkeypatch, capsys, tf_keras, verbose, target):
    ours, theirs = both(
        monkeypatch, capsys, tf_keras, steps(target, LOSS, TINY, STATE),
        target=target, verbose=verbose, stateful_metrics=["acc"],
    )  # fmt: skip
    assert ours == theirs
    assert bool(ours) == bool(verbose)


@pytest.mark.parametrize("step", [1e-5, 0.02, 0.9, 40.0, 2000.0])
def test_times(monkeypatch, capsys, tf_keras, step):
    ours, theirs = both(monkeypatch, capsys, tf_keras, steps(9, LOSS), step=step, target=9)
    assert ours == theirs


def test_verbose_2_at_several_speeds(monkeypatch, capsys, tf_keras):
    for step in (1e-5, 0.02, 3.0):
        ours, theirs = both(monkeypatch, capsys, tf_keras, steps(9, LOSS, TINY), step=step, target=9, verbose=2)
        assert ours == theirs and ours.endswith("\n")


def test_unknown_target_then_finalize(monkeypatch, capsys, tf_keras):
    updates = [(i, [("loss", 1.0)]) for i in range(1, 5)] + [(4, [("val_loss", 2.0)], True)]
    ours, theirs = both(monkeypatch, capsys, tf_keras, updates, target=None)
    assert ours == theirs
    assert "4/Unknown" in ours


def test_units_and_width_and_interval(monkeypatch, capsys, tf_keras):
    updates = [(i * 32, [("loss", 0.5)]) for i in range(1, 9)]
    ours, theirs = both(monkeypatch, capsys, tf_keras, updates, target=256, unit_name="sample", width=13, interval=0.2)
    assert ours == theirs


def test_add(capsys):
    bar = Progbar(4, interval=0)
    for _ in range(4):
        bar.add(1, [("a", 1.0)])
    assert "4/4 [==============================]" in capsys.readouterr().out


def test_due(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(time, "time", lambda: clock[0])
    monkeypatch.setattr("kshim.utils.progbar.print_msg", lambda *a, **k: None)
    bar = Progbar(10, interval=0.5)
    assert bar.due()
    bar.update(1)
    clock[0] += 0.4
    assert not bar.due() and bar.due(finalize=True)
    clock[0] += 0.2
    assert bar.due()
    assert not Progbar(10, verbose=2).due() and Progbar(10, verbose=2).due(finalize=True)
    assert not Progbar(10, verbose=0).due(finalize=True)


def test_skipped_updates_weigh_the_average(capsys):
    bar = Progbar(10, interval=0)
    bar.update(2, [("x", 1.0)])
    bar.update(8, [("x", 3.0)])
    capsys.readouterr()
    bar.update(10, [("x", 3.0)])
    assert "x: 2.6000" in capsys.readouterr().out  # (2 * 1 + 6 * 3 + 2 * 3) / 10
