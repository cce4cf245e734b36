"""The scripts in `examples/`, run as a user would, on every backend."""

import os
import pathlib
import re

import pytest

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"
BACKENDS = os.environ.get("KSHIM_TEST_BACKENDS", "numpy,torch,jax,tensorflow").split(",")

#: script -> (epochs, pattern of a number it prints, lowest and highest value accepted)
EXPECTED = {
    "autoencoder.py": (2, r"Noise after: ([\d.]+)", 0.0, 0.07),
    "custom_parts.py": (3, r"Best accuracy: ([\d.]+)", 0.85, 1.0),
    "digits_cnn.py": (4, r"Test accuracy: ([\d.]+)", 0.85, 1.0),
    "digits_mlp.py": (5, r"Test accuracy: ([\d.]+)", 0.88, 1.0),
    "masked_text.py": (5, r"Validation accuracy: ([\d.]+)", 0.8, 1.0),
    "row_lstm.py": (5, r"Test accuracy: ([\d.]+)", 0.75, 1.0),
    "save_and_resume.py": (4, r"Largest weight difference: ([\d.e+-]+)", 0.0, 0.0),
    "two_inputs.py": (5, r"Digit accuracy: ([\d.]+)", 0.8, 1.0),
}


def test_every_example_is_run():
    assert sorted(EXPECTED) == sorted(p.name for p in EXAMPLES.glob("*.py"))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_example(name, backend, run_script):
    epochs, pattern, low, high = EXPECTED[name]
    done = run_script(EXAMPLES / name, backend, epochs)
    assert done.returncode == 0, done.stderr
    found = re.search(pattern, done.stdout)
    assert found, done.stdout
    assert low <= float(found.group(1)) <= high, done.stdout[-500:]
