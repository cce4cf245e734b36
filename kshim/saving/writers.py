"""Defaults and meanings that changed between versions: a key missing in a file means the default of the version that wrote it."""


def version_of(text):
    """(major, minor, patch) of '2.2.4-tf', '3.15.1' ..."""
    parts = []
    for piece in text.replace("-tf", "").split("."):
        digits = "".join(c for c in piece if c.isdigit())
        parts.append(int(digits or 0))
    return tuple((parts + [0, 0])[:3])


def set_defaults(name, config, version):
    """Write out, in place, what the config of a layer of class `name` leaves to the defaults of `version`."""
    number = version_of(version)
    standalone = not version.endswith("-tf") and number < (2, 4)
    if standalone and name in ("GRU", "GRUCell"):
        config.setdefault("reset_after", False)
    if standalone and name in ("LSTM", "LSTMCell", "GRU", "GRUCell") and "inner_activation" not in config:
        config.setdefault("recurrent_activation", "hard_sigmoid")
    if number[0] >= 3:  # relu6(x + 3) / 6, where the older ones have clip(0.2 x + 0.5, 0, 1)
        for key in ("activation", "recurrent_activation"):
            if config.get(key) == "hard_sigmoid":
                config[key] = "hard_sigmoid_3"
