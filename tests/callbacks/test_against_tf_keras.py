"""Each callback and tf_keras's, driven through the same training: the same decisions, files and text."""

import time

import numpy as np
import pytest

from kshim import callbacks, optimizers
from kshim.callbacks import LazyLogs


class Model:
    """What callbacks use of a model; weights are the number of the epoch, saves are noted."""

    distribute_strategy = None
    metrics = ()

    def __init__(self, optimizer=None):
        self.optimizer = optimizer
        self.stop_training = False
        self.weights = None
        self.saved = []

    def get_weights(self):
        return [self.weights]

    def set_weights(self, weights):
        (self.weights,) = weights

    def save(self, filepath, overwrite=True, options=None):
        self.saved.append(("model", filepath))

    def save_weights(self, filepath, overwrite=True, options=None):
        self.saved.append(("weights", filepath))


def train(callback, epochs, model, batches=0, params=None):
    """Run the hooks of a training whose epoch i ends with the logs epochs[i]; returns the number of epochs run."""
    callback.set_params(params or {"epochs": len(epochs), "verbose": 1, "steps": batches or None, "metrics": []})
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, logs in enumerate(epochs):
        callback.on_epoch_begin(epoch, {})
        for batch in range(batches):
            callback.on_train_batch_begin(batch, {})
            callback.on_train_batch_end(batch, dict(logs))
        model.weights = epoch
        logs = dict(logs)
        callback.on_epoch_end(epoch, logs)
        epochs[epoch] = logs
        if model.stop_training:
            break
    callback.on_train_end()
    return epoch + 1


@pytest.fixture
def quiet(tf_keras, monkeypatch):
    """tf_keras's warnings of the absl logger stay off the screen."""
    import logging

    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    return tf_keras


CURVES = {
    "falls then rises": [5, 4, 3, 3.5, 3.4, 3.3, 2, 9, 9, 9],
    "flat": [1.0] * 8,
    "nan": [np.nan] * 5,
    "nan later": [3, 2, np.nan, 1, np.nan, np.nan, np.nan],
    "slow": list(np.linspace(1, 0.99, 12)),
    "first is best": [0.1, 1, 2, 3, 4],
}


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("monitor", ["val_loss", "val_accuracy", "auc"])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"patience": 2, "verbose": 1},
        {"patience": 2, "min_delta": 0.005, "restore_best_weights": True, "verbose": 1},
        {"patience": 1, "baseline": 2.5, "restore_best_weights": True},
        {"patience": 1, "start_from_epoch": 3, "restore_best_weights": True, "verbose": 1},
        {"mode": "max", "patience": 1},
        {"mode": "min", "min_delta": -0.5, "patience": 3},
    ],
)
def test_early_stopping(quiet, capsys, curve, monitor, settings):
    results = []
    for module in (callbacks, quiet.callbacks):
        callback, model = module.EarlyStopping(monitor, **settings), Model()
        capsys.readouterr()
        epochs = train(callback, [{monitor: value} for value in CURVES[curve]], model)
        state = [epochs, callback.stopped_epoch, callback.best, callback.best_epoch, callback.wait, model.weights]
        results.append((state, callback.best_weights, capsys.readouterr().out))
    np.testing.assert_equal(results[0], results[1])


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("monitor", ["val_loss", "val_acc"])
@pytest.mark.parametrize(
    "settings",
    [
        {"patience": 1, "verbose": 1},
        {"patience": 2, "factor": 0.3, "cooldown": 2, "verbose": 1},
        {"patience": 1, "factor": 0.2, "min_lr": 0.004, "min_delta": 0.01, "verbose": 1},
        {"patience": 1, "mode": "max"},
    ],
)
def test_reduce_lr_on_plateau(quiet, capsys, curve, monitor, settings):
    results = []
    for module, optimizer in (
        (callbacks, optimizers.SGD(learning_rate=0.1)),
        (quiet.callbacks, quiet.optimizers.SGD(learning_rate=0.1)),
    ):
        callback, model = module.ReduceLROnPlateau(monitor, **settings), Model(optimizer)
        logs = [{monitor: value} for value in CURVES[curve]]
        capsys.readouterr()
        train(callback, logs, model)
        rates = [float(epoch["lr"]) for epoch in logs]
        results.append((rates, callback.best, callback.wait, callback.cooldown_counter, capsys.readouterr().out))
    np.testing.assert_equal(results[0], results[1])


