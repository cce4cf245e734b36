"""Redirected imports: whose modules programs get, under all names, with and without TensorFlow."""

import importlib.util
import sys

import pytest

from kshim.compat import aliases, paths, redirect


def test_all_names_give_the_same_modules(keras_program):
    keras_program("""if True:
        import sys
        import keras, tf_keras, kshim, tensorflow as tf
        import keras.layers, tf_keras.layers, tensorflow.keras.layers
        import tensorflow.keras as tfk
        import tensorflow.python.keras.layers as inner
        from tensorflow import keras as from_tf
        from tensorflow.keras import layers, models
        from keras.api.layers import Dense
        from keras.src import losses
        from tensorflow.compat.v1 import keras as v1
        assert keras is tf_keras is tf.keras is tfk is from_tf is v1
        assert keras.layers is kshim.layers is tf.keras.layers is layers is tf_keras.layers is inner
        assert sys.modules['keras.layers'] is sys.modules['kshim.layers'] is sys.modules['tensorflow.keras.layers']
        assert kshim.layers.__spec__.name == 'kshim.layers' and kshim.layers.__name__ == 'kshim.layers'
        assert keras.models is models is kshim.models and losses is kshim.losses and Dense is layers.Dense
        assert keras.Model is kshim.Model and keras.__name__ == 'keras'
        assert not [m for m in sys.modules.values() if 'site-packages/keras' in (getattr(m, '__file__', '') or '')]
        assert {'layers', 'Sequential', 'backend'} <= set(dir(keras))
    """)


def test_versions(keras_program):
    out = keras_program(
        "import keras, kshim, tensorflow as tf\nprint(keras.__version__, tf.__version__, tf.keras.__version__, kshim.__version__)"
    )
    keras_version, tf_version, tf_keras_version, own = out.split()
    assert keras_version == tf_version == tf_keras_version == aliases.KERAS_VERSION
    assert [int(p) for p in keras_version.split(".")][:1] == [2] and own != keras_version


