"""Trees of lists, tuples, dicts and None with tensors (or arrays) as leaves."""

import torch

_NODES = (list, tuple, dict)


def rebuild(function, tree):
    """The tree with `function(leaf)` for every leaf."""
    if isinstance(tree, dict):
        return {key: rebuild(function, value) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        # Steps go through here for all of their state: leaves cost no call but that of the function.
        items = [
            rebuild(function, value) if isinstance(value, _NODES) else None if value is None else function(value)
            for value in tree
        ]
        if isinstance(tree, list):
            return items
        return type(tree)(*items) if hasattr(tree, "_fields") else tuple(items)
    return None if tree is None else function(tree)


def map_tensors(function, tree):
    """The tree with `function(leaf)` for every tensor and the other leaves as they are."""
    return rebuild(lambda leaf: function(leaf) if isinstance(leaf, torch.Tensor) else leaf, tree)


def leaves(tree):
    """All leaves but None, in order."""
    if isinstance(tree, dict):
        for value in tree.values():
            yield from leaves(value)
    elif isinstance(tree, (list, tuple)):
        for value in tree:
            yield from leaves(value)
    elif tree is not None:
        yield tree
