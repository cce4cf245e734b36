"""What has no counterpart to compare with: refusals, old names, reading of the device, the network."""

import http.server
import json
import os
import threading
import urllib.parse

import numpy as np
import pytest

from kshim import callbacks, optimizers
from kshim.callbacks import LazyLogs
from kshim.callbacks.monitor import larger_is_better
from kshim.engine.variable import Variable
from kshim.errors import UnsupportedError


class Model:
    stop_training = False
    metrics = ()
    optimizer = None
    built = True

    def __init__(self, *weights):
        self.trainable_weights = list(weights)
        self.loaded = []

    def get_weights(self):
        return [w.numpy() for w in self.trainable_weights]

    def set_weights(self, values):
        for weight, value in zip(self.trainable_weights, values):
            weight.assign(value)

    def load_weights(self, path):
        self.loaded.append(path)


def attach(callback, model, **params):
    callback.set_model(model)
    callback.set_params({"epochs": 1, "verbose": 1, "steps": None, **params})
    return callback


# monitors ------------------------------------------------------------------------------------------------------
def test_larger_is_better():
    up = "acc val_accuracy top_k_categorical_accuracy val_auc auc_1 precision out_recall_2 val_f1_score mean_io_u iou"
    up += " fmeasure r2_score"
    down = "loss val_loss mae previous_error accuracy_loss mean_squared_error hinge"
    assert all(larger_is_better(name, "auto") for name in up.split())
    assert not any(larger_is_better(name, "auto") for name in down.split())
    assert larger_is_better("loss", "max") and not larger_is_better("acc", "min")


def test_directions_agree_with_keras_3(keras3):
    """Every metric of Keras 3 that says which way is better, by its default name."""
    checked = 0
    for cls in (
        keras3.metrics.AUC, keras3.metrics.Precision, keras3.metrics.Recall, keras3.metrics.F1Score,
        keras3.metrics.R2Score, keras3.metrics.BinaryAccuracy, keras3.metrics.MeanSquaredError,
        keras3.metrics.MeanAbsoluteError, keras3.metrics.Hinge, keras3.metrics.KLDivergence,
    ):  # fmt: skip
        metric = cls()
        assert larger_is_better(metric.name, "auto") == (metric._direction == "up"), metric.name
        checked += 1
    assert checked == 10


@pytest.mark.parametrize(
    "callback",
    [
        lambda **k: callbacks.EarlyStopping(monitor="val_lss", **k),
        lambda **k: callbacks.ReduceLROnPlateau(monitor="val_lss", **k),
        lambda **k: callbacks.ModelCheckpoint("x", monitor="val_lss", save_best_only=True, **k),
    ],
)
def test_missing_monitor_and_unknown_mode(callback):
    model = Model()
    model.optimizer = optimizers.SGD(0.1)
    made = attach(callback(), model)
    made.on_train_begin()
    with pytest.warns(UserWarning, match=r"'val_lss', which is not available.*loss, mae"):
        made.on_epoch_end(0, {"loss": 1.0, "mae": 2.0})
    with pytest.warns(UserWarning, match="mode 'lowest' is unknown"):
        callback(mode="lowest")


def test_monitor_by_the_name_of_another_version():
    stop = attach(callbacks.EarlyStopping("val_acc"), Model())
    stop.on_train_begin()
    stop.on_epoch_end(0, {"val_accuracy": 0.5})
    assert stop.best == 0.5


# ModelCheckpoint -----------------------------------------------------------------------------------------------
def test_checkpoint_paths(tmp_path):
    saved = []
    model = Model()
    model.save = lambda path, overwrite: saved.append(path)
    path = tmp_path / "deep" / "er" / "w.{epoch:02d}-{val_acc:.1f}.h5"
    attach(callbacks.ModelCheckpoint(path), model).on_epoch_end(4, {"val_accuracy": 0.25})
    assert saved == [str(tmp_path / "deep" / "er" / "w.05-0.2.h5")] and os.path.isdir(tmp_path / "deep" / "er")
    with pytest.raises(KeyError, match="there is no .*mae.*Available are: loss, epoch"):
        attach(callbacks.ModelCheckpoint("{mae}.h5"), model).on_epoch_end(0, {"loss": 1})
    with pytest.raises(OSError, match="is a directory"):
        attach(callbacks.ModelCheckpoint(str(tmp_path / "deep")), model).on_epoch_end(0, {})


def test_checkpoint_without_braces_reads_nothing(tmp_path):
    model = Model()
    model.save = lambda path, overwrite: None
    logs = LazyLogs(lambda: pytest.fail("read in vain"))
    checkpoint = attach(callbacks.ModelCheckpoint(str(tmp_path / "m.h5"), save_freq=1), model)
    checkpoint.on_train_batch_end(0, logs)


def test_checkpoint_refuses():
    for bad in ("batch", 2.5, True, None):
        with pytest.raises(ValueError, match="Unrecognized save_freq"):
            callbacks.ModelCheckpoint("x", save_freq=bad)
    with pytest.raises(ValueError, match="options=3"):
        callbacks.ModelCheckpoint("x", options=3)


