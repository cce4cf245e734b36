"""Where tensors live, how they get there and back."""

from functools import wraps

import numpy as np
import tensorflow as tf

from kshim.errors import BackendError
from kshim.spec.derived import Derived
from kshim.spec.memory import own
from kshim.spec.table import CONTROL, TABLE

#: Methods that place no tensor.
_UNPLACED = {"devices", "info", "shape_of", "dtype_of", "is_tensor", "is_float", "to_numpy", "synchronize"}
#: Methods that return the function to be placed.
_MAKERS = {"compile_step", "compile_steps", "value_and_grad", "custom_gradient"}


def _found():
    """Name -> TensorFlow device name of everything usable."""
    names = {}
    for device in tf.config.list_physical_devices():
        kind, index = device.device_type.lower(), device.name.rsplit(":", 1)[-1]
        if kind in ("cpu", "gpu"):
            names["cpu" if (kind, index) == ("cpu", "0") else f"{kind}:{index}"] = f"/{kind}:{index}"
    return names


class Device:
    """`device` is None (the first GPU TensorFlow sees, else the CPU), 'cpu', 'gpu', 'gpu:1' or 'cuda:0'.

    Raises `BackendError` listing the usable devices for any other name, or for a device that is not there.
    """

    def _choose(self, device):
        usable = _found()
        default = "gpu:0" if "gpu:0" in usable else "cpu"
        if device is None:
            name = default
        else:
            kind, _, index = str(device).lower().partition(":")
            kind = "gpu" if kind == "cuda" else kind
            name = "cpu" if kind == "cpu" and index in ("", "0") else f"{kind}:{index or 0}"
        if name not in usable:
            raise BackendError(
                f"The tensorflow backend cannot use device {device!r}. Usable devices: {', '.join(sorted(usable))}. "
                "A GPU needs a TensorFlow built for it: pip install 'tensorflow[and-cuda]'."
            )
        self._device_name, self._native = name, usable[name]
        self._gpu = name.startswith("gpu")
        self._pinned = name != default

    def _pin(self):
        """Off TensorFlow's default device every method of this instance runs under `tf.device`."""
        if not self._pinned:
            return
        names = [
            n
            for n in (*TABLE, *CONTROL, *vars(Derived), "compile_steps")
            if n not in _UNPLACED and not n.startswith("_")
        ]
        for name in names:
            setattr(self, name, self._placed(getattr(self, name), name in _MAKERS))

    def _placed(self, method, makes_function=False):
        @wraps(method)
        def call(*args, **kwargs):
            with tf.device(self._native):
                result = method(*args, **kwargs)
            return self._placed(result) if makes_function else result

        return call

    def from_numpy(self, array):
        return tf.convert_to_tensor(own(np.asarray(array)))

    def to_numpy(self, x):
        if x.dtype == tf.bfloat16:
            x = tf.cast(x, tf.float32)
        return np.array(x.numpy())

    def shape_of(self, x):
        return tuple(x.shape)

    def dtype_of(self, x):
        return x.dtype.name

    def is_tensor(self, x):
        return isinstance(x, tf.Tensor)

    def synchronize(self, x):
        if self._gpu:
            tf.test.experimental.sync_devices()

    def devices(self):
        return sorted(_found())

    def info(self):
        return {"name": self.name, "version": tf.__version__, "device": self._device_name}
