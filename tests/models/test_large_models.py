"""Models of many layers: nothing is done once for each pair of them, and nothing recurses."""

import numpy as np
import pytest

import kshim
from kshim import layers
from kshim.models import sequential


@pytest.fixture
def graphs(monkeypatch):
    """The graphs that are made."""
    made = []

    class Counted(sequential.Graph):
        def __init__(self, *args):
            made.append(args)
            super().__init__(*args)

    monkeypatch.setattr(sequential, "Graph", Counted)
    return made


def test_adding_a_layer_looks_at_none_of_the_others(graphs):
    calls = []

    class Counting(layers.Dense):
        def call(self, inputs):
            calls.append(self.name)
            return super().call(inputs)

    model = kshim.Sequential([layers.Input((2,))])
    for _ in range(50):
        model.add(Counting(2))
    assert len(graphs) == 0 and len(calls) <= 3 * len(set(calls))  # for shapes, a constant number of times
    assert model.output_shape == (None, 2) and len(model.weights) == 100
    model.predict(np.zeros((1, 2), "float32"), verbose=0)
    assert len(graphs) == 1


def test_layers_added_and_taken_away_are_called_in_order():
    model = kshim.Sequential([layers.Input((3,))])
    double, triple, negate = (layers.Lambda(lambda x, n=n: x * n) for n in (2.0, 3.0, -1.0))
    model.add(double)
    model.add(triple)
    assert model(np.ones((1, 3))).numpy().tolist() == [[6.0] * 3]
    assert model.pop() is triple
    assert model(np.ones((1, 3))).numpy().tolist() == [[2.0] * 3]
    model.add(negate)
    assert model.layers == [double, negate]
    assert model(np.ones((1, 3))).numpy().tolist() == [[-2.0] * 3]
    assert model.pop() is negate and model.pop() is double
    model.add(layers.Lambda(lambda x: x * 5.0))
    assert model(np.ones((1, 3))).numpy().tolist() == [[5.0] * 3]


def test_a_layer_that_gives_no_tensor_is_refused_when_it_is_added():
    class Wrong(layers.Layer):
        def __call__(self, x):
            return "nothing"

    model = kshim.Sequential([layers.Input((3,))])
    with pytest.raises(ValueError, match="symbolic tensors"):
        model.add(Wrong())


@pytest.mark.parametrize("functional", [False, True])
def test_a_thousand_layers(functional):
    stack = [layers.Dense(2) for _ in range(1000)]
    inputs = x = layers.Input((2,))
    if functional:
        for layer in stack:
            x = layer(x)
        model = kshim.Model(inputs, x)
    else:
        model = kshim.Sequential([inputs, *stack])
    assert [layer.name for layer in model.layers if layer in stack] == [layer.name for layer in stack]
    with kshim.use("numpy"):
        model.compile("sgd", "mse")
        before = stack[0].get_weights()[0]
        history = model.fit(np.ones((4, 2), "float32"), np.ones((4, 2), "float32"), verbose=0)
        assert np.isfinite(history.history["loss"][0]) and stack[0].get_weights()[0].shape == before.shape
