"""`save_model`, `load_model`, `save_weights`, `load_weights`: choosing the format and handling the file."""

import contextlib
import io
import os

import h5py

from ..errors import UnsupportedError, did_you_mean
from .atomic import replacing
from .safety import SafeModeScope


def _path(target):
    return os.fspath(target) if hasattr(target, "__fspath__") or isinstance(target, str) else None


def _may_write(path, overwrite):
    if overwrite or not os.path.exists(path):
        return True
    answer = input(f"[WARNING] {path} already exists - overwrite? [y/n] ").strip().lower()
    while answer not in ("y", "n"):
        answer = input('Enter "y" (overwrite) or "n" (cancel).').strip().lower()
    return answer == "y"


def _refuse_zip(path, what):
    if path.endswith(".keras"):
        raise UnsupportedError(
            f"{what}({path!r}): the .keras format is not available yet. Save to an HDF5 file: model.save('model.h5')."
        )


def _write(path, overwrite, fill):
    if not _may_write(path, overwrite):
        return
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with replacing(path) as temporary, h5py.File(temporary, "w") as f:
        fill(f)


def save_model(
    model,
    filepath,
    overwrite=True,
    include_optimizer=True,
    save_format=None,
    signatures=None,
    options=None,
    save_traces=True,
    zipped=None,
    **kwargs,
):
    """Save a whole model (architecture, weights, compile arguments, optimizer state) to an HDF5 file.

    The file is written beside its place and moved there when complete. `filepath` may be an open `h5py.File`.
    """
    from .hdf5_write import write_model

    if isinstance(filepath, h5py.Group):
        write_model(filepath, model, include_optimizer)
        return
    path = _path(filepath)
    if path is None:
        raise TypeError(f"save_model expects a file name or an h5py.File; received {filepath!r}.")
    _refuse_zip(path, "save_model")
    if save_format not in (None, "h5", "hdf5", "keras", "tf"):
        raise ValueError(
            f"Unknown save_format: {save_format!r}.{did_you_mean(save_format, ('h5', 'hdf5', 'keras', 'tf'))} Expected 'h5'."
        )
    if save_format == "keras" and not path.endswith((".h5", ".hdf5")):
        raise UnsupportedError("save_format='keras' (a .keras archive) is not available yet. Use save_format='h5'.")
    if save_format == "tf":
        raise UnsupportedError(
            "save_format='tf' (SavedModel) holds a TensorFlow graph and cannot be written here. Use save_format='h5'."
        )
    if not model.built:
        raise ValueError(
            f"Model {model.name!r} cannot be saved because its input shape is not known: call it on data, fit it, or build(input_shape)."
        )
    _write(path, overwrite, lambda f: write_model(f, model, include_optimizer))


def load_model(filepath, custom_objects=None, compile=True, safe_mode=True, options=None):
    """Load a whole model. Code stored in the file (Lambda layers) is refused unless `safe_mode=False`."""
    from .hdf5_read import read_model

    with SafeModeScope(safe_mode):
        if isinstance(filepath, h5py.Group):
            return read_model(filepath, custom_objects, compile)
        path = _path(filepath)
        with _opened(path, "load_model") as f:
            return read_model(f, custom_objects, compile)


def model_to_bytes(model):
    """The whole model as the bytes of an HDF5 file (what pickling stores)."""
    from .hdf5_write import write_model

    data = io.BytesIO()
    with h5py.File(data, "w") as f:
        write_model(f, model, True)
    return data.getvalue()


def model_from_bytes(data):
    """The model of `model_to_bytes`; code of Lambda layers in it runs."""
    from .hdf5_read import read_model

    with SafeModeScope(False), h5py.File(io.BytesIO(data), "r") as f:
        return read_model(f, None, True)


@contextlib.contextmanager
def _opened(path, what):
    """The HDF5 file at `path`, open for reading. `OSError` naming it where h5py cannot make sense of it, now or while it is read."""
    _check_kind(path, what)
    try:
        with h5py.File(path, "r") as f:
            yield f
    except (OSError, RuntimeError, KeyError) as error:
        if not _from_h5py(error):
            raise
        reason = error.args[0] if error.args else error
        raise OSError(
            f"{what}: {path!r} is damaged or was not written to its end ({reason}). Nothing was loaded. Take another copy of the file, or save "
            "the model again."
        ) from error


def _from_h5py(error):
    """Whether an exception was raised inside h5py."""
    at = error.__traceback__
    while at.tb_next is not None:
        at = at.tb_next
    return at.tb_frame.f_globals.get("__name__", "").split(".")[0] == "h5py"


def _check_kind(path, what):
    """Raise an error that says what is wrong unless there is an HDF5 file at `path`."""
    if path is None:
        raise TypeError(f"{what} expects a file name or an h5py.File.")
    if os.path.isdir(path):
        raise UnsupportedError(
            f"{what}: {path!r} is a folder (a TensorFlow SavedModel?), which only TensorFlow can run. Save the model as .h5 there."
        )
    if not os.path.exists(path):
        raise FileNotFoundError(f"{what}: no file at {path!r} (looked in {os.path.dirname(os.path.abspath(path))}).")
    with open(path, "rb") as f:
        head = f.read(8)
    if head[:4] == b"PK\x03\x04":
        raise UnsupportedError(
            f"{what}: {path!r} is a .keras archive, a format that is not available yet. Save the model as .h5."
        )
    if head != b"\x89HDF\r\n\x1a\n":
        begins = f"it begins with {head!r}" if head else "it is empty"
        raise ValueError(f"{what}: {path!r} is not an HDF5 file ({begins}).")


def save_weights(model, filepath, overwrite=True, save_format=None, options=None, **kwargs):
    """Save the weights of all layers to an HDF5 file."""
    from .hdf5_write import write_weights

    if isinstance(filepath, h5py.Group):
        write_weights(filepath, model)
        return
    path = _path(filepath)
    if path is None:
        raise TypeError(f"save_weights expects a file name or an h5py.File; received {filepath!r}.")
    _refuse_zip(path, "save_weights")
    if save_format not in (None, "h5", "hdf5"):
        raise UnsupportedError(
            f"save_weights(save_format={save_format!r}): only HDF5 files can be written. Use save_format='h5'."
        )
    if not model.built:
        raise ValueError(
            f"Weights of model {model.name!r} have not yet been created: call the model on data, or build(input_shape), before saving them."
        )
    _write(path, overwrite, lambda f: write_weights(f, model))


def load_weights(model, filepath, by_name=False, skip_mismatch=False, options=None, **kwargs):
    """Load weights from a weights file or a whole model's file, by position or by layer name."""
    from .hdf5_read import load_by_name, load_topological, weights_group

    if skip_mismatch and not by_name:
        raise ValueError("When calling model.load_weights, skip_mismatch can only be set to True when by_name is True.")
    if not model.built:
        raise ValueError(
            f"Unable to load weights into model {model.name!r}, whose weights have not been created yet: call the model on data, or build(input_shape), first."
        )

    def load(group):
        (load_by_name if by_name else load_topological)(
            weights_group(group), model, **({"skip_mismatch": skip_mismatch})
        )

    if isinstance(filepath, h5py.Group):
        load(filepath)
        return
    with _opened(_path(filepath), "load_weights") as f:
        load(f)
