"""The host's scalars of a step, as the backend wants them."""


class Scalars:
    """The entries of `hyper` as scalars of each dtype that is asked for, made when first looked up."""

    def __init__(self, backend, hyper):
        self.backend, self.hyper, self._made = backend, hyper, {}

    def of(self, dtype):
        found = self._made.get(dtype)
        if found is None:
            found = self._made[dtype] = _OfDtype()
            found.backend, found.hyper, found.dtype = self.backend, self.hyper, dtype
        return found


class _OfDtype(dict):
    def __missing__(self, name):
        value = self[name] = self.backend.host_scalar(self.hyper[name], self.dtype)
        return value