def test_checkpoint_restart(tmp_path):
    for i, name in enumerate(("w.01.h5", "w.03.h5", "w.02.h5", "other.h5", "w.04.txt")):
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (1000 + i, 1000 + i))
    model = Model()
    path = str(tmp_path / "w.{epoch:02d}.h5")
    attach(callbacks.ModelCheckpoint(path, load_weights_on_restart=True), model).on_train_begin()
    assert model.loaded == [str(tmp_path / "w.02.h5")]
    nowhere = callbacks.ModelCheckpoint(str(tmp_path / "none" / "x.h5"), load_weights_on_restart=True)
    attach(nowhere, model).on_train_begin()
    assert len(model.loaded) == 1

    def broken(path):
        raise OSError("truncated")

    model.load_weights = broken
    with pytest.raises(ValueError, match="w.02.h5. Reason: truncated"):
        attach(callbacks.ModelCheckpoint(path, load_weights_on_restart=True), model).on_train_begin()


# progress ------------------------------------------------------------------------------------------------------
def test_progress_reads_the_device_seldom(monkeypatch, capsys):
    clock = [100.0]
    monkeypatch.setattr("time.time", lambda: clock[0])
    bar = attach(callbacks.ProgbarLogger(), Model(), steps=1000)
    bar.on_train_begin()
    bar.on_epoch_begin(0)
    reads = []
    for batch in range(1000):
        clock[0] += 0.001
        bar.on_train_batch_end(batch, LazyLogs(lambda: reads.append(1) or {"loss": 1.0, "mae": 2.0}))
    assert 8 <= len(reads) <= 11  # one second, ten times
    bar.on_epoch_end(0, {"loss": 1.0, "mae": 2.0})
    assert (
        "1000/1000 [==============================] - 1s 1ms/step - loss: 1.0000 - mae: 2.0000\n"
        in capsys.readouterr().out
    )


def test_progress_averages_what_is_not_running(monkeypatch, capsys):
    monkeypatch.setattr("time.time", lambda: 100.0)
    monkeypatch.setattr(callbacks.ProgbarLogger, "_INTERVAL", 0.0)
    bar = attach(callbacks.ProgbarLogger(), Model(), steps=4)
    bar.on_epoch_begin(0)
    for batch in range(3):
        bar.on_train_batch_end(batch, LazyLogs(lambda batch=batch: {"d_loss": float(batch)}, running=False))
    assert "d_loss: 1.0000" in capsys.readouterr().out


def test_count_mode_samples(capsys, monkeypatch):
    monkeypatch.setattr("time.time", lambda: 100.0)
    bar = attach(callbacks.ProgbarLogger("samples"), Model(), samples=40)
    bar.on_epoch_begin(0)
    for batch in range(2):
        bar.on_train_batch_end(batch, {"size": 20, "batch": batch, "loss": 1.0})
    bar.on_epoch_end(0, {"loss": 1.0})
    assert "40/40 [==============================] - 0s 0s/sample - loss: 1.0000" in capsys.readouterr().out
    with pytest.raises(ValueError, match="'epochs'"):
        callbacks.ProgbarLogger("epochs")


# small ones ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("loss", [np.nan, np.inf, -np.inf, np.float32("nan")])
def test_terminate_on_nan(capsys, loss):
    model = Model()
    callback = attach(callbacks.TerminateOnNaN(), model)
    callback.on_train_batch_end(3, {"loss": 1.0})
    assert not model.stop_training
    callback.on_train_batch_end(4, {"loss": loss})
    assert model.stop_training and capsys.readouterr().out == "Batch 4: Invalid loss, terminating training\n"


def test_lambda_callback():
    seen = []
    callback = callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(epoch), on_test_end=lambda logs: seen.append("test"), name="mine"
    )
    listed = callbacks.CallbackList([callback], model=Model())
    listed.on_epoch_end(2, {})
    listed.on_test_end({})
    assert seen == [2, "test"] and callback.name == "mine" and not listed.has_batch_hooks("train")


def test_tensorboard_says_what_to_do():
    with pytest.raises(UnsupportedError, match="CSVLogger"):
        callbacks.TensorBoard(log_dir="./logs", histogram_freq=1, write_graph=True)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    received = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            received.append((self.path, dict(self.headers), body))
            self.send_response(200 if "ok" in self.path else 500)
            self.end_headers()

        def log_message(self, *_):
            pass

    made = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}", received
    made.shutdown()
    thread.join()
    made.server_close()


def test_remote_monitor(server):
    root, received = server
    logs = {"loss": np.float32(0.5), "rates": np.arange(2), "lr": np.array(0.25), "n": 3}
    expected = {"epoch": 1, "loss": 0.5, "rates": [0, 1], "lr": 0.25, "n": 3}
    callbacks.RemoteMonitor(root, "/ok", headers={"X-Key": "k"}).on_epoch_end(1, logs)
    path, headers, body = received[-1]
    assert path == "/ok" and headers["X-Key"] == "k"
    assert json.loads(urllib.parse.parse_qs(body)["data"][0]) == expected
    callbacks.RemoteMonitor(root, "/ok", send_as_json=True).on_epoch_end(1, logs)
    assert json.loads(received[-1][2]) == expected and received[-1][1]["Content-Type"] == "application/json"
    with pytest.warns(UserWarning, match="answered 500"):
        callbacks.RemoteMonitor(root, "/bad").on_epoch_end(1, logs)
    with pytest.warns(UserWarning, match="could not reach the server at http://127.0.0.1:1"):
        callbacks.RemoteMonitor("http://127.0.0.1:1").on_epoch_end(1, logs)


