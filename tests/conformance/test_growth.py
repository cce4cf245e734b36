"""The growth measurements: that they see what grows, and that kshim does not."""

import json
import subprocess
import sys
import textwrap
import xml.etree.ElementTree as ET
from argparse import Namespace

import numpy as np
import pytest
from kshim_conformance.__main__ import main
from kshim_conformance.growth import measure
from kshim_conformance.growth.series import MB, SERIES
from kshim_conformance.speed.process import Failed

QUICK = Namespace(rounds=1, threads=1, quick=True, most_layers=1000, patience=300)


def test_command(tmp_path, capsys):
    """Everything on the numpy backend, in small."""
    arguments = ["growth", "numpy", "--quick", "--threads", "1", "--json", str(tmp_path / "growth.json")]
    assert main([*arguments, "--chart", str(tmp_path / "growth.svg")]) == 0
    found = json.loads((tmp_path / "growth.json").read_text())
    assert [row["series"] for row in found["rows"]] == list(SERIES)
    assert not found["problems"]
    assert all(row["figure"] is not None and row["points"] for row in found["rows"])
    by = {row["series"]: row for row in found["rows"]}
    assert [p["at"] for p in by["layers"]["points"]] == list(SERIES["layers"].quick)
    assert all(p["first"] > 0 and p["step"] > 0 for p in by["layers"]["points"])
    for name, row in by.items():
        if name.startswith("memory/"):
            assert row["figure"] < 8, name
        if name.startswith("data/"):
            assert row["figure"] < SERIES[name].limit, name
    out = capsys.readouterr().out
    assert "framework's" in out and "memory/models" in out
    drawing = ET.parse(tmp_path / "growth.svg").getroot()
    assert len(drawing.findall("{*}svg")) > 8


@pytest.mark.parametrize("backend", ["torch", "jax", "tensorflow"])
@pytest.mark.parametrize("name", ["steps", "train_on_batch", "models"])
def test_memory_stays(backend, name):
    """A model that was let go of leaves nothing behind; a tenth of a megabyte is what allocators do."""
    pytest.importorskip(backend)
    found = measure.Measured(backend, f"memory/{name}", QUICK)
    assert not found.problems
    assert found.figure < 6


def test_memory_that_grows_is_seen():
    from kshim_conformance.growth.memory import Memory

    memory, held = Memory("call"), []
    memory.do = lambda count: held.append(np.ones(count * MB, "uint8"))
    first = memory("8")
    assert 7 * MB < memory("8") - first < 12 * MB


class _Stand:
    """A process whose steps take a millisecond a layer, and whose models of 30 layers never come to their first."""

    def __init__(self, *_):
        self.made = []

    def ready(self):
        return {"kshim": "1"}

    def ask(self, line, silence=0):
        what, size = line.split()
        if what == "step":
            assert size in self.made
            return int(size) * 1e-3
        if size == "30":
            raise Failed("no answer within 1 s")
        self.made.append(size)
        return {"build": 1.0, "first": 2.0}

    def close(self):
        pass


def test_what_takes_too_long_is_told(monkeypatch):
    monkeypatch.setattr(measure, "Process", _Stand)
    found = measure.Measured("numpy", "layers", QUICK)
    assert found.problems == ["30, made and trained for a step: no answer within 1 s"]
    assert [p["at"] for p in found.points] == [10]
    assert found.figure == 1.0 and found.row()["met"] is True


def test_cost_that_grows_is_missed(monkeypatch):
    monkeypatch.setattr(measure, "Process", _Stand)
    monkeypatch.setattr(_Stand, "ask", lambda self, line, silence=0: (
        int(line.split()[1]) ** 2 if line[0] == "s" else {"build": 1.0, "first": 2.0}
    ))  # fmt: skip
    found = measure.Measured("numpy", "layers", QUICK).row()
    assert found["figure"] == pytest.approx(3.0) and found["met"] is False


LIMITED = """
    import os, resource, sys, tempfile
    import numpy as np
    import kshim
    from kshim_conformance.growth.data import BATCH, FEATURES, ROWS, Data
    from kshim_conformance.speed.process import memory

    data = Data("memmap")
    data("3")
    limit = memory("VmData") + 96 * 2**20
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    print("trained", data("20")["batch"])
    with tempfile.TemporaryFile() as f:
        f.truncate(ROWS * FEATURES * 4)
        rows = np.memmap(f, np.float32, "r", shape=(ROWS, FEATURES))
        try:
            np.array(rows)
        except MemoryError:
            print("does not fit")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="RLIMIT_DATA counts what is mapped on Linux only")
def test_training_from_a_file_larger_than_the_memory_allowed():
    code = textwrap.dedent(LIMITED)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:2] == [f"trained {64 * 1024 * 4}", "does not fit"]


@pytest.mark.parametrize("wrong", [["--rounds", "0"], ["--most-layers", "-1"], ["--patience", "0"]])
def test_command_refuses(wrong, capsys):
    with pytest.raises(SystemExit):
        main(["growth", *wrong])
    assert wrong[0] in capsys.readouterr().err


def test_nothing_to_measure(capsys):
    assert main(["growth", "numpy", "--only", "nothing"]) == 2
    assert "memory/steps" in capsys.readouterr().err