OLD_PATHS = {
    "keras.layers.core": "Dense Activation Dropout Flatten Reshape Permute RepeatVector Lambda Masking ActivityRegularization SpatialDropout1D",
    "keras.layers.convolutional": "Conv1D Conv2D Conv3D Conv2DTranspose Conv3DTranspose SeparableConv1D SeparableConv2D DepthwiseConv2D UpSampling1D "
    "UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D Cropping1D Cropping2D Cropping3D MaxPooling1D MaxPooling2D MaxPooling3D "
    "AveragePooling1D AveragePooling2D AveragePooling3D Convolution1D Convolution2D Convolution3D",
    "keras.layers.pooling": "MaxPooling2D GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D",
    "keras.layers.recurrent": "LSTM GRU SimpleRNN RNN LSTMCell GRUCell SimpleRNNCell StackedRNNCells",
    "keras.layers.embeddings": "Embedding",
    "keras.layers.normalization": "BatchNormalization",
    "keras.layers.merge": "add concatenate Add Concatenate Multiply Average Maximum Dot multiply subtract average maximum dot",
    "keras.layers.wrappers": "TimeDistributed Bidirectional",
    "keras.layers.noise": "GaussianNoise GaussianDropout AlphaDropout",
    "keras.layers.advanced_activations": "LeakyReLU PReLU ELU ThresholdedReLU",
    "keras.layers.local": "LocallyConnected1D LocallyConnected2D",
    "keras.engine": "Layer InputSpec Input Model get_source_inputs",
    "keras.engine.topology": "Layer InputSpec Input InputLayer Node Container",
    "keras.engine.base_layer": "Layer InputSpec Node",
    "keras.engine.training": "Model slice_X",
    "keras.engine.network": "Network",
    "keras.engine.training_utils": "make_batches",
    "keras.objectives": "binary_crossentropy categorical_crossentropy mean_squared_error",
    "keras.initializations": "normal identity uniform glorot_uniform",
    "keras.utils.np_utils": "to_categorical normalize",
    "keras.utils.generic_utils": "Progbar CustomObjectScope custom_object_scope get_custom_objects to_list unpack_singleton has_arg slice_arrays "
    "object_list_uid serialize_keras_object deserialize_keras_object",
    "keras.utils.data_utils": "get_file Sequence OrderedEnqueuer GeneratorEnqueuer validate_file _hash_file",
    "keras.utils.vis_utils": "plot_model model_to_dot",
    "keras.utils.io_utils": "HDF5Matrix ask_to_proceed_with_overwrite",
    "keras.utils.conv_utils": "conv_output_length conv_input_length deconv_length normalize_padding normalize_tuple convert_kernel",
    "keras.utils.layer_utils": "print_summary count_params get_source_inputs convert_all_kernels_in_model",
    "keras.utils.losses_utils": "Reduction",
    "keras.preprocessing.image": "img_to_array load_img array_to_img save_img",
    "keras.preprocessing.sequence": "pad_sequences skipgrams make_sampling_table TimeseriesGenerator _remove_long_seq",
    "keras.preprocessing.text": "Tokenizer text_to_word_sequence one_hot hashing_trick",
    "keras.backend": "variable function floatx image_data_format set_session",
    "keras.backend.tensorflow_backend": "set_session _get_available_gpus square",
    "keras.optimizers": "SGD RMSprop Adam Adadelta Adagrad Adamax Nadam serialize deserialize",
    "keras.optimizers.schedules": "ExponentialDecay LearningRateSchedule InverseTimeDecay",
    "keras.optimizers.legacy": "Adam SGD",
    "keras.callbacks": "ModelCheckpoint EarlyStopping TensorBoard ReduceLROnPlateau LambdaCallback CSVLogger History Callback",
    "keras.models": "Sequential Model load_model save_model model_from_json clone_model",
    "keras.losses": "mse MSE mean_squared_error categorical_hinge LossFunctionWrapper get",
    "keras.metrics": "categorical_accuracy AUC Mean Precision MeanIoU get",
    "keras.regularizers": "l1 l2 l1_l2 L1L2",
    "keras.constraints": "max_norm MaxNorm non_neg unit_norm min_max_norm",
    "keras.initializers": "glorot_uniform Constant RandomNormal VarianceScaling orthogonal identity _compute_fans",
    "keras.activations": "relu softmax linear get serialize",
    "keras.datasets": "mnist cifar10 cifar100 imdb reuters boston_housing fashion_mnist california_housing",
    "keras.wrappers.scikit_learn": "KerasClassifier KerasRegressor",
    "keras.config": "floatx set_floatx backend image_data_format enable_interactive_logging",
    "keras.tree": "flatten map_structure pack_sequence_as",
    "keras.random": "normal uniform SeedGenerator categorical",
    "keras.ops": "matmul convert_to_numpy cast",
    "keras.mixed_precision": "set_global_policy Policy",
    "tensorflow.keras.layers.experimental.preprocessing": "Rescaling",
    "tensorflow.python.keras.layers": "Dense",
    "tensorflow.python.client.device_lib": "list_local_devices",
}


def test_import_paths_of_every_version(keras_program):
    """The paths that programs in the wild import from; every name is looked up in one process, all failures shown."""
    out = keras_program(f"""if True:
        failures = []
        for path, names in {OLD_PATHS!r}.items():
            for name in names.split():
                try:
                    exec(f'from {{path}} import {{name}}')
                except Exception as error:
                    failures.append(f'{{path}}.{{name}}: {{type(error).__name__}}: {{error}}')
        print('\\n'.join(failures))
    """)
    assert out.strip() == ""


def test_attribute_access_without_import(keras_program):
    keras_program("""if True:
        import keras
        assert keras.layers.core.Dense is keras.layers.Dense
        assert keras.utils.np_utils.to_categorical is keras.utils.to_categorical
        assert keras.engine.topology.Layer is keras.layers.Layer
        assert keras.backend.tensorflow_backend._get_available_gpus() == []
        import keras.layers.core as core
        import keras.backend.tensorflow_backend as KTF
        KTF.set_session(None)
        assert core.Dense is keras.layers.Dense
        from keras.layers.core import *
        assert Dense is core.Dense
    """)