# state ---------------------------------------------------------------------------------------------------------
def trained_model(value):
    model = Model(Variable(np.full((2, 3), value, "float32"), name="w"))
    model.optimizer = optimizers.Adam(0.1)
    model.optimizer.build(model.trainable_weights)
    return model


def step(model, gradient=1.0):
    model.optimizer.apply_gradients([(np.full((2, 3), gradient, "float32"), model.trainable_weights[0])])


def test_backup_and_restore(tmp_path):
    folder = tmp_path / "backup"
    straight, broken = trained_model(1.0), trained_model(1.0)
    for gradient in (1.0, -2.0, 0.5, 3.0):
        step(straight, gradient)

    backup = attach(callbacks.BackupAndRestore(folder), broken)
    backup.on_train_begin()
    for epoch, gradient in enumerate((1.0, -2.0)):
        backup.on_epoch_begin(epoch)
        step(broken, gradient)
        backup.on_epoch_end(epoch)
    assert os.listdir(folder) == ["training_state.npz"]

    again = trained_model(7.0)
    backup = attach(callbacks.BackupAndRestore(folder), again)
    backup.on_train_begin()
    assert again._initial_epoch == 2
    for gradient in (0.5, 3.0):
        step(again, gradient)
    np.testing.assert_array_equal(again.get_weights()[0], straight.get_weights()[0])
    for a, b in zip(again.optimizer.get_weights(), straight.optimizer.get_weights()):
        np.testing.assert_array_equal(a, b)
    backup.on_train_end()
    assert not folder.exists()


def test_backup_by_batches_and_settings(tmp_path):
    model = trained_model(1.0)
    backup = attach(
        callbacks.BackupAndRestore(tmp_path / "b", save_freq=2, delete_checkpoint=False, double_checkpoint=True), model
    )
    listed = callbacks.CallbackList([backup], model=model)
    assert listed.has_batch_hooks("train")
    listed.on_train_begin()
    listed.on_epoch_begin(3)
    for batch in range(3):
        listed.on_train_batch_end(batch, {})
    assert os.listdir(tmp_path / "b") == ["training_state.npz"]
    listed.on_train_batch_end(3, {})
    listed.on_train_end()
    assert sorted(os.listdir(tmp_path / "b")) == ["training_state.npz", "training_state.npz.bkp"]
    again = trained_model(0.0)
    attach(callbacks.BackupAndRestore(tmp_path / "b"), again).on_train_begin()
    assert again._initial_epoch == 3
    assert not callbacks.CallbackList([callbacks.BackupAndRestore("x")]).has_batch_hooks("train")
    for bad in ({"backup_dir": ""}, {"backup_dir": "x", "save_freq": "batch"}):
        with pytest.raises(ValueError, match="backup_dir|save_freq"):
            callbacks.BackupAndRestore(**bad)
    again.built = False
    with pytest.raises(ValueError, match="must be built"):
        attach(callbacks.BackupAndRestore("x"), again).on_train_begin()


def test_swap_ema_weights():
    model = Model(Variable(np.zeros(2, "float32"), name="w"))
    model.optimizer = optimizers.SGD(1.0, use_ema=True, ema_momentum=0.5)
    model.optimizer.build(model.trainable_weights)
    for _ in range(3):
        model.optimizer.apply_gradients([(np.ones(2, "float32"), model.trainable_weights[0])])
    weights = model.get_weights()[0]
    average = model.optimizer.slots["average"][0].numpy()
    assert not np.array_equal(weights, average)
    swap = attach(callbacks.SwapEMAWeights(), model)
    for begin, end in ((swap.on_test_begin, swap.on_test_end), (swap.on_predict_begin, swap.on_predict_end)):
        begin()
        np.testing.assert_array_equal(model.get_weights()[0], average)
        end()
        np.testing.assert_array_equal(model.get_weights()[0], weights)
    swap = attach(callbacks.SwapEMAWeights(swap_on_epoch=True), model, epochs=2)
    swap.on_epoch_end(0)
    np.testing.assert_array_equal(model.get_weights()[0], average)
    swap.on_epoch_begin(1)
    np.testing.assert_array_equal(model.get_weights()[0], weights)
    swap.on_epoch_end(1)
    np.testing.assert_array_equal(model.get_weights()[0], average)
    np.testing.assert_array_equal(model.optimizer.slots["average"][0].numpy(), average)
    model.optimizer = optimizers.SGD(1.0)
    with pytest.raises(ValueError, match="use_ema=False"):
        attach(callbacks.SwapEMAWeights(), model).on_test_begin()
