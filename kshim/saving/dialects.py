"""How the dialects of model configs write calls: nested lists (Keras 1, 2, tf.keras) and call records (Keras 3)."""


def is_tensor_config(x):
    return isinstance(x, dict) and x.get("class_name") == "__keras_tensor__"


def is_record(node):
    """Whether a node is a call record of Keras 3."""
    return isinstance(node, dict) and "args" in node and "kwargs" in node


def layer_entries(config):
    """The layers of a functional config, each with a "name"."""
    return [{**entry, "name": entry.get("name") or entry["config"].get("name")} for entry in config["layers"]]


def is_history(x):
    """Whether `x` is [layer name, node index, tensor index] or that with keywords."""
    if not isinstance(x, (list, tuple)) or len(x) not in (3, 4) or not isinstance(x[0], str):
        return False
    return all(isinstance(v, int) and not isinstance(v, bool) for v in x[1:3])


def histories(x):
    """All tensors that a node, or a list of ends, refers to: (layer name, node index) pairs."""
    if is_history(x):
        found = [(x[0], x[1])]
        return found + (histories(x[3]) if len(x) > 3 else [])
    if is_tensor_config(x):
        return histories(x["config"]["keras_history"])
    if isinstance(x, dict):
        return [h for v in x.values() for h in histories(v)]
    if isinstance(x, (list, tuple)):
        return [h for v in x for h in histories(v)]
    return []


def decode_call(node, tensor):
    """(args, kwargs) of one recorded call with `tensor(history, in_record)` giving its tensors; None if one is missing yet."""
    missing = []

    def find(history, in_record=False):
        t = tensor(history, in_record)
        if t is None:
            missing.append(history)
        return t

    if is_record(node):
        args = _decode_record(node["args"], lambda h: find(h, True))
        kwargs = _decode_record(node["kwargs"], lambda h: find(h, True))
        kwargs = {k: v for k, v in kwargs.items() if not (k in ("mask", "training") and v is None)}
        return None if missing else (args, kwargs)
    if isinstance(node, dict):  # a dict of inputs by name (tf.keras 2.4+)
        found = {k: find(v) for k, v in node.items()}
        return None if missing else ([found], {})
    if is_history(node) or node and node[0] == "_CONSTANT_VALUE":
        node = [node]
    kwargs, tensors = {}, []
    for item in node:
        tensors.append(item[2] if item[0] == "_CONSTANT_VALUE" else find(item))
        if len(item) > 3 and item[3]:
            kwargs.update(item[3])
    kwargs = {k: _decode_keyword(v, find) for k, v in kwargs.items() if v is not None}
    if missing:
        return None
    return [tensors[0] if len(tensors) == 1 else tensors], kwargs


def _decode_keyword(x, find):
    if is_history(x):
        return find(x)
    if isinstance(x, (list, tuple)) and x and all(is_history(i) for i in x):
        return [find(i) for i in x]
    return x


def _decode_record(x, find):
    if is_tensor_config(x):
        return find(x["config"]["keras_history"])
    if isinstance(x, dict):
        kind, inner = x.get("class_name"), x.get("config")
        if kind == "__tuple__":
            return tuple(_decode_record(i, find) for i in x["items"])
        if kind == "__slice__" and isinstance(inner, dict):
            return slice(*(_decode_record(inner[k], find) for k in ("start", "stop", "step")))
        if kind == "__ellipsis__":
            return Ellipsis
        if kind in ("__numpy__", "__tensor__"):
            import numpy as np

            return np.asarray(inner["value"], inner["dtype"])
        return {k: _decode_record(v, find) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [_decode_record(i, find) for i in x]
    return x
