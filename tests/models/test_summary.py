"""`model.summary()` line by line against tf_keras."""

import pytest

import kshim


def _lines(model, **kwargs):
    lines = []
    model.summary(print_fn=lambda line, line_break=None: lines.append(line), **kwargs)
    return lines


def _chain(K):
    L = K.layers
    return K.Sequential(
        [L.Conv2D(4, 3, input_shape=(8, 8, 3)), L.BatchNormalization(), L.Flatten(), L.Dropout(0.5), L.Dense(3)],
        name="chain",
    )


def _row(K):
    x = K.Input((6,), name="words", dtype="int32")
    y = K.layers.Embedding(1000, 16, name="a_layer_with_a_name_that_is_long")(x)
    y = K.layers.Bidirectional(K.layers.LSTM(8), name="both")(y)
    return K.Model(x, K.layers.Dense(1, name="out")(y), name="row")


def _branches(K):
    L = K.layers
    a, b = K.Input((4,), name="a"), K.Input((4,), name="b")
    shared = L.Dense(3, name="shared")
    z = L.Concatenate(name="cat")([shared(a), shared(b), L.Dense(2, name="single")(b)])
    z, state = L.GRU(3, return_state=True, name="memory")(L.Reshape((4, 2), name="rows")(z))
    return K.Model([a, b], [L.Add(name="sum")([z, state]), z], name="branches")


def _nested(K):
    L = K.layers
    i = K.Input((4,), name="inside")
    two = K.Model(i, [L.Dense(3, name="left")(i), L.Dense(2, name="right")(i)], name="two")
    stack = K.Sequential(
        [L.InputLayer((3,), name="stack_in"), L.Dense(3, name="d1"), L.BatchNormalization(name="norm")], name="stack"
    )
    stack.trainable = False
    x = K.Input((4,), name="x")
    p, q = two(x)
    return K.Model(x, L.Concatenate(name="cat")([stack(p), q]), name="outer")


def _stacked(K):
    L = K.layers
    inner = K.Sequential([L.InputLayer((4,), name="in1"), L.Dense(5, name="d1")], name="inner")
    middle = K.Sequential([L.InputLayer((4,), name="in2"), inner, L.Dense(2, name="d2")], name="middle")
    return K.Sequential(
        [L.InputLayer((4,), name="in3"), middle, L.Dense(1, name="d3"), L.Dense(1, name="d4")], name="outermost"
    )


OPTIONS = [
    {}, {"show_trainable": True}, {"expand_nested": True}, {"expand_nested": True, "show_trainable": True},
    {"line_length": 120}, {"line_length": 60, "positions": [0.3, 0.6, 0.8, 1.0]},
]  # fmt: skip


@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: "-".join(o) or "plain")
@pytest.mark.parametrize("build", [_chain, _row, _branches, _nested, _stacked], ids=lambda b: b.__name__)
def test_like_tf_keras(tf_keras, build, options):
    tf_keras.backend.clear_session()
    options = {k: list(v) if isinstance(v, list) else v for k, v in options.items()}
    if build in (_chain, _row, _stacked) and "positions" in options:
        options["positions"] = [0.5, 0.8, 1.0]
    expected = _lines(build(tf_keras), **{k: list(v) if isinstance(v, list) else v for k, v in options.items()})
    assert _lines(build(kshim), **options) == expected


def test_range_frozen_layers_and_subclass(tf_keras):
    def lines(K):
        model = _chain(K)
        model.layers[0].trainable = False
        return _lines(model, layer_range=["batch", "drop"], show_trainable=True)

    tf_keras.backend.clear_session()
    assert lines(kshim) == lines(tf_keras)
    for bad, message in ((["x"], "length 2"), ([1, 2], "string"), (["nothing", "else"], "do not match")):
        with pytest.raises(ValueError, match=message):
            _lines(_chain(kshim), layer_range=bad)


def test_not_built(tf_keras):
    messages = []
    for K in (kshim, tf_keras):
        with pytest.raises(ValueError) as error:
            K.Sequential([K.layers.Dense(2)]).summary()
        messages.append(str(error.value))
    assert messages[0] == messages[1]


def test_prints(capsys):
    _chain(kshim).summary()
    out = capsys.readouterr().out
    assert out.startswith('Model: "chain"\n') and "Total params: " in out
