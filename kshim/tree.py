"""Nested lists, tuples and dicts of leaves: the structures Keras takes for inputs, outputs and state."""


def is_nested(x):
    return type(x) in (list, tuple, dict) or isinstance(x, (list, tuple, dict)) and not hasattr(x, "as_list")


def flatten(x):
    """Leaves in order; dict values by sorted key; `None` is a leaf."""
    if not is_nested(x):
        return [x]
    out = []
    items = [x[k] for k in sorted(x, key=str)] if isinstance(x, dict) else x
    for item in items:
        if is_nested(item):
            out.extend(flatten(item))
        else:
            out.append(item)
    return out


def map_structure(fn, x, *others):
    """Apply `fn` to corresponding leaves; the structure of the first tree is kept."""
    if not is_nested(x):
        return fn(x, *others)
    if isinstance(x, dict):
        return type(x)((k, map_structure(fn, v, *(o[k] for o in others))) for k, v in x.items())
    items = [map_structure(fn, v, *(o[i] for o in others)) for i, v in enumerate(x)]
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return type(x)(*items)
    return tuple(items) if isinstance(x, tuple) else items


def pack_like(template, leaves):
    """The inverse of `flatten`, for the structure of `template`."""
    iterator = iter(leaves)

    def pack(t):
        if not is_nested(t):
            return next(iterator)
        if isinstance(t, dict):
            values = {k: pack(t[k]) for k in sorted(t, key=str)}
            return type(t)((k, values[k]) for k in t)
        items = [pack(v) for v in t]
        if isinstance(t, tuple) and hasattr(t, "_fields"):
            return type(t)(*items)
        return tuple(items) if isinstance(t, tuple) else items

    return pack(template)
