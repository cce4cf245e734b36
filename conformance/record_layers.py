"""Write the known answers of the layers: `python -m kshim_conformance.record_layers` (needs tf_keras).

Every answer of tf_keras is held against the numpy backend on the way; what differs is printed, and written as tf_keras
has it. Exit status 1 if anything differs.
"""

import inspect
import json
import os
import sys

import numpy as np

from .cases_layers import Moved, New, cases
from .evaluate import projection
from .layers_known import PATH, RECORDED, TF_KERAS, TF_KERAS_FLOAT32, entry
from .layers_run import PHASES, measure
from .report_json import write_text
from .run import failure

#: Largest difference from the numpy backend, relative to the largest value or 1: by what tf_keras computes in.
_CLOSE = {"float64": 1e-11, "float32": 2e-5}


class Oracle:
    """The layer of tf_keras for a case, in a float type."""

    def __init__(self, case, dtype, b):
        import tf_keras

        self.case, self.dtype, self.b = case, dtype, b
        self.moved = isinstance(case.oracle, Moved)
        source = case.oracle.layer if self.moved else case.oracle
        tf_keras.backend.set_floatx(dtype)
        self.layer = (source if isinstance(source, New) else case).make(tf_keras.layers)
        self._call(False)
        weights = self.layer.weights
        self.weights = case.weight_values([w.name for w in weights], [tuple(w.shape) for w in weights])

    def _array(self, array, back=False):
        if self.moved and array.ndim > 1:
            return np.moveaxis(array, -1, 1) if back else np.moveaxis(array, 1, -1)
        return array

    def _call(self, training):
        """(outputs, float inputs, tape) of one call."""
        import tensorflow as tf

        floats, masks = [], iter(self.case.input_masks())

        def tensor(array):
            x = tf.constant(self._array(array.astype(self.dtype) if array.dtype.kind == "f" else array))
            if array.dtype.kind == "f":
                floats.append(x)
            return x

        args, keywords = self.case.call_arguments(tensor)
        for x, mask in zip(tf.nest.flatten(args), masks):
            if mask is not None:
                x._keras_mask = tf.constant(mask)
        if "training" in inspect.signature(self.layer.call).parameters:
            keywords["training"] = training
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(floats)
            outputs = tf.nest.flatten(self.layer(*args, **keywords))
            ys = [tf.experimental.numpy.moveaxis(y, -1, 1) if self.moved and len(y.shape) > 1 else y for y in outputs]
            losses = list(self.layer.losses)
            total = projection(self.b, self.case, ys, self.dtype)
            for loss in losses:
                total = total + loss
        return outputs, ys, floats, losses, total, tape

    def answers(self, training):
        """{(what, place): array} of one call from the same start."""
        import tensorflow as tf

        states = [s for s in getattr(self.layer, "states", None) or () if isinstance(s, tf.Variable)]
        self.layer.set_weights(self.weights)
        for state, value in zip(states, self.case.state_values(), strict=True):
            state.assign(value)
        outputs, ys, floats, losses, total, tape = self._call(training)
        sources = [*floats, *self.layer.trainable_weights]
        gradients = tape.gradient(total, sources, unconnected_gradients="zero")
        gradients = [tf.convert_to_tensor(g).numpy() for g in gradients]
        found = {("output", i): y.numpy() for i, y in enumerate(ys)}
        for i, y in enumerate(outputs):
            if getattr(y, "_keras_mask", None) is not None:
                found["mask", i] = y._keras_mask.numpy()
        found |= {("loss", i): x.numpy() for i, x in enumerate(losses)}
        for i, g in enumerate(gradients):
            found["gradient", i] = self._array(g, back=True) if i < len(floats) else g
        after = [*self.layer.non_trainable_weights, *states]
        found |= {("after", i): v.numpy() for i, v in enumerate(after)}
        return found


def ask(case, dtype, b):
    """{key: array} of what tf_keras says: both phases, or inference alone where training is random."""
    import tf_keras

    before = tf_keras.backend.floatx()
    try:
        oracle, found = Oracle(case, dtype, b), {}
        for phase, training in PHASES.items():
            if not (training and case.random):
                answers = oracle.answers(training).items()
                found |= {f"{phase} {what} {i}": np.asarray(array) for (what, i), array in answers}
        return found
    finally:
        tf_keras.backend.set_floatx(before)


def differences(own, theirs, dtype):
    """Lines about keys and values in which two {key: array} differ; phases that `theirs` does not have are left out."""
    out = []
    phases = {key.split(" ")[0] for key in theirs}
    for key in sorted({*theirs, *(k for k in own if k.split(" ")[0] in phases)}):
        if key not in own or key not in theirs:
            out.append(f"{key}: only in {'tf_keras' if key in theirs else 'kshim'}")
        elif own[key].shape != theirs[key].shape:
            out.append(f"{key}: shape {own[key].shape} here, {theirs[key].shape} in tf_keras")
        else:
            a, b = (np.asarray(x, np.float64) for x in (own[key], theirs[key]))
            error = np.abs(a - b).max(initial=0.0) / np.abs(b).max(initial=1.0)
            if not error <= _CLOSE[dtype]:
                out.append(f"{key}: differs by {error:.2g} of the largest value")
    return out


def record(case, numpy, tensorflow, report):
    """What the file has for a case."""
    found, _ = measure(numpy, case, "float64")
    own = {f.key: f.array for f in found if f.key.split(" ")[0] in PHASES}
    theirs, out = {}, {}
    if case.oracle is not None:
        precision = "float32" if case.oracle == "float32" else "float64"
        theirs = ask(case, precision, tensorflow)
        for line in differences(own, theirs, precision):
            report(f"{case.id}: {line}")
        if precision == "float32":
            theirs = {}
        if case.same:
            single = ask(case, "float32", tensorflow)
            for line in differences({f.key: f.array for f in measure(numpy, case, "float32")[0]}, single, "float32"):
                report(f"{case.id} in float32: {line}")
            out[TF_KERAS_FLOAT32] = {key: entry(case, key, a) for key, a in sorted(single.items())}
    phases = {key.split(" ")[0] for key in theirs}
    rest = {key: a for key, a in own.items() if key.split(" ")[0] not in phases}
    for source, arrays in ((TF_KERAS, theirs), (RECORDED, rest)):
        if arrays:
            out[source] = {key: entry(case, key, a) for key, a in sorted(arrays.items())}
    return out


def main():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tf_keras

    from kshim.spec import registry

    lines, written = [], {}
    tensorflow = registry.get("tensorflow")
    registry.use("numpy")
    for case in cases():
        try:
            written[case.id] = record(case, registry.state.backend, tensorflow, lines.append)
        except Exception as error:  # tf_keras refuses: `oracle` of the case must say so
            lines.append(f"{case.id}: {failure(error)}")
    about = (
        f"Shapes and projections; {TF_KERAS}: tf_keras {tf_keras.__version__} in float64; {RECORDED}: kshim on numpy."
    )
    PATH.parent.mkdir(exist_ok=True)
    rows = ",\n".join(
        f"{json.dumps(name)}: {json.dumps(found, separators=(',', ':'))}" for name, found in written.items()
    )
    write_text(PATH, f'{{"about": {json.dumps(about)},\n"cases": {{\n{rows}\n}}}}')
    print("\n".join(lines))
    print(
        f"{len(written)} cases, {PATH.stat().st_size / 1000:.0f} kB, {len(lines)} differences from the numpy backend."
    )
    return int(bool(lines))


if __name__ == "__main__":
    sys.exit(main())
