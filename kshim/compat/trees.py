"""`keras.tree` (Keras 3) beyond `kshim.tree`."""

from ..tree import flatten, is_nested, map_structure, pack_like

__all__ = ["assert_same_structure", "flatten", "is_nested", "map_structure", "pack_sequence_as"]


def pack_sequence_as(structure, flat_sequence):
    """The leaves `flat_sequence` in the form of `structure`; `ValueError` if their number differs."""
    leaves, wanted = list(flat_sequence), len(flatten(structure))
    if len(leaves) != wanted:
        raise ValueError(f"pack_sequence_as: the structure has {wanted} leaves; received {len(leaves)} values.")
    return pack_like(structure, leaves)


def assert_same_structure(a, b):
    """`ValueError` unless both trees have the same nesting, lengths and keys."""
    if (
        is_nested(a) != is_nested(b)
        or is_nested(a)
        and (isinstance(a, dict) != isinstance(b, dict) or len(a) != len(b))
    ):
        raise ValueError(f"The structures differ: {a!r:.200} and {b!r:.200}.")
    if isinstance(a, dict):
        if set(a) != set(b):
            raise ValueError(f"The structures differ: keys {sorted(map(str, a))} and {sorted(map(str, b))}.")
        for key in a:
            assert_same_structure(a[key], b[key])
    elif is_nested(a):
        for x, y in zip(a, b):
            assert_same_structure(x, y)
