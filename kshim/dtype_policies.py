"""Dtype policies: which dtype variables have, and which computations (tf.keras 2.4, Keras 3)."""

from . import config
from .spec.dtypes import is_float, standardize

__all__ = ["DTypePolicy", "FloatDTypePolicy", "deserialize", "dtype_policy", "get", "serialize", "set_dtype_policy"]

_chosen = None


class DTypePolicy:
    """`name`: a dtype, or 'mixed_float16' / 'mixed_bfloat16' (float32 variables, narrow computations).

    `ValueError` for anything else.
    """

    def __init__(self, name=None):
        name = dtype_policy().name if name is None else name
        try:
            compute = standardize(name.removeprefix("mixed_")) if isinstance(name, str) else None
        except TypeError:
            compute = None
        if compute is None or name.startswith("mixed_") and compute not in ("float16", "bfloat16"):
            raise ValueError(
                f"Cannot convert {name!r} to a dtype policy; expected a dtype, 'mixed_float16' or 'mixed_bfloat16'."
            )
        self._name, self._compute = name, compute

    @property
    def name(self):
        return self._name

    @property
    def compute_dtype(self):
        return self._compute

    @property
    def variable_dtype(self):
        return "float32" if self._name.startswith("mixed_") else self._compute

    def get_config(self):
        return {"name": self._name}

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def __eq__(self, other):
        return isinstance(other, DTypePolicy) and other._name == self._name

    def __hash__(self):
        return hash(self._name)

    def __repr__(self):
        return f'<DTypePolicy "{self._name}">'


FloatDTypePolicy = DTypePolicy


def dtype_policy():
    """The policy of layers that do not name one: the one set, else floatx."""
    return _chosen if _chosen is not None else DTypePolicy(config.floatx())


def set_dtype_policy(policy):
    """Choose the policy of layers made from now on; None goes back to floatx. `ValueError` for an integer dtype."""
    global _chosen
    policy = None if policy is None else get(policy)
    if policy is not None and not is_float(policy.compute_dtype):
        raise ValueError(f"set_dtype_policy({policy.name!r}): layers compute in floating dtypes.")
    _chosen = policy


def get(identifier):
    """A policy from a name, a dtype, a config or itself."""
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if identifier is None:
        return dtype_policy()
    return DTypePolicy(identifier if isinstance(identifier, str) else standardize(identifier))


def serialize(policy):
    """The Keras 3 form of a policy's config."""
    return {"module": "keras", "class_name": "DTypePolicy", "config": policy.get_config(), "registered_name": None}


def deserialize(config, custom_objects=None):
    """A policy from its config, in the form of Keras 2 or 3."""
    return DTypePolicy.from_config(config.get("config", config))
