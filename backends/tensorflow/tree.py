"""Nested lists, tuples, dicts and Nones to a flat list of leaves and back. Tuned: it runs at every step."""

_LEAF = object


def flatten(tree, leaves):
    """Append the leaves of `tree` to `leaves`; returns its structure, hashable, dict keys in sorted order."""
    kind = type(tree)
    if kind is dict:
        names = tuple(sorted(tree))
        parts = []
        for name in names:
            value = tree[name]
            if type(value) in _NODES:
                parts.append(flatten(value, leaves))
            else:
                leaves.append(value)
                parts.append(_LEAF)
        return (dict, names, tuple(parts))
    if kind is list or kind is tuple:
        return (kind, None, tuple([flatten(value, leaves) for value in tree]))
    if tree is None:
        return None
    leaves.append(tree)
    return _LEAF


_NODES = frozenset((dict, list, tuple, type(None)))


def unflatten(structure, leaves):
    """The tree of `structure` with leaves taken from the iterator `leaves`."""
    if structure is _LEAF:
        return next(leaves)
    if structure is None:
        return None
    kind, names, parts = structure
    values = [next(leaves) if part is _LEAF else unflatten(part, leaves) for part in parts]
    if kind is dict:
        return dict(zip(names, values))
    return values if kind is list else tuple(values)