@pytest.mark.parametrize(
    ("statement", "kind", "text"),
    [
        ("import keras.lairs", ImportError, "Did you mean 'layers'"),
        ("from keras.layers import Dens", ImportError, "Did you mean 'Dense'"),
        ("from keras.losses import meen_squared_error", ImportError, "Did you mean 'mean_squared_error'"),
        ("from keras import Sequentail", ImportError, "Did you mean 'Sequential'"),
        ("from keras.layers.core import Dens", ImportError, "Did you mean 'Dense'"),
        ("import keras; keras.layers.Dens", AttributeError, "kshim's keras.layers has no 'Dens'. Did you mean 'Dense'?"),
        ("import keras; keras.Modle", AttributeError, "Did you mean 'Model'"),
        ("import keras; keras.optimizers.schedules.ExponentialDeca", AttributeError, "ExponentialDecay"),
        ("from keras.applications.vgg16 import VGG16", ImportError, "does not have keras.applications"),
        ("import keras; keras.applications", AttributeError, "does not have keras.applications"),
        ("import keras.spec", ImportError, "kshim's keras has no 'spec'"),
        ("import tensorflow.keras.lairs", ImportError, "Did you mean 'layers'"),
        ("from tensorflow import dataa", ImportError, "stand-in for TensorFlow"),
        ("import tensorflow_no_such", ImportError, "No module named 'tensorflow_no_such'"),
    ],
)  # fmt: skip
def test_errors(keras_program, statement, kind, text):
    out = keras_program(
        f"try:\n    {statement}\nexcept Exception as error:\n    print(type(error).__mro__, error, sep='|')\nelse:\n    print('no error')\n"
    )
    assert kind.__name__ in out.split("|")[0] and text in out


def test_gaps_are_known_and_explained(keras_program):
    """What is said to be missing is missing, under its old paths too, and the sentence says what to do."""
    out = keras_program(f"""if True:
        import importlib
        for path in {list(paths.ABSENT)!r}:
            home, _, name = path.rpartition('.')
            try:
                module = importlib.import_module('keras.' + home) if home else importlib.import_module('keras')
                getattr(module, name)
            except (ImportError, AttributeError) as error:
                assert 'kshim does not have' in str(error), (path, error)
            else:
                print(path, 'exists')
        for statement in ('from keras.layers.convolutional_recurrent import ConvLSTM2D',
                          'from keras.utils.generic_utils import func_load', 'from keras.preprocessing.image import ImageDataGenerator'):
            try:
                exec(statement)
            except ImportError as error:
                assert 'kshim does not have' in str(error), error
            else:
                print(statement, 'works')
    """)
    assert out == ""


def test_hasattr_is_false_for_missing_names(keras_program):
    keras_program(
        "import keras\nassert not hasattr(keras, 'nope') and not hasattr(keras.layers, 'Nope') and not hasattr(keras.layers, '__wrapped__')"
    )


def test_auto_and_uninstall(run):
    done = run("-c", """if True:
        import sys, kshim.auto, keras
        from kshim.compat import redirect
        assert redirect.installed() and keras.layers.Dense
        redirect.install()
        redirect.uninstall()
        assert not redirect.installed() and not [m for m in sys.modules if m.split('.')[0] in ('keras', 'tensorflow')]
        assert not [f for f in sys.meta_path if type(f).__module__.startswith('kshim')]
    """)  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_keras_that_is_already_there_is_refused(monkeypatch):
    import types

    monkeypatch.setitem(sys.modules, "keras", types.ModuleType("keras"))
    monkeypatch.setattr(redirect, "_finders", (redirect.Finder(), redirect.LastFinder()))
    with pytest.raises(ImportError, match="already imported"):
        redirect.install()
    assert not redirect.installed()


def test_table_is_sound():
    """Every place in the table is a module; no path hides behind a public module of the same name without a reason."""
    for path, places in paths.OLD.items():
        for place in places:
            assert aliases.optional(place) is not None, f"{path} -> kshim.{place}"
    assert not set(paths.ABSENT) & set(paths.PUBLIC)


def test_reload_and_find_spec(keras_program):
    keras_program("""if True:
        import importlib, importlib.util, keras
        from keras import backend as K
        assert importlib.util.find_spec('keras') is not None and importlib.util.find_spec('tensorflow') is not None
        importlib.reload(keras)
        assert importlib.reload(K).floatx() == 'float32'
    """)


@pytest.fixture
def tensorflow_program(keras_program):
    """`keras_program` on the tensorflow backend with TensorFlow itself."""
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("TensorFlow is not installed")
    return lambda code: keras_program(code, KSHIM_BACKEND="tensorflow")


