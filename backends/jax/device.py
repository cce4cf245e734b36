"""Where tensors live, how they get there and back."""

from contextlib import nullcontext
from functools import lru_cache
from operator import attrgetter

import jax
import jax.numpy as jnp
import numpy as np

from kshim.errors import BackendError
from kshim.spec.memory import own


def _found():
    """Name -> JAX device of everything usable: 'cpu', 'gpu:0', 'gpu:1' ... (any other platform under its own name)."""
    names = {}
    platforms = [jax.default_backend()]
    if platforms[0] != "cpu":
        platforms.append("cpu")
    for platform in platforms:
        try:
            devices = jax.local_devices(backend=platform)
        except RuntimeError:  # JAX_PLATFORMS leaves the CPU out: then it is not usable
            continue
        for i, device in enumerate(devices):
            name = "gpu" if platform in ("gpu", "cuda", "rocm") else platform
            names["cpu" if (name, i) == ("cpu", 0) else f"{name}:{i}"] = device
    return names


#: NumPy makes up a dtype's name anew each time.
_name = lru_cache(maxsize=None)(attrgetter("name"))


class Device:
    """`device` is None (the accelerator JAX prefers, else the CPU), 'cpu', 'gpu', 'gpu:1' or 'cuda:0'.

    Raises `BackendError` listing the usable devices for any other name, or for a device that is not there.
    """

    def _choose(self, device):
        usable = _found()
        default = jax.local_devices()[0]
        if device is None:
            name = next(n for n, d in usable.items() if d == default)
        else:
            kind, _, index = str(device).lower().partition(":")
            kind = "gpu" if kind == "cuda" else kind
            name = "cpu" if kind == "cpu" and index in ("", "0") else f"{kind}:{index or 0}"
        if name not in usable:
            raise BackendError(
                f"The jax backend cannot use device {device!r}. Usable devices: {', '.join(sorted(usable))}. "
                "A GPU needs a jaxlib built for it: pip install 'jax[cuda12]'."
            )
        self._device_name, self._native = name, usable[name]
        self._on_cpu = name.startswith("cpu")
        # On JAX's own default device nothing needs saying; elsewhere every creation has to name the device.
        self._pinned = usable[name] != default

    def _here(self):
        """A context in which JAX creates tensors on this backend's device."""
        return jax.default_device(self._native) if self._pinned else nullcontext()

    def from_numpy(self, array):
        array = own(np.asarray(array))
        return jax.device_put(array, self._native if self._pinned else None)

    def to_numpy(self, x):
        if x.dtype == jnp.bfloat16:
            x = x.astype(jnp.float32)
        return np.array(x)

    def shape_of(self, x):
        return tuple(x.shape)

    def dtype_of(self, x):
        return _name(x.dtype)

    def is_tensor(self, x):
        return isinstance(x, jax.Array)

    def synchronize(self, x):
        jax.block_until_ready(x)

    def devices(self):
        return sorted(_found())

    def info(self):
        return {"name": self.name, "version": jax.__version__, "device": self._device_name}
