"""Where the modules of every Keras since version 1 live in kshim: one table, old path -> places to look.

Paths are without the leading `keras.`; places are without the leading `kshim.`. A path that is not in the table is
the kshim module of the same name, if that is public.
"""

from .. import PUBLIC_MODULES as PUBLIC
from ..errors import did_you_mean

#: Parts of Keras that are not there, and what to do instead.
ABSENT = {
    "applications": "Build the model from layers; weights in .h5 files can be loaded into it.",
    "distillation": "Compute the teacher's predictions first and train on them.",
    "distribution": "kshim runs on one device; choose it with KSHIM_DEVICE or kshim.use(name, device).",
    "estimator": "TensorFlow removed estimators; train the Keras model with model.fit.",
    "export": "Save the whole model with model.save('model.h5').",
    "layers.ConvLSTM1D": "Use TimeDistributed convolutions followed by an LSTM.",
    "layers.ConvLSTM2D": "Use TimeDistributed convolutions followed by an LSTM.",
    "layers.ConvLSTM3D": "Use TimeDistributed convolutions followed by an LSTM.",
    "layers.TextVectorization": "Use keras.preprocessing.text.Tokenizer before the data reaches the model.",
    "legacy.interfaces": "It held decorators inside Keras; kshim's layers take the old spellings as they are.",
    "mixed_precision.LossScaleOptimizer": "Use the optimizer itself; bfloat16 needs no loss scaling.",
    "preprocessing.image.ImageDataGenerator": "Yield batches from a Python generator or a keras.utils.Sequence.",
    "quantizers": "Train and predict in float32, or in float16/bfloat16 with a dtype policy.",
    "utils.func_dump": "It stored Python code in files; kshim neither writes nor runs such files.",
    "utils.func_load": "It ran Python code from files, which kshim does not do. Import the function instead.",
    "utils.multi_gpu_model": "kshim runs on one device: use the model as it is.",
    "visualization": "Draw with matplotlib from NumPy arrays.",
}

_LAYERS = (
    "core convolutional pooling recurrent embeddings normalization merge wrappers noise advanced_activations local "
    "convolutional_recurrent cudnn_recurrent recurrent_v2 normalization_v2 dense_attention containers extra_layers "
    "experimental experimental.preprocessing serialization kernelized einsum_dense multi_head_attention activation "
    "attention locally_connected merging regularization reshaping rnn preprocessing activations layer input_spec "
    "core.activation core.dense core.einsum_dense core.embedding core.identity core.input_layer core.lambda_layer "
    "core.masking core.wrapper normalization.batch_normalization normalization.layer_normalization "
    "normalization.group_normalization normalization.unit_normalization normalization.spectral_normalization "
    "rnn.rnn rnn.lstm rnn.gru rnn.simple_rnn rnn.base_rnn rnn.bidirectional rnn.time_distributed "
    "rnn.stacked_rnn_cells rnn.conv_lstm2d rnn.abstract_rnn_cell attention.attention attention.additive_attention "
    "attention.multi_head_attention convolutional.conv1d convolutional.conv2d convolutional.conv3d "
    "convolutional.conv1d_transpose convolutional.conv2d_transpose convolutional.conv3d_transpose "
    "convolutional.depthwise_conv1d convolutional.depthwise_conv2d convolutional.separable_conv1d "
    "convolutional.separable_conv2d preprocessing.image_preprocessing preprocessing.normalization "
    "preprocessing.text_vectorization preprocessing.string_lookup preprocessing.integer_lookup "
    "preprocessing.category_encoding preprocessing.discretization preprocessing.hashing regularization.dropout "
    "regularization.gaussian_noise regularization.gaussian_dropout reshaping.flatten reshaping.reshape"
)
_ENGINE = (
    "topology base_layer base_layer_v1 base_layer_utils input_layer input_spec network node training training_v1 "
    "training_utils training_utils_v1 training_arrays training_generator sequential functional functional_utils "
    "keras_tensor saving container data_adapter compile_utils"
)
_UTILS = (
    "np_utils generic_utils data_utils vis_utils visualize_util io_utils layer_utils conv_utils losses_utils "
    "metrics_utils tf_utils test_utils multi_gpu_utils training_utils image_utils dataset_utils image_dataset "
    "image_dataset_utils text_dataset text_dataset_utils timeseries_dataset timeseries_dataset_utils python_utils "
    "numerical_utils object_identity summary_utils model_visualization progbar file_utils sequence_utils "
    "theano_utils version_utils legacy"
)
_OPTIMIZERS = (
    "legacy experimental optimizer optimizer_v1 optimizer_v2 optimizer_experimental sgd adam adamw adamax adadelta "
    "adafactor adagrad ftrl lion nadam rmsprop legacy.sgd legacy.adam legacy.rmsprop legacy.optimizer_v2 "
    "legacy.gradient_descent legacy.adagrad legacy.adadelta legacy.adamax legacy.nadam legacy.ftrl base_optimizer"
)


