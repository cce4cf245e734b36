"""The dict of values that callbacks receive, and the names its entries go by in different versions of Keras."""

#: The same quantity under the name of another version: Keras 1 and 2.0-2.2 'acc', 2.3 and later 'accuracy';
#: Keras 1 and 2 'lr', 3 'learning_rate'.
_OTHER_NAME = {"acc": "accuracy", "accuracy": "acc", "lr": "learning_rate", "learning_rate": "lr"}


def other_name(name):
    """The name another version of Keras gives the quantity `name`, or None."""
    prefix = "val_" if isinstance(name, str) and name.startswith("val_") else ""
    other = _OTHER_NAME.get(name[len(prefix) :] if prefix else name)
    return other and prefix + other


class VersionedDict(dict):
    """A dict whose `d[name]` and `d.get(name)` also find the name another version of Keras uses."""

    __slots__ = ()

    def __missing__(self, name):
        other = other_name(name)
        if other is not None and dict.__contains__(self, other):
            return dict.__getitem__(self, other)
        raise KeyError(name)

    def get(self, name, default=None):
        try:
            return self[name]
        except KeyError:
            return default

    def __reduce__(self):
        return type(self), (dict(self),)


def find(logs, name):
    """The value of `name` in a plain or any other dict, under either name; None if there is none."""
    return VersionedDict.get(logs, name) if isinstance(logs, VersionedDict) else VersionedDict(logs or {}).get(name)


def _reading(name):
    method = getattr(dict, name)

    def call(self, *args, **kwargs):
        self._read()
        return method(self, *args, **kwargs)

    call.__name__, call.__doc__ = name, method.__doc__
    return call


class LazyLogs(VersionedDict):
    """A dict that `compute()` fills at the first look, so that a device is waited for only if somebody looks.

    known: entries that are there at once. They are found by name but not listed among the others: 'batch' and 'size',
    which Keras 1 and 2 have and later versions lack. running: whether the values are averages since the epoch began
    (otherwise they are those of the last batch). Copies and pickles are plain dicts.
    """

    __slots__ = ("_compute", "_known", "running")

    def __init__(self, compute, known=None, running=True):
        super().__init__({None: None})  # C code that asks for the size alone (json) must not find it empty
        self._compute = compute
        self._known = known or {}
        self.running = running

    @property
    def is_read(self):
        """Whether the values have been computed."""
        return self._compute is None

    def _read(self):
        if self._compute is not None:
            compute, self._compute = self._compute, None
            dict.clear(self)
            for name, value in compute().items():
                dict.__setitem__(self, name, value)

    def __getitem__(self, name):
        if name in self._known:
            return self._known[name]
        self._read()
        return super().__getitem__(name)

    def __contains__(self, name):
        if name in self._known:
            return True
        self._read()
        return super().__contains__(name)

    def get(self, name, default=None):
        try:
            return self[name]
        except KeyError:
            return default

    def copy(self):
        return dict(self.items())

    __copy__ = copy

    def __deepcopy__(self, memo):
        from copy import deepcopy

        return deepcopy(self.copy(), memo)

    def __reduce__(self):
        return dict, (self.copy(),)

    def __or__(self, other):
        return self.copy() | other if isinstance(other, dict) else NotImplemented

    def __ror__(self, other):
        return other | self.copy() if isinstance(other, dict) else NotImplemented

    __hash__ = None


# every other way of looking into a dict; overriding __iter__ also keeps dict(logs) and f(**logs) off the C shortcut
for _name in (
    "__delitem__ __eq__ __ior__ __iter__ __len__ __ne__ __repr__ __reversed__ __setitem__ "
    "clear items keys pop popitem setdefault update values"
).split():
    setattr(LazyLogs, _name, _reading(_name))
