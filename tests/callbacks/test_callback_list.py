"""`CallbackList`: which hooks are called, in which order, with what."""

import numpy as np
import pytest

from kshim import callbacks
from kshim.callbacks import Callback, CallbackList, LazyLogs

MODES = ("train", "test", "predict")
HOOKS = ["on_epoch_begin", "on_epoch_end", "on_batch_begin", "on_batch_end"]
HOOKS += [f"on_{m}_batch_{w}" for m in MODES for w in ("begin", "end")] + [
    f"on_{m}_{w}" for m in MODES for w in ("begin", "end")
]


class Model:
    stop_training = False
    history = None
    metrics = ()


def recorder(*hooks, base=Callback):
    """A callback that overrides just these hooks and notes their calls."""
    calls = []

    def make(hook):
        numbered = "_batch_" in hook or "_epoch_" in hook
        return lambda self, *args, **kwargs: calls.append((hook, args[0] if numbered else None))

    cls = type("Recorder", (base,), {hook: make(hook) for hook in hooks})
    return cls(), calls


def run(listed):
    """All hooks of a short training, an evaluation and a prediction."""
    listed.on_train_begin()
    for epoch in range(2):
        listed.on_epoch_begin(epoch)
        for batch in range(2):
            listed.on_train_batch_begin(batch)
            listed.on_train_batch_end(batch, {"loss": 1.0})
        listed.on_epoch_end(epoch, {"loss": 1.0})
    listed.on_train_end()
    for mode in ("test", "predict"):
        getattr(listed, f"on_{mode}_begin")()
        getattr(listed, f"on_{mode}_batch_begin")(0)
        getattr(listed, f"on_{mode}_batch_end")(0, {})
        getattr(listed, f"on_{mode}_end")()


@pytest.mark.parametrize("hook", HOOKS)
def test_each_hook_alone_as_in_tf_keras(tf_keras, hook):
    ours, our_calls = recorder(hook)
    theirs, their_calls = recorder(hook, base=tf_keras.callbacks.Callback)
    run(CallbackList([ours], model=Model()))
    run(tf_keras.callbacks.CallbackList([theirs], model=Model()))
    assert our_calls == their_calls != []


def test_all_hooks_as_in_tf_keras(tf_keras):
    ours, our_calls = recorder(*HOOKS)
    theirs, their_calls = recorder(*HOOKS, base=tf_keras.callbacks.Callback)
    run(CallbackList([ours], model=Model()))
    run(tf_keras.callbacks.CallbackList([theirs], model=Model()))
    assert our_calls == their_calls


def test_hooks_nobody_overrides_cost_nothing():
    listed = CallbackList([Callback(), callbacks.EarlyStopping()], add_history=True, model=Model())
    for mode in MODES:
        assert not listed.has_batch_hooks(mode)
        assert listed.methods(f"on_{mode}_batch_end") == []
    logs = LazyLogs(lambda: pytest.fail("read for nobody"))
    listed.on_train_batch_end(0, logs)
    assert CallbackList([recorder("on_batch_end")[0]]).has_batch_hooks("train")
    assert not CallbackList([recorder("on_batch_end")[0]]).has_batch_hooks("test")


def test_only_every_nth_batch_of_a_checkpoint():
    assert not CallbackList([callbacks.ModelCheckpoint("x")]).has_batch_hooks("train")
    assert CallbackList([callbacks.ModelCheckpoint("x", save_freq=5)]).has_batch_hooks("train")


def test_hooks_may_be_attached_later():
    calls = []
    late = Callback()
    listed = CallbackList([late], model=Model())
    listed.on_epoch_begin(0)
    late.on_batch_end = lambda batch, logs=None: calls.append(batch)
    listed.on_epoch_begin(1)
    listed.on_train_batch_end(7)
    assert calls == [7]


def test_a_callback_of_another_package():
    """No subclass of ours, and only some of the hooks."""

    class Foreign:
        model = params = None

        def set_model(self, model):
            self.model = model

        def set_params(self, params):
            self.params = params

        def on_epoch_end(self, epoch, logs=None):
            self.seen = epoch, dict(logs)

    foreign = Foreign()
    listed = CallbackList([foreign], model=Model(), epochs=2)
    run(listed)
    assert foreign.seen == (1, {"loss": 1.0}) and foreign.params["epochs"] == 2


def test_defaults_model_and_params():
    model = Model()
    listed = CallbackList(
        None, add_history=True, add_progbar=True, model=model, epochs=3, samples=9, verbose=0, steps=4
    )
    kinds = [type(c).__name__ for c in listed]
    assert kinds == ["History", "ProgbarLogger"]
    assert model.history is listed.callbacks[0] and listed.callbacks[0].model is model
    params = listed.callbacks[0].params
    assert params["epochs"] == params["nb_epoch"] == 3 and params["samples"] == params["nb_sample"] == 9
    mine = callbacks.History()
    assert CallbackList([mine], add_history=True).callbacks == [mine]
    assert CallbackList(Callback()).callbacks[0].__class__ is Callback  # one callback, not in a list
    assert [type(c) for c in CallbackList([[Callback()], None])] == [Callback]
    late = Callback()
    listed.append(late)
    assert listed.callbacks[-1] is late


def test_what_is_no_callback():
    with pytest.raises(TypeError, match=r"add \(\)"):
        CallbackList([callbacks.EarlyStopping])
    with pytest.raises(TypeError, match="received 'early'"):
        CallbackList(["early"])


def test_validation_data_of_keras_1():
    one = Callback()
    x, y = np.zeros((4, 2)), [1, 2, 3, 4]
    CallbackList([one], model=Model(), validation_data=(x, y))
    assert one.validation_data[0] is x
    np.testing.assert_array_equal(one.validation_data[1], y)
    np.testing.assert_array_equal(one.validation_data[2], np.ones(4))
    weights = np.arange(4.0)
    CallbackList([one], validation_data=([x, x], {"a": x, "b": x}, {"a": weights, "b": weights}))
    assert len(one.validation_data) == 6 and one.validation_data[4] is weights
    fresh = Callback()
    CallbackList([fresh], validation_data=iter([]))
    assert fresh.validation_data is None


def test_logs_that_a_callback_keeps_are_read_in_time():
    kept = []

    class Keeper(Callback):
        def on_train_batch_end(self, batch, logs=None):
            kept.append(logs)

    class Looker(Callback):
        def on_train_batch_end(self, batch, logs=None):
            pass

    now = {"loss": 0}
    for kind, expected in ((Keeper, 3), (Looker, 0)):
        reads = []
        listed = CallbackList([kind()], model=Model())
        for batch in range(3):
            now["loss"] = batch
            listed.on_train_batch_end(batch, LazyLogs(lambda reads=reads: reads.append(1) or dict(now)))
        assert len(reads) == expected
    assert [logs["loss"] for logs in kept] == [0, 1, 2]


def test_epoch_logs_reach_later_callbacks_and_the_caller():
    class Adds(Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["mine"] = 5

    model, logs = Model(), {"loss": 1.0, "accuracy": 0.5}
    listed = CallbackList([Adds()], add_history=True, model=model)
    listed.on_train_begin()
    listed.on_epoch_end(0, logs)
    assert model.history.history == {"loss": [1.0], "accuracy": [0.5], "mine": [5]}
    assert logs["mine"] == 5
    assert model.history.history["acc"] == [0.5]
