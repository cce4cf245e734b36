"""Making tensors: constants, conversion between dtypes, random numbers."""

from math import prod

from kshim.errors import BackendError
from kshim.spec import rng

from .elementwise import quiet, raw
from .tape import Tensor


def checked(dtype):
    """The dtype's name. Raises `BackendError` for the one that array modules lack."""
    if dtype == "bfloat16":
        raise BackendError("The arrays backend has no bfloat16: use float16, or another backend.")
    return dtype


class Creation:
    def full(self, shape, value, dtype):
        return Tensor(self.xp.full(shape, value, checked(dtype)))

    def arange(self, n, dtype):
        return Tensor(self.xp.arange(n).astype(checked(dtype)))

    @quiet
    def cast(self, x, dtype):
        return self.record(x.array.astype(checked(dtype)), (x, lambda g: g))

    def stop_gradient(self, x):
        return Tensor(x.array)

    @quiet
    def random_uniform(self, shape, key, dtype):
        """The formula of `kshim.spec.rng`, on this device. A key word is a Python int or a tensor (in loops)."""
        k0, k1 = (self.xp.asarray(raw(word), "uint32") for word in key)
        x = self.xp.arange(prod(shape), dtype="uint32") * rng.GOLDEN ^ k0
        x = (x ^ x >> 16) * rng.MULTIPLIER_1
        x = x ^ k1
        x = (x ^ x >> 15) * rng.MULTIPLIER_2
        x = x ^ x >> 15
        return Tensor(((x >> 8) * 2.0**-24).astype(checked(dtype)).reshape(shape))
