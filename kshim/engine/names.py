"""Unique names for layers and paths for variables, as Keras counts them."""

from collections import defaultdict

from .context import context

_counts = defaultdict(int)


def unique_name(base, zero_based=True):
    """'dense', 'dense_1', ... in the order of asking (Keras 2.x counts from zero without a suffix)."""
    n = _counts[base]
    _counts[base] += 1
    if zero_based:
        return base if n == 0 else f"{base}_{n}"
    return f"{base}_{n + 1}"


def get_uid(prefix=""):
    """The next number for a prefix, from 1 (`K.get_uid`)."""
    _counts[f"uid:{prefix}"] += 1
    return _counts[f"uid:{prefix}"]


def reset_uids():
    _counts.clear()


class fresh_names:
    """While it is open, counting starts anew; afterwards it goes on as if nothing had been named."""

    def __enter__(self):
        self._saved = dict(_counts)
        _counts.clear()

    def __exit__(self, *_):
        _counts.clear()
        _counts.update(self._saved)


def variable_path(name):
    return "/".join((*context.scopes, name))


class name_scope:
    """Prefix the paths of variables made inside."""

    def __init__(self, name, *args, **kwargs):
        self.name = name

    def __enter__(self):
        self._saved = context.scopes
        context.scopes = (*context.scopes, self.name)
        return self.name

    def __exit__(self, *_):
        context.scopes = self._saved
