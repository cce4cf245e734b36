"""Layer configs of other versions, translated into the keywords of kshim's layers."""

#: Keys other versions write that have no meaning here, whatever their value.
_DROPPED = ("ragged", "sparse", "build_config", "shared_object_id", "quantization_config", "experimental_autocast", "autocast")


def dtype_of(value):
    """The dtype string of a config entry: a name, or a policy's config of tf.keras or Keras 3."""
    if isinstance(value, dict):
        return value.get("config", {}).get("name", "float32")
    return value


def translated(entry):
    """An entry {"class_name", "config"} in kshim's terms; the given one is not changed."""
    config = entry.get("config")
    if not isinstance(config, dict):
        return entry
    config = {k: v for k, v in config.items() if k not in _DROPPED}
    if "dtype" in config:
        config["dtype"] = dtype_of(config["dtype"])
        if config["dtype"] is None:
            del config["dtype"]
    name = entry["class_name"]
    if name == "InputLayer" and "batch_shape" in config:
        config["batch_input_shape"] = config.pop("batch_shape")
    if config.get("groups") == 1:
        config.pop("groups")
    if name in ("SimpleRNN", "LSTM", "GRU", "RNN") and not config.get("time_major"):
        config.pop("time_major", None)
    return {**entry, "config": config}