def _table():
    table = {f"layers.{p}": ("layers",) for p in _LAYERS.split()}
    table.update({f"engine.{p}": ("layers", "models", "utils", "compat.engine") for p in _ENGINE.split()})
    table.update({f"utils.{p}": ("utils",) for p in _UTILS.split()})
    table.update({f"optimizers.{p}": ("optimizers",) for p in _OPTIMIZERS.split()})
    table.update({f"optimizer_v2.{p}": ("optimizers", "optimizers.schedules") for p in _OPTIMIZERS.split()})
    table.update({
        "engine": ("layers", "models", "utils", "compat.engine"),
        "legacy": ("layers",),
        "legacy.layers": ("layers",),
        "legacy.models": ("models",),
        "legacy.losses": ("losses",),
        "legacy.saving": ("saving", "utils"),
        "legacy.saving.legacy_h5_format": ("saving",),
        "objectives": ("losses",),
        "initializations": ("initializers.keras1",),
        "initializers.initializers": ("initializers",),
        "initializers.initializers_v1": ("initializers",),
        "initializers.initializers_v2": ("initializers",),
        "initializers.random_initializers": ("initializers",),
        "optimizer_v2": ("optimizers", "optimizers.schedules"),
        "optimizer_v2.learning_rate_schedule": ("optimizers.schedules",),
        "optimizer_v1": ("optimizers",),
        "optimizers.schedules.learning_rate_schedule": ("optimizers.schedules",),
        "optimizers.learning_rate_schedule": ("optimizers.schedules",),
        "experimental": ("optimizers.schedules", "layers", "models"),
        "callbacks.callbacks": ("callbacks",),
        "callbacks.callback": ("callbacks",),
        "callbacks.experimental": ("callbacks",),
        "callbacks.tensorboard_v1": ("callbacks",),
        "callbacks.tensorboard_v2": ("callbacks",),
        "callbacks_v1": ("callbacks",),
        "losses.losses": ("losses",),
        "losses.loss": ("losses",),
        "metrics.metrics": ("metrics",),
        "metrics.metric": ("metrics",),
        "metrics.base_metric": ("metrics",),
        "models.cloning": ("models",),
        "models.functional": ("models",),
        "models.model": ("models",),
        "models.sequential": ("models",),
        "backend.tensorflow_backend": ("backend", "backend.tensorflow_backend"),
        "backend.theano_backend": ("backend",),
        "backend.cntk_backend": ("backend",),
        "backend.numpy_backend": ("backend",),
        "backend.common": ("backend",),
        "backend.load_backend": ("backend",),
        "backend.config": ("config",),
        "backend_config": ("config",),
        "config": ("config", "compat.settings"),
        "tree": ("tree", "compat.trees"),
        "utils.losses_utils": ("losses",),
        "utils.metrics_utils": ("metrics", "utils"),
        "datasets.data_utils": ("utils",),
        "datasets.cifar": ("datasets.cifar10",),
        "mixed_precision.experimental": ("mixed_precision",),
        "mixed_precision.policy": ("mixed_precision",),
        "mixed_precision.loss_scale_optimizer": ("mixed_precision",),
        "mixed_precision.loss_scale": ("mixed_precision",),
        "regularizers.regularizers": ("regularizers",),
        "constraints.constraints": ("constraints",),
        "activations.activations": ("activations",),
        "preprocessing.dataset_utils": ("utils",),
        "preprocessing.image_dataset": ("utils",),
        "preprocessing.text_dataset": ("utils",),
        "saving.save": ("models", "saving"),
        "saving.hdf5_format": ("saving",),
        "saving.model_config": ("models", "saving"),
        "saving.saving_lib": ("saving",),
        "saving.saving_api": ("saving", "models"),
        "saving.serialization_lib": ("saving", "utils"),
        "saving.object_registration": ("saving", "utils"),
        "saving.legacy": ("saving",),
        "saving.legacy.hdf5_format": ("saving",),
        "saving.legacy.save": ("models", "saving"),
        "saving.legacy.serialization": ("saving", "utils"),
        "wrappers.scikit_learn": ("wrappers",),
        "premade": ("models",),
        "trainers.trainer": ("models",),
    })  # fmt: skip
    return table


OLD = _table()

#: Prefixes under which some version of Keras repeated its whole interface.
MIRRORS = ("src", "api", "api._v2.keras", "api._v1.keras", "_tf_keras.keras")


def normalize(path):
    """A path below `keras` without the mirror it came through: 'src.layers' -> 'layers', 'src' -> ''."""
    for mirror in sorted(MIRRORS, key=len, reverse=True):
        if path == mirror:
            return ""
        if path.startswith(mirror + "."):
            return normalize(path[len(mirror) + 1 :])
    return path


def is_public(path):
    """Whether a path below `kshim` may be reached as a path below `keras`."""
    return path.split(".")[0] in PUBLIC


def explain_name(public, name, known):
    """The sentence for a `name` missing from the module that programs see as `public` ('keras.layers')."""
    path = public.partition(".")[2]
    full = f"{path}.{name}" if path else name
    for candidate in (full, *(f"{place}.{name}" for place in OLD.get(path, ()))):
        for absent, advice in ABSENT.items():
            if candidate == absent or candidate.startswith(absent + "."):
                return f"kshim does not have keras.{candidate}. {advice}"
    hint = did_you_mean(name, [k for k in known if not k.startswith("_")])
    return f"kshim's {public} has no {name!r}.{hint or f' dir({public}) lists what there is.'}"


def attribute_error(public, name, known):
    """The `AttributeError` to raise for it; without the object, lest Python add a second "did you mean"."""
    return AttributeError(explain_name(public, name, known), name=name, obj=None)
