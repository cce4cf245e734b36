"""Callbacks in real trainings on the bundled digits, and next to tf_keras where it has the same."""

import csv
import os

import numpy as np
import pytest

import kshim as keras
from kshim.callbacks import Callback
from kshim.datasets import digits


@pytest.fixture(scope="module")
def data():
    (x, y), (x_test, y_test) = digits.load_data()
    return (x[:320] / 255.0, y[:320]), (x_test[:100] / 255.0, y_test[:100])


def make_model(keras=keras, optimizer=None, seed=0):
    """A small classifier with the same weights in every library."""
    model = keras.models.Sequential(
        [
            keras.layers.Flatten(input_shape=(8, 8)),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(0, 0.2, w.shape) for w in model.get_weights()])
    optimizer = optimizer or keras.optimizers.SGD(learning_rate=0.2)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def fit(model, data, **kwargs):
    (x, y), validation = data
    settings = dict(batch_size=32, epochs=4, shuffle=False, verbose=0, validation_data=validation)
    return model.fit(x, y, **{**settings, **kwargs})


def compare(tf_keras, data, make_callbacks, **kwargs):
    """The same training here and in tf_keras: both histories, which must agree."""
    histories = []
    for library in (keras, tf_keras):
        model = make_model(library)
        histories.append(fit(model, data, callbacks=make_callbacks(library.callbacks), **kwargs).history)
    assert sorted(histories[0]) == sorted(histories[1])
    for name, values in histories[1].items():
        np.testing.assert_allclose(histories[0][name], values, rtol=2e-4, atol=1e-6, err_msg=name)
    return histories[0]


def test_history(tf_keras, data):
    history = compare(tf_keras, data, lambda c: [], epochs=3)
    assert history["loss"][-1] < history["loss"][0]


def test_learning_rates(tf_keras, data):
    history = compare(
        tf_keras,
        data,
        lambda c: [
            c.LearningRateScheduler(lambda epoch, lr: lr * 0.5 if epoch == 2 else lr),
            c.ReduceLROnPlateau("val_loss", patience=1, min_delta=10.0, factor=0.25),
        ],
        epochs=6,
    )
    assert len(set(map(float, history["lr"]))) > 2


def test_early_stopping(tf_keras, data):
    history = compare(tf_keras, data, lambda c: [c.EarlyStopping("val_loss", min_delta=0.3, patience=1)], epochs=10)
    assert len(history["loss"]) < 10


def test_early_stopping_restores_the_best(data):
    class Worse(Callback):
        """Damages the weights after the second epoch."""

        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                self.model.set_weights([w * 0 + 5.0 for w in self.model.get_weights()])

    model = make_model()
    stop = keras.callbacks.EarlyStopping("val_loss", patience=2, restore_best_weights=True)
    history = fit(model, data, callbacks=[Worse(), stop], epochs=9)
    assert history.epoch == [0, 1, 2, 3] and stop.best_epoch == 1
    loss, _ = model.evaluate(*data[1], verbose=0)
    np.testing.assert_allclose(loss, min(history.history["val_loss"]), rtol=1e-5)


@pytest.mark.parametrize("name", ["best.h5", "best.weights.h5"])
def test_checkpoint(tmp_path, data, name):
    path = tmp_path / name
    only_weights = ".weights" in name
    checkpoint = keras.callbacks.ModelCheckpoint(
        str(path), monitor="val_accuracy", save_best_only=True, save_weights_only=only_weights
    )
    history = fit(make_model(), data, callbacks=[checkpoint], epochs=5)
    if only_weights:
        model = make_model(seed=9)
        model.load_weights(path)
    else:
        model = keras.models.load_model(path)
    _, accuracy = model.evaluate(*data[1], verbose=0)
    np.testing.assert_allclose(accuracy, max(history.history["val_accuracy"]), rtol=1e-6)
    assert os.listdir(tmp_path) == [name]


def test_checkpoint_names_and_batches(tmp_path, data):
    path = str(tmp_path / "{epoch}-{batch}-{acc:.1f}.h5")
    fit(make_model(), data, callbacks=[keras.callbacks.ModelCheckpoint(path, save_freq=7)], epochs=2)
    assert sorted(name[:3] for name in os.listdir(tmp_path)) == ["1-7", "2-4"]


def test_csv_logger(tmp_path, data):
    path = tmp_path / "log.csv"
    history = fit(make_model(), data, callbacks=[keras.callbacks.CSVLogger(path)], epochs=3).history
    with open(path, newline="") as f:
        rows = list(csv.DictReader(f))
    assert [row["epoch"] for row in rows] == ["0", "1", "2"]
    for name in history:
        assert [float(row[name]) for row in rows] == history[name]


def test_terminate_on_nan(data, capsys):
    model = make_model(optimizer=keras.optimizers.SGD(1e30))
    with np.errstate(all="ignore"):
        history = fit(model, data, callbacks=[keras.callbacks.TerminateOnNaN()], epochs=3)
    assert len(history.epoch) == 1 and "Invalid loss, terminating training" in capsys.readouterr().out