def test_tensorflow_itself_with_keras_replaced(tensorflow_program):
    tensorflow_program("""if True:
        import sys
        import numpy as np
        np.random.seed(0)
        import tensorflow as tf
        assert np.random.rand() == np.random.RandomState(0).rand()  # what TensorFlow imports draws random numbers
        import keras, kshim
        assert not hasattr(tf, '_kshim_stand_in') and int(tf.__version__.split('.')[0]) == 2 and tf.raw_ops
        assert tf.keras is keras is tf.compat.v1.keras and tf.keras.layers is kshim.layers
        assert tf.optimizers is kshim.optimizers and tf.losses is kshim.losses
        from tensorflow.keras.layers import Dense
        assert Dense is kshim.layers.Dense
        assert not [m for m in sys.modules.values() if 'site-packages/keras' in (getattr(m, '__file__', '') or '')]

        x = kshim.ops.convert_to_tensor(np.arange(3.0, dtype='float32'))
        assert float(tf.reduce_sum(x)) == 3 and float(tf.reduce_sum(kshim.Variable([1.0, 4.0]))) == 5
        assert np.allclose(tf.function(lambda a: a * tf.constant(2.0))(x), [0, 2, 4])
        assert np.allclose(kshim.ops.add(x, tf.ones(3)).numpy(), [1, 2, 3])
        inputs = keras.Input(shape=(2,))
        y = tf.concat([tf.square(inputs), 2.0 * tf.nn.relu(inputs)], axis=-1)
        assert tuple(y.shape) == (None, 4), y
        graph = keras.Model(inputs, keras.layers.Dense(3)(y))
        assert graph.predict(np.ones((5, 2)), verbose=0).shape == (5, 3)
        out = keras.Model(inputs, y).predict(np.array([[3.0, -2.0]]), verbose=0)
        assert np.allclose(out, [[9, 4, 6, 0]]), out
        assert tuple(tf.reshape(inputs, (tf.shape(inputs)[0], tf.shape(inputs)[1], 1)).shape) == (None, 2, 1)

        model = keras.Sequential([keras.layers.Lambda(lambda t: tf.square(t) + 1.0, input_shape=(2,)), keras.layers.Dense(1)])
        assert model.output_shape == (None, 1) and model.layers[0].output_shape == (None, 2)
        model.compile('sgd', lambda a, b: tf.reduce_mean(tf.square(a - b), axis=-1))
        losses = model.fit(np.ones((8, 2)), np.ones((8, 1)), epochs=3, verbose=0).history['loss']
        assert losses[2] < losses[0]

        v = kshim.Variable([1.0, 2.0])
        with tf.GradientTape() as outer:
            with tf.GradientTape() as tape:
                y = tf.reduce_sum(tf.square(v) * v)
            g = tape.gradient(y, v)
            z = tf.reduce_sum(tf.square(g))
        assert isinstance(g, kshim.KerasTensor.__mro__[1]) and np.allclose(g.numpy(), [3, 12])
        assert np.allclose(outer.gradient(z, v).numpy(), [36, 288])
        optimizer = keras.optimizers.SGD(0.5)
        before = model.get_weights()[0]
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(np.ones((4, 2)), training=True)))
        optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
        assert not np.allclose(before, model.get_weights()[0])
    """)


def test_choosing_tensorflow_after_the_stand_in(tensorflow_program, keras_program):
    keras_program("""if True:
        import sys
        import tensorflow as tf, kshim, numpy as np
        assert tf._kshim_stand_in
        kshim.use('tensorflow')
        x = tf.constant([1.0, 2.0])
        assert type(x._value).__module__.startswith('tensorflow.'), type(x._value)
        import tensorflow as tf2
        assert not hasattr(tf2, '_kshim_stand_in') and tf2.keras is tf.keras
    """)


def test_stand_in_when_tensorflow_is_missing(keras_program):
    keras_program("""if True:
        import sys, importlib.machinery as m
        real = m.PathFinder.find_spec
        m.PathFinder.find_spec = classmethod(lambda c, name, *a: None if name.split('.')[0] == 'tensorflow' else real(name, *a))
        import tensorflow as tf
        assert tf._kshim_stand_in
        try:
            tf.constant(1.0)
        except ImportError as error:
            assert "pip install 'kshim[tensorflow]'" in str(error), error
        else:
            raise SystemExit('no error')
    """, KSHIM_BACKEND="tensorflow")  # fmt: skip
