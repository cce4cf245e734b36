"""Dtype policies against tf_keras's."""

import pytest

from kshim import dtype_policies, mixed_precision


@pytest.mark.parametrize("name", ["float32", "float64", "mixed_float16", "mixed_bfloat16"])
def test_dtypes_are_those_of_tf_keras(tf_keras, name):
    ours, theirs = mixed_precision.Policy(name), tf_keras.mixed_precision.Policy(name)
    assert (ours.name, ours.compute_dtype, ours.variable_dtype) == (
        theirs.name,
        theirs.compute_dtype,
        theirs.variable_dtype,
    )
    assert dtype_policies.deserialize(dtype_policies.serialize(ours)) == ours
    assert dtype_policies.get({"class_name": "Policy", "config": {"name": name}}) == ours


def test_global_policy():
    assert mixed_precision.global_policy().name == "float32"
    mixed_precision.set_global_policy("mixed_float16")
    try:
        assert mixed_precision.global_policy().compute_dtype == "float16"
        assert dtype_policies.DTypePolicy().name == "mixed_float16"
    finally:
        mixed_precision.set_global_policy(None)
    assert mixed_precision.global_policy().name == "float32"


@pytest.mark.parametrize("name", ["mixed_float32", "flot32", 3])
def test_unknown_policies(name):
    with pytest.raises((ValueError, TypeError), match="float"):
        dtype_policies.get(name)


def test_layers_do_not_compute_in_integers():
    with pytest.raises(ValueError, match="floating"):
        mixed_precision.set_global_policy("int32")


def test_a_number_is_no_dtype_even_after_tensorflows_were_seen():
    from kshim.spec.dtypes import standardize

    tf = pytest.importorskip("tensorflow", reason="TensorFlow's dtypes compare equal to their numbers")
    assert standardize(tf.int32) == "int32"
    with pytest.raises(TypeError, match="Unknown dtype: 3"):
        standardize(3)
