"""Defaults that changed between versions: a key missing in a file means the default of the version that wrote it."""


def _version(text):
    parts = []
    for piece in text.replace("-tf", "").split("."):
        digits = "".join(c for c in piece if c.isdigit())
        parts.append(int(digits or 0))
    return tuple((parts + [0, 0])[:3])


def with_defaults_of(config, version):
    """The config with such keys written out. `version` is the file's keras_version ('1' if it has none)."""
    standalone = not version.endswith("-tf") and _version(version) < (2, 4)
    v3 = _version(version)[0] >= 3

    def visit(x):
        if isinstance(x, list):
            return [visit(i) for i in x]
        if not isinstance(x, dict):
            return x
        x = {k: visit(v) for k, v in x.items()}
        inner = x.get("config")
        if "class_name" in x and isinstance(inner, dict):
            name = x["class_name"]
            if name in ("GRU", "GRUCell") and _version(version) < (2, 4) and (standalone or _version(version) < (2, 2, 4)):
                inner.setdefault("reset_after", False)
            if name in ("LSTM", "LSTMCell", "GRU", "GRUCell") and standalone:
                inner.setdefault("recurrent_activation", "hard_sigmoid")
            if v3:
                for key in ("activation", "recurrent_activation"):
                    if inner.get(key) == "hard_sigmoid":
                        inner[key] = "hard_sigmoid_3"
        return x

    return visit(config)
