"""The benchmark: that its contenders do the same work, and that what it reports follows from what it measured."""

import importlib
import re

import numpy as np
import pytest
from kshim_conformance.speed import hand_weights, keras_contender
from kshim_conformance.speed.workloads import WORKLOADS

import kshim

TRAINED = [name for name, work in WORKLOADS.items() if "train" in work.measures]
SAMPLES, STEPS = 6, 3


def _order(layer):
    """Where a numbered layer comes; others stay where they are."""
    found = re.match(r"step(\d+)", layer.name)
    return (int(found[1]), layer.name) if found else (0, "")


def _weights(model):
    layers = sorted(model.layers, key=_order)
    return [np.asarray(w) for layer in layers for w in layer.trainable_weights]


@pytest.fixture
def few(monkeypatch):
    """Batches of two samples, short sequences, small images."""
    for name, work in list(WORKLOADS.items()):
        monkeypatch.setitem(WORKLOADS, name, type(work)(**{**vars(work), "batch": 2}))


@pytest.mark.parametrize("framework", ["torch", "jax", "tensorflow"])
@pytest.mark.parametrize("name", TRAINED)
def test_hand_written_loops_do_the_same_work(few, framework, name):
    """From equal weights the losses of the first steps and the predictions agree with kshim's."""
    pytest.importorskip(framework)
    hand = importlib.import_module(f"kshim_conformance.speed.hand_{framework}")
    with kshim.use("numpy"):
        ours = keras_contender.Contender(kshim, name, SAMPLES, dropout=0.0)
        weights = hand_weights.from_keras(name, _weights(ours.model))
        made = hand_weights.initial(name)
        assert [w.shape for w in weights] == [w.shape for w in made]
        theirs = hand.Contender(name, samples=SAMPLES, dropout=0.0, weights=weights)
        if framework == "torch":  # its LSTM has a second bias, which would learn at twice the rate
            for parameter, value in theirs.model.named_parameters():
                value.requires_grad_("bias_hh" not in parameter)
        ours.prepare(SAMPLES)
        theirs.prepare(SAMPLES)
        np.testing.assert_allclose(theirs.predict_one(), ours.predict_one(), rtol=1e-4, atol=1e-6)
        expected = ours.epoch(shuffle=False)
        assert theirs.epoch(shuffle=False) == pytest.approx(expected, rel=1e-3)
