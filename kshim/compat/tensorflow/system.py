"""Functions, devices, configuration and other things around computing that programs ask TensorFlow for."""

import builtins
import contextlib
import logging
import sys

from ... import ops
from ...engine.names import name_scope
from ...spec import registry

__all__ = [
    "Assert", "cond", "control_dependencies", "custom_gradient", "device", "executing_eagerly", "function",
    "get_logger", "group", "inside_function", "init_scope", "map_fn", "name_scope", "no_op", "print", "while_loop",
]  # fmt: skip


def function(func=None, input_signature=None, autograph=True, jit_compile=None, **options):
    """Decorator that changes nothing: kshim compiles whole training steps itself."""
    return func if func is not None else lambda f: f


def custom_gradient(f=None):
    return ops.custom_gradient(f)


def device(device_name):
    """`with tf.device(name):` runs on the backend's device, whatever the name (KSHIM_DEVICE chooses it)."""
    return contextlib.nullcontext(device_name)


def control_dependencies(control_inputs):
    return contextlib.nullcontext()


def init_scope():
    return contextlib.nullcontext()


def executing_eagerly():
    return True


def inside_function():
    return False


def no_op(name=None):
    return None


def group(*inputs, **kwargs):
    return None


def get_logger():
    return logging.getLogger("tensorflow")


def print(*inputs, output_stream=sys.stderr, summarize=3, sep=" ", end="\n", name=None):
    """Print values to standard error, as TensorFlow does."""
    _print(*inputs, file=output_stream, sep=sep, end=end)


def Assert(condition, data, summarize=None, name=None):
    """`ValueError` showing `data` if the condition does not hold."""
    if not bool(ops.convert_to_tensor(condition)):
        raise ValueError(f"Assertion failed; data: {[str(d) for d in data]}")


def cond(pred, true_fn=None, false_fn=None, name=None):
    return ops.cond(pred, true_fn, false_fn)


def while_loop(cond, body, loop_vars, maximum_iterations=None, name=None, **options):
    """`loop_vars = body(*loop_vars)` while `cond(*loop_vars)`."""
    return ops.while_loop(cond, body, loop_vars, maximum_iterations)


def map_fn(fn, elems, dtype=None, name=None, fn_output_signature=None, **options):
    return ops.map(fn, elems)


def gpus():
    """Names of the backend's devices that are not processors."""
    return [d for d in registry.resolve().devices() if not d.startswith("cpu")]


_print = builtins.print