def test_reduce_lr_arguments():
    with pytest.raises(ValueError, match="factor >= 1.0. Got 1.5"):
        callbacks.ReduceLROnPlateau(factor=1.5)
    with pytest.raises(TypeError, match="patients"):
        callbacks.ReduceLROnPlateau(patients=2)
    with pytest.warns(UserWarning, match="min_delta"):
        assert callbacks.ReduceLROnPlateau(epsilon=0.5).min_delta == 0.5


@pytest.mark.parametrize(
    "schedule",
    [lambda epoch, lr: lr * 0.7, lambda epoch: 0.1 / (epoch + 1), lambda epoch, lr: np.float32(0.25)],
    ids=["of both", "of the epoch", "numpy"],
)
def test_learning_rate_scheduler(quiet, capsys, schedule):
    results = []
    for module, optimizer in (
        (callbacks, optimizers.SGD(learning_rate=0.1)),
        (quiet.callbacks, quiet.optimizers.SGD(learning_rate=0.1)),
    ):
        callback, model = module.LearningRateScheduler(schedule, verbose=1), Model(optimizer)
        logs = [{"loss": 1.0} for _ in range(3)]
        capsys.readouterr()
        train(callback, logs, model)
        results.append(([float(epoch["lr"]) for epoch in logs], capsys.readouterr().out))
    assert results[0] == results[1]


def test_learning_rate_scheduler_refuses():
    model = Model(optimizers.SGD(learning_rate=0.1))
    for bad in (None, "fast", 1, True):
        with pytest.raises(ValueError, match='output of the "schedule" function should be float'):
            train(callbacks.LearningRateScheduler(lambda epoch, *, bad=bad: bad), [{}], model)
    with pytest.raises(ValueError, match="needs a compiled model"):
        train(callbacks.LearningRateScheduler(lambda epoch: 0.1), [{}], Model())
    schedule = optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    with pytest.raises(TypeError, match="LearningRateScheduler cannot set the learning rate: .*schedule"):
        train(callbacks.LearningRateScheduler(lambda epoch: 0.1), [{}], Model(optimizers.SGD(schedule)))


EPOCHS = [
    {"loss": 0.5, "accuracy": np.float32(0.25), "val_loss": 1e-7},
    {"loss": 0.25, "accuracy": np.float32(0.5), "val_loss": 2.0},
    {"loss": np.float64(0.125), "accuracy": np.array(0.75), "extra": [1, 2], "val_loss": 1.5},
]


@pytest.mark.parametrize("settings", [{}, {"separator": ";"}, {"append": True}])
def test_csv_logger(quiet, tmp_path, settings):
    files = []
    for name, module in (("ours", callbacks), ("theirs", quiet.callbacks)):
        path = tmp_path / f"{name}.csv"
        for epochs in (EPOCHS, [{"loss": 1.0}, {"loss": [1.0, 2.0]}, {"loss": "text, with comma"}]):
            train(module.CSVLogger(str(path), **settings), [dict(e) for e in epochs], Model())
        files.append(path.read_bytes())
    assert files[0] == files[1]


def test_csv_logger_takes_paths(tmp_path):
    train(callbacks.CSVLogger(tmp_path / "a.csv"), [{"loss": 1.0, "val_loss": 2.0}], Model())
    assert (tmp_path / "a.csv").read_text().split() == ["epoch,loss,val_loss", "0,1.0,2.0"]


@pytest.mark.parametrize(
    "settings",
    [
        {"verbose": 1},
        {"save_best_only": True, "verbose": 1},
        {"save_best_only": True, "monitor": "accuracy", "verbose": 1},
        {"save_best_only": True, "mode": "max", "verbose": 1},
        {"save_best_only": True, "initial_value_threshold": 0.6, "verbose": 1},
        {"save_weights_only": True},
        {"save_freq": 3},
        {"save_freq": 5, "save_best_only": True, "monitor": "loss", "verbose": 1},
        {"period": 2, "verbose": 1},
    ],
)
@pytest.mark.parametrize("filepath", ["m.h5", "m-{epoch:02d}-{val_loss:.2f}.weights.h5", "{epoch}.keras"])
def test_model_checkpoint(quiet, capsys, tmp_path, monkeypatch, settings, filepath):
    monkeypatch.chdir(tmp_path)
    logs = [{"loss": a, "accuracy": 1 - a, "val_loss": a * 2} for a in (0.5, 0.4, 0.45, 0.2, 0.2, 0.1)]
    results = []
    for module in (callbacks, quiet.callbacks):
        model = Model()
        capsys.readouterr()
        train(module.ModelCheckpoint(filepath, **settings), [dict(epoch) for epoch in logs], model, batches=4)
        results.append((model.saved, capsys.readouterr().out))
    assert results[0] == results[1]
    assert results[0][0]


