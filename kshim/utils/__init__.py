"""`keras.utils`. Names are imported at first use, so that `import kshim` stays cheap."""

import importlib

_HOMES = {
    "array_to_img": "image_utils",
    "img_to_array": "image_utils",
    "load_img": "image_utils",
    "save_img": "image_utils",
    "convert_all_kernels_in_model": "layer_utils",
    "count_params": "layer_utils",
    "get_source_inputs": "layer_utils",
    "print_summary": "layer_utils",
    "model_to_dot": "vis_utils",
    "plot_model": "vis_utils",
    "normalize": "np_utils",
    "to_categorical": "np_utils",
    "to_ordinal": "np_utils",
    "GeneratorEnqueuer": "enqueuers",
    "OrderedEnqueuer": "enqueuers",
    "SequenceEnqueuer": "enqueuers",
    "PyDataset": "sequence",
    "Sequence": "sequence",
    "Progbar": "progbar",
    "HDF5Matrix": "hdf5_matrix",
    "get_file": "files",
    "disable_interactive_logging": "io_utils",
    "enable_interactive_logging": "io_utils",
    "is_interactive_logging_enabled": "io_utils",
    "pad_sequences": "..preprocessing.sequence",
    "pack_x_y_sample_weight": "..training.data_batch",
    "unpack_x_y_sample_weight": "..training.data_batch",
    "set_random_seed": "..engine.seeds",
    "CustomObjectScope": "..engine.objects",
    "custom_object_scope": "..engine.objects",
    "get_custom_objects": "..engine.objects",
    "get_registered_name": "..engine.objects",
    "get_registered_object": "..engine.objects",
    "register_keras_serializable": "..engine.objects",
}
_MODULES = ("conv_utils", "data_utils", "generic_utils", "image_utils", "io_utils", "np_utils")

__all__ = [*_HOMES, *_MODULES]


def __getattr__(name):
    if name in _HOMES:
        home = _HOMES[name]
        module = importlib.import_module(home if home.startswith(".") else "." + home, __name__)
        value = globals()[name] = getattr(module, name)
        return value
    if name in _MODULES:
        return importlib.import_module("." + name, __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
