"""`keras.utils`. Names are imported at first use, so that `import kshim` stays cheap.

The names of the submodules of Keras 1 and 2 (`keras.utils.np_utils` ...) are all found here, too.
"""

import importlib

_NAMES = {
    "archives": "extract_archive",
    "conv_utils": "conv_input_length conv_output_length conv_output_shape convert_data_format deconv_length "
    "deconv_output_length normalize_data_format normalize_padding normalize_tuple",
    "data_utils": "_extract_archive _hash_file",
    "enqueuers": "GeneratorEnqueuer OrderedEnqueuer SequenceEnqueuer",
    "files": "get_file",
    "generic_utils": "check_for_unexpected_keys has_arg is_all_none make_batches object_list_uid slice_arrays to_list "
    "to_snake_case transpose_shape unpack_singleton",
    "hashing": "validate_file",
    "hdf5_matrix": "HDF5Matrix",
    "image_utils": "array_to_img img_to_array load_img save_img",
    "io_utils": "ask_to_proceed_with_overwrite disable_interactive_logging enable_interactive_logging "
    "is_interactive_logging_enabled path_to_string print_msg",
    "np_utils": "categorical_probas_to_classes convert_kernel normalize to_categorical to_ordinal",
    "progbar": "Progbar",
    "sequence": "PyDataset Sequence",
    "layer_utils": "convert_all_kernels_in_model convert_dense_weights_data_format count_params get_source_inputs "
    "print_summary",
    "vis_utils": "model_to_dot plot plot_model",
    ".engine.objects": "CustomObjectScope custom_object_scope get_custom_objects get_registered_name "
    "get_registered_object register_keras_serializable",
    ".engine.seeds": "set_random_seed",
    ".preprocessing.sequence": "pad_sequences",
    ".saving": "deserialize_keras_object serialize_keras_object",
    ".training.data_batch": "pack_x_y_sample_weight unpack_x_y_sample_weight",
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names.split()}
_MODULES = tuple(f"{name}_utils" for name in "conv data generic image io layer np test vis".split())

__all__ = [*(name for name in _HOMES if not name.startswith("_")), *_MODULES]


def __getattr__(name):
    if name in _HOMES:
        value = globals()[name] = getattr(importlib.import_module("." + _HOMES[name], __name__), name)
        return value
    if name in _MODULES:
        return importlib.import_module("." + name, __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