def test_model_checkpoint_on_batches_names_them(quiet, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    saved = []
    for module in (callbacks, quiet.callbacks):
        model = Model()
        train(module.ModelCheckpoint("{epoch}-{batch}.h5", save_freq=3), [{"loss": 1.0}] * 3, model, batches=4)
        saved.append(model.saved)
    assert saved[0] == saved[1] == [("model", f"{name}.h5") for name in ("1-3", "2-2", "3-1", "3-4")]


def test_base_logger(quiet):
    batches = [{"loss": 1.0, "acc": 0.5, "size": 4}, {"loss": 3.0, "acc": 0.75, "size": 2}]
    results = []
    for module in (callbacks, quiet.callbacks):
        logger, logs = module.BaseLogger(["acc"]), {}
        logger.set_params({"metrics": ["loss", "acc", "mae"]})
        logger.on_epoch_begin(0)
        for i, batch in enumerate(batches):
            logger.on_batch_end(i, dict(batch))
        logger.on_epoch_end(0, logs)
        results.append(logs)
    assert results[0] == results[1] == {"loss": 10 / 6, "acc": 0.75}


class Metric:
    def __init__(self, name):
        self.name = name


@pytest.mark.parametrize("verbose", [0, 1, 2])
@pytest.mark.parametrize("steps", [7, None])
@pytest.mark.parametrize("epochs", [1, 3])
def test_progbar_logger(quiet, capsys, monkeypatch, verbose, steps, epochs):
    """The text of a training, an evaluation and a prediction, on the same clock."""
    clock = [0.0]
    monkeypatch.setattr(time, "time", lambda: clock[0])
    monkeypatch.setattr(callbacks.ProgbarLogger, "_INTERVAL", 0.05)  # ours draws less often
    texts = []
    for module in (callbacks, quiet.callbacks):
        clock[0] = 100.0
        model = Model()
        model.metrics = [Metric("loss"), Metric("mae")]
        listed = module.CallbackList(
            None, add_progbar=True, add_history=True, model=model, epochs=epochs, verbose=verbose, steps=steps
        )
        if steps is None and verbose != 1:
            listed.callbacks[-1].target = None
        capsys.readouterr()
        listed.on_train_begin()
        for epoch in range(epochs):
            listed.on_epoch_begin(epoch)
            for batch in range(7):
                clock[0] += 0.031
                values = {"loss": 1 / (batch + 1), "mae": 1e-4 * batch}
                logs = LazyLogs(lambda values=values: values) if module is callbacks else dict(values)
                listed.on_train_batch_begin(batch)
                listed.on_train_batch_end(batch, logs)
            listed.on_test_begin()
            listed.on_test_batch_end(0, {"loss": 5.0})
            listed.on_test_end({"loss": 5.0})
            listed.on_epoch_end(epoch, {"loss": 0.1, "mae": 0.5, "val_loss": 5.0})
        listed.on_train_end()
        texts.append(capsys.readouterr().out)
    if steps is None and verbose == 2:  # tf_keras needs a real model to count batches here
        assert texts[0].count("7/7") == epochs
        return
    assert texts[0] == texts[1]
    assert bool(texts[0]) == bool(verbose)


def test_progbar_logger_alone_in_evaluate_and_predict(quiet, capsys, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 100.0)
    texts = []
    for module in (callbacks, quiet.callbacks):
        model = Model()
        model.metrics = [Metric("loss")]
        listed = module.CallbackList(None, add_progbar=True, model=model, epochs=1, verbose=1, steps=2)
        capsys.readouterr()
        for mode in ("test", "predict"):
            getattr(listed, f"on_{mode}_begin")()
            for batch in range(2):
                getattr(listed, f"on_{mode}_batch_end")(batch, {"loss": 0.5} if mode == "test" else {"outputs": [1]})
            listed.on_test_end({"loss": 0.5}) if mode == "test" else listed.on_predict_end()
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1] and texts[0].count("\n") == 2
