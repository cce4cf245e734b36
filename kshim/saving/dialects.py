"""How the dialects of model configs write nodes: nested lists (Keras 1, 2, tf.keras) and call records (Keras 3)."""

from .. import tree


def is_tensor_config(x):
    return isinstance(x, dict) and x.get("class_name") == "__keras_tensor__"


def layer_entries(config):
    """The layers of a functional config, each with a "name"."""
    out = []
    for entry in config["layers"]:
        name = entry.get("name") or entry["config"].get("name")
        out.append({**entry, "name": name})
    return out


def _is_history(x):
    return isinstance(x, (list, tuple)) and len(x) in (3, 4) and isinstance(x[0], str) and all(isinstance(v, int) and not isinstance(v, bool) for v in x[1:3])


def tensor_history(node, find):
    """(args, kwargs) of one recorded call with `find(history)` giving its tensors; None if one does not exist yet."""
    missing = []

    def tensor(history):
        t = find(history)
        if t is None:
            missing.append(history)
        return t

    if isinstance(node, dict) and "args" in node:  # Keras 3
        args = _decode_record(node["args"], tensor)
        kwargs = _decode_record(node.get("kwargs", {}), tensor)
        kwargs = {k: v for k, v in kwargs.items() if not (k in ("mask", "training") and v is None)}
        return None if missing else (args, kwargs)
    if isinstance(node, dict):  # a dict of inputs by name (tf.keras 2.4+)
        found = {k: tensor(v) for k, v in node.items()}
        return None if missing else ([found], {})
    if _is_history(node):
        node = [node]
    kwargs, tensors = {}, []
    for item in node:
        if item[0] == "_CONSTANT_VALUE":
            tensors.append(item[2])
        else:
            tensors.append(tensor(item))
        if len(item) > 3 and item[3]:
            kwargs.update(item[3])
    kwargs = {k: _decode_keyword(v, tensor) for k, v in kwargs.items()}
    if missing:
        return None
    return [tensors[0] if len(tensors) == 1 else tensors], kwargs


def _decode_keyword(x, tensor):
    if _is_history(x):
        return tensor(x)
    if isinstance(x, (list, tuple)) and x and all(_is_history(i) for i in x):
        return [tensor(i) for i in x]
    return x


def _decode_record(x, tensor):
    if is_tensor_config(x):
        return tensor(x["config"]["keras_history"])
    if isinstance(x, dict):
        if x.get("class_name") == "__tuple__":
            return tuple(_decode_record(i, tensor) for i in x["items"])
        return {k: _decode_record(v, tensor) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [_decode_record(i, tensor) for i in x]
    return x


_ = tree
