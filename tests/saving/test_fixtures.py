"""Files that other Keras versions really wrote, with the outputs they computed (a folder beside the repository, if it is there)."""

import pathlib

import numpy as np
import pytest

from kshim.engine.layer import Layer
from kshim.errors import SafetyError
from kshim.saving import load_model, model_from_json

#: Files without compile arguments, and optimizer states of versions that kept other slots, are announced by warnings.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

_ROOT = pathlib.Path(__file__).resolve().parents[2].parent / "shared" / "h5"
_NAMES = sorted(p.name[: -len("_io.npz")] for p in (_ROOT / "written").glob("*_io.npz")) if _ROOT.is_dir() else []
_READ = [n for n in _NAMES if n.startswith(("keras2.", "tf_keras", "keras3."))]

#: Files that cannot be read, with the reason.
_REFUSED = {
    "keras2.3.1_theano_conv_bn": "Theano pads a strided 'same' convolution differently: its outputs cannot come out (there is a warning)",
    "keras3.15.1_preproc": "the preprocessing layers RandomFlip ... do not exist here",
}


class Normalization(Layer):
    """Stands in for the preprocessing layer of this name: (x - mean) / sqrt(variance)."""

    def __init__(self, axis=-1, mean=None, variance=None, invert=False, **kwargs):
        super().__init__(**kwargs)
        self.constants = np.array(mean, "float32"), np.sqrt(np.array(variance, "float32"))

    def call(self, inputs):
        return (inputs - self.constants[0]) / self.constants[1]


def _check(model, io, tolerance=1e-4):
    inputs = [io[k] for k in sorted(k for k in io.files if k.startswith("in_"))]
    outputs = [io[k] for k in sorted(k for k in io.files if k.startswith("out_"))]
    found = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
    found = found if isinstance(found, list) else [found]
    for a, b in zip(found, outputs, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance / 10)


@pytest.mark.skipif(not _READ, reason="no folder of files written by other versions beside the repository")
@pytest.mark.parametrize("name", _READ)
def test_written_by_other_versions(name):
    if name in _REFUSED:
        pytest.skip(_REFUSED[name])
    folder = _ROOT / "written"
    path = folder / f"{name}.h5"
    if not path.exists():
        pytest.skip("weights only")
    if "lambda" in name:
        with pytest.raises(SafetyError, match="safe_mode=False"):
            load_model(path)
    custom = {"Normalization": Normalization} if "oplayers" in name else None
    model = load_model(path, custom_objects=custom, safe_mode=False)
    io = np.load(folder / f"{name}_io.npz")
    _check(model, io, 5e-2 if "bf16" in name else 1e-4)
    if (folder / f"{name}.json").exists() and "lambda" not in name:
        again = model_from_json((folder / f"{name}.json").read_text(), custom_objects=custom)
        weights = folder / f"{name}_weights.h5"
        again.load_weights(weights if weights.exists() else path)
        _check(again, io, 5e-2 if "bf16" in name else 1e-4)


_FOUND = sorted((_ROOT / "real").glob("*.h*5")) if _ROOT.is_dir() else []


@pytest.mark.skipif(not _FOUND, reason="no folder of files found in the wild beside the repository")
@pytest.mark.parametrize("path", _FOUND, ids=lambda p: p.stem)
def test_found_in_the_wild(path):
    outputs = [p for p in path.parent.glob("*.npz") if p.name.startswith(path.stem + "__")]
    if not outputs:
        pytest.skip("not a model but recorded data")
    try:
        model = load_model(path)
    except ValueError as error:
        if "No model config" not in str(error):
            raise
        pytest.skip("weights only")
    _check(model, np.load(outputs[0]))
