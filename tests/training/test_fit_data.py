"""The same training from every kind of data, and from tf_keras: the same numbers."""

import h5py
import numpy as np
import pytest

import kshim as keras
from kshim.datasets import digits
from kshim.utils import HDF5Matrix, Sequence

(X, Y), (X_TEST, Y_TEST) = digits.load_data()
X, Y, X_TEST, Y_TEST = X[:200].reshape(200, 64) / 255.0, Y[:200], X_TEST[:64].reshape(64, 64) / 255.0, Y_TEST[:64]
W = np.linspace(0.5, 2.0, 200)
CLASS_WEIGHT = {i: 1.0 + i / 5 for i in range(10)}


def make_model(keras=keras):
    model = keras.models.Sequential(
        [keras.layers.Dense(12, activation="tanh", input_shape=(64,)), keras.layers.Dense(10, activation="softmax")]
    )
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(0, 0.3, w.shape) for w in model.get_weights()])
    model.compile(
        keras.optimizers.SGD(learning_rate=0.1), "sparse_categorical_crossentropy", weighted_metrics=["accuracy"]
    )
    return model


def assert_same(history, reference, rtol):
    assert sorted(history) == sorted(reference)
    for name in reference:
        np.testing.assert_allclose(history[name], reference[name], rtol=rtol, atol=1e-6, err_msg=name)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"sample_weight": W},
        {"class_weight": CLASS_WEIGHT},
        {"validation_split": 0.3},
        {"validation_split": 0.3, "sample_weight": W, "batch_size": 64},
        {"validation_data": (X_TEST, Y_TEST, np.linspace(1, 3, 64)), "validation_batch_size": 50},
        {"steps_per_epoch": 4, "batch_size": 32},
        {"steps_per_epoch": 6},
        {"validation_data": (X_TEST, Y_TEST), "validation_steps": 2, "validation_batch_size": 16},
        {"validation_data": (X_TEST, Y_TEST), "validation_freq": 2, "initial_epoch": 1},
    ],
    ids=lambda arguments: "-".join(arguments) or "plain",
)
def test_arguments_of_fit(tf_keras, arguments):
    settings = {"epochs": 3, "shuffle": False, "verbose": 0, **arguments}
    ours, theirs = (make_model(library).fit(X, Y, **settings).history for library in (keras, tf_keras))
    assert_same(ours, theirs, 2e-4)


class Batches(Sequence):
    def __len__(self):
        return 7

    def __getitem__(self, i):
        rows = slice(32 * i, 32 * i + 32)
        return X[rows], Y[rows]


def generator():
    while True:
        yield from Batches()


def loader():
    torch = pytest.importorskip("torch")
    return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(Y)), batch_size=32)


def dataset():
    tf = pytest.importorskip("tensorflow")
    return tf.data.Dataset.from_tensor_slices((X, Y)).batch(32)


def on_disk(tmp_path):
    with h5py.File(tmp_path / "data.h5", "w") as f:
        f["x"], f["y"] = X, Y
    return [HDF5Matrix(str(tmp_path / "data.h5"), name) for name in "xy"]


KINDS = {
    "lists": lambda _: ([X.tolist(), Y.tolist()], {}),
    "one input in a list": lambda _: ([[X], [Y]], {}),
    "generator": lambda _: ([generator()], {"steps_per_epoch": 7}),
    "generator in a thread": lambda _: ([generator()], {"steps_per_epoch": 7, "workers": 2}),
    "sequence": lambda _: ([Batches()], {}),
    "sequence in threads": lambda _: ([Batches()], {"workers": 3}),
    "torch": lambda _: ([loader()], {}),
    "tf.data": lambda _: ([dataset()], {}),
    "hdf5": lambda tmp_path: (on_disk(tmp_path), {}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_data(kind, tmp_path):
    data, arguments = KINDS[kind](tmp_path)
    reference = make_model().fit(X, Y, epochs=2, shuffle=False, verbose=0)
    model = make_model()
    history = model.fit(*data, epochs=2, shuffle=False, verbose=0, **arguments)
    assert_same(history.history, reference.history, 1e-6)


def test_evaluate_and_predict_of_generators():
    model = make_model()
    np.testing.assert_allclose(
        model.evaluate(generator(), steps=7, verbose=0), model.evaluate(X, Y, verbose=0), rtol=1e-6
    )
    np.testing.assert_allclose(model.predict(Batches(), verbose=0), model.predict(X, verbose=0), rtol=1e-6)


def test_running_out_of_data_ends_training():
    short = (batch for batch in list(Batches())[:3])
    with pytest.warns(UserWarning, match="ran out of data after 3 of 5 steps"):
        history = make_model().fit(short, steps_per_epoch=5, epochs=4, verbose=0)
    assert history.epoch == [0]


def test_a_generator_that_ends_is_one_epoch():
    """Without steps_per_epoch the first epoch lasts to its end, and there is nothing left for a second."""
    with pytest.warns(UserWarning, match="ran out of data after 0 of 3 steps"):
        history = make_model().fit((batch for batch in list(Batches())[:3]), epochs=2, verbose=0)
    assert len(history.epoch) <= 2 and np.isfinite(history.history["loss"]).all()


def test_shuffling_is_seeded_and_changes_the_result():
    def losses(seed, shuffle=True):
        keras.utils.set_random_seed(seed)
        return make_model().fit(X, Y, epochs=2, verbose=0, shuffle=shuffle).history["loss"]

    assert losses(1) == losses(1) != losses(2)
    assert losses(1, shuffle=False) == losses(2, shuffle=False) != losses(1)
