"""kshim on JAX: steps are compiled by `jax.jit`, on the CPU or the first GPU."""

from .backend import JaxBackend as backend_class

__all__ = ["backend_class"]