def recorder(base):
    calls = []

    class Recorder(base):
        pass

    def note(hook, numbered):
        def call(self, *args, **kwargs):
            calls.append((hook, args[0]) if numbered else (hook,))

        return call

    for mode in ("train", "test", "predict"):
        for when in ("begin", "end"):
            setattr(Recorder, f"on_{mode}_{when}", note(f"on_{mode}_{when}", False))
            setattr(Recorder, f"on_{mode}_batch_{when}", note(f"on_{mode}_batch_{when}", True))
    for when in ("begin", "end"):
        setattr(Recorder, f"on_epoch_{when}", note(f"on_epoch_{when}", True))
    return Recorder(), calls


def test_hooks_come_in_the_order_of_tf_keras(tf_keras, data):
    logs = []
    for library in (keras, tf_keras):
        callback, calls = recorder(library.callbacks.Callback)
        model = make_model(library)
        fit(model, data, callbacks=[callback], epochs=2, batch_size=100)
        model.evaluate(*data[1], batch_size=60, verbose=0, callbacks=[callback])
        model.predict(data[1][0], batch_size=60, verbose=0, callbacks=[callback])
        logs.append(calls)
    assert logs[0] == logs[1]


def test_what_callbacks_see(data):
    seen = {}

    class Looks(Callback):
        def on_train_begin(self, logs=None):
            seen["params"], seen["validation"] = self.params, self.validation_data

        def on_train_batch_end(self, batch, logs=None):
            seen.setdefault("batches", []).append((logs.get("size"), logs["batch"], logs["loss"], sorted(logs)))

        def on_epoch_end(self, epoch, logs=None):
            seen["epoch"] = dict(logs)
            self.model.stop_training = epoch == 1

    model = make_model()
    history = fit(model, data, callbacks=[Looks()], epochs=5, batch_size=128)
    assert history is model.history and history.epoch == [0, 1]
    assert [b[:2] for b in seen["batches"]] == [(128, 0), (128, 1), (64, 2)] * 2
    assert all(b[3] == ["accuracy", "loss"] for b in seen["batches"])
    assert seen["batches"][2][2] == pytest.approx(history.history["loss"][0])  # a running mean
    assert sorted(seen["epoch"]) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert seen["params"]["epochs"] == 5 and seen["params"]["steps"] == 3
    np.testing.assert_array_equal(seen["validation"][0], data[1][0])
    np.testing.assert_array_equal(seen["validation"][1], data[1][1])


def test_stopping_within_an_epoch(data):
    class Stops(Callback):
        def on_batch_end(self, batch, logs=None):
            self.batches = batch + 1
            self.model.stop_training = batch == 2

    stops = Stops()
    assert fit(make_model(), data, callbacks=[stops]).epoch == [0]
    assert stops.batches == 3


def test_weights_seen_after_each_batch_are_current(data):
    weights = []
    look = keras.callbacks.LambdaCallback(on_batch_end=lambda batch, logs: weights.append(look.model.get_weights()[0]))
    fit(make_model(), data, callbacks=[look], epochs=1, batch_size=80)
    assert len(weights) == 4 and all(not np.array_equal(a, b) for a, b in zip(weights, weights[1:]))


def test_progress_text(tf_keras, data, capsys, monkeypatch):
    """verbose 1 and 2 of fit and evaluate print what tf_keras prints, but for the times and the redraws."""
    import re

    texts = []
    for library in (keras, tf_keras):
        model = make_model(library)
        capsys.readouterr()
        for verbose in (1, 2):
            fit(model, data, epochs=2, verbose=verbose)
            model.evaluate(*data[1], verbose=verbose)
        lines = capsys.readouterr().out.replace("\b", "").split("\n")
        lines = [line.split("\r")[-1].rstrip() for line in lines]
        lines = [re.sub(r"\d+(s|ms|us)(?=[/ ])", "T", line) for line in lines]
        texts.append([re.sub(r"(\d\.\d\d)\d\d", r"\1", line) for line in lines])
    assert texts[0] == texts[1]


def test_backup_and_restore_after_a_crash(tmp_path, data):
    """An interrupted training, run again, ends where an uninterrupted one does."""

    class Crashes(Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise RuntimeError("power cut")

    def adam():
        return make_model(optimizer=keras.optimizers.Adam(0.01))

    straight = adam()
    fit(straight, data, epochs=4)
    backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
    with pytest.raises(RuntimeError, match="power cut"):
        fit(adam(), data, epochs=4, callbacks=[Crashes(), backup])
    again = adam()
    history = fit(again, data, epochs=4, callbacks=[keras.callbacks.BackupAndRestore(tmp_path / "backup")])
    assert history.epoch == [2, 3]
    for a, b in zip(again.get_weights(), straight.get_weights()):
        np.testing.assert_array_equal(a, b)
    assert not (tmp_path / "backup").exists()
