"""Drawings of models as DOT text."""

import re

import pytest

import kshim as keras
from kshim.utils import model_to_dot, plot_model


def nodes(text):
    return dict(re.findall(r'^"([^"]+)" \[shape=record, label="(.*)"\];$', text, re.MULTILINE))


def edges(text):
    return re.findall(r'^"([^"]+)" -> "([^"]+)";$', text, re.MULTILINE)


@pytest.fixture
def branched():
    a = keras.layers.Input((4,), name="a")
    shared = keras.layers.Dense(3, activation="relu", name="shared")
    left, right = shared(a), shared(keras.layers.Dense(4, name="extra")(a))
    return keras.models.Model(a, keras.layers.Concatenate(name="both")([left, right]), name="m")


def test_nodes_and_edges(branched):
    text = model_to_dot(branched).to_string()
    assert set(nodes(text)) == {"a", "shared", "extra", "both"}
    # the two calls of the shared layer to the same place are one arrow
    assert sorted(edges(text)) == [("a", "extra"), ("a", "shared"), ("extra", "shared"), ("shared", "both")]
    assert nodes(text)["shared"] == "shared|Dense"
    assert text.startswith("digraph G {\nrankdir=TB;") and text.count("{") == text.count("}")


def test_labels(branched):
    text = model_to_dot(
        branched, show_shapes=True, show_dtype=True, show_layer_activations=True, show_trainable=True, rankdir="LR"
    ).to_string()
    label = nodes(text)["shared"]
    assert label == "T|{shared|{Dense|relu}|float32}|{input:|output:}|{{(None, 4)}|{(None, 3)}}"
    assert "{[(None, 3), (None, 3)]}|{(None, 6)}" in nodes(text)["both"]
    assert "rankdir=LR;" in text
    plain = nodes(model_to_dot(branched, show_layer_names=False).to_string())
    assert plain["shared"] == "Dense"


def test_range_of_layers(branched):
    assert set(nodes(model_to_dot(branched, layer_range=("extra", "both")).to_string())) == {"extra", "shared", "both"}
    with pytest.raises(ValueError, match="'none'"):
        model_to_dot(branched, layer_range=("extra", "none"))


def test_nested(branched):
    inner = keras.models.Sequential([keras.layers.Dense(2, input_shape=(6,), name="inner_dense")], name="inner")
    x = keras.layers.Input((4,), name="x")
    model = keras.models.Model(x, keras.layers.Dense(1, name="last")(inner(branched(x))))
    flat = model_to_dot(model).to_string()
    assert sorted(edges(flat)) == [("inner", "last"), ("m", "inner"), ("x", "m")]
    text = model_to_dot(model, expand_nested=True).to_string()
    assert text.count("subgraph") == 2 and text.count("{") == text.count("}")
    found = edges(text)
    assert ("x", "m/a") in found and ("inner/inner_dense", "last") in found
    (joint,) = [end for start, end in found if start == "m/both"]
    assert joint.startswith("inner/")


def test_special_characters():
    layer = keras.layers.Dense(1, input_shape=(2,), name='a|b"c{d}<e>')
    text = model_to_dot(keras.models.Sequential([layer])).to_string()
    assert r'"a|b\"c{d}<e>" [shape=record, label="a\|b\"c\{d\}\<e\>|Dense"];' in text


def test_subclassed_and_unbuilt():
    class Mine(keras.models.Model):
        def __init__(self):
            super().__init__(name="mine")
            self.dense = keras.layers.Dense(1)

        def call(self, x):
            return self.dense(x)

    model = Mine()
    with pytest.raises(ValueError, match="not yet been built"):
        model_to_dot(model)
    model.build((None, 3))
    assert nodes(model_to_dot(model).to_string()) == {"mine": "mine"}
    with pytest.raises(ValueError, match="not yet been built"):
        plot_model(keras.models.Sequential([keras.layers.Dense(1)]))


def test_files(branched, tmp_path, monkeypatch):
    plot_model(branched, tmp_path / "m.dot", show_shapes=True)
    assert (tmp_path / "m.dot").read_text() == model_to_dot(branched, show_shapes=True).to_string()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ImportError, match="Graphviz.*to_file='model.dot'"):
        plot_model(branched, tmp_path / "m.png")
    program = tmp_path / "dot"  # stands for Graphviz: says how it was called, repeats its input
    program.write_text('#!/bin/sh\necho "drawn with $1"\nwhile read -r line; do echo "$line"; done\n')
    program.chmod(0o755)
    plot_model(branched, tmp_path / "m.svg")
    out = (tmp_path / "m.svg").read_text()
    assert out.startswith("drawn with -Tsvg\ndigraph G {") and out.count("->") == 4
    program.write_text("#!/bin/sh\necho broken >&2\nexit 3\n")
    with pytest.raises(RuntimeError, match="broken"):
        plot_model(branched, tmp_path / "m.png")
    assert not (tmp_path / "m.png").exists()
