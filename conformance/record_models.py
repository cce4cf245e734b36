"""`python -m kshim_conformance.record_models`: write known/models.json, the courses of training that are known answers.

For the optimizers that tf_keras has: tf_keras in float64 from the same initial weights with the same batches. For all
other models, whose masks and order of samples only kshim draws: the numpy backend, so that a change is seen.
"""

import json
import sys

import numpy as np

from kshim.spec import registry

from .models import _KNOWN, MODELS, started, sums, train
from .models_data import BATCH, EPOCHS
from .models_parts import OPTIMIZERS, data
from .report_json import write_text


def by_tf_keras(name):
    """(losses, predictions) of an optimizer's model in tf_keras, or None where it has no such optimizer."""
    import tf_keras

    cls, arguments = OPTIMIZERS[name]
    if not hasattr(tf_keras.optimizers, cls):
        return None
    with started("float64"):
        model, *_ = MODELS[f"optimizer_{name}"]()
        weights = [np.asarray(w) for w in model.get_weights()]
    tf_keras.backend.set_floatx("float64")
    twin = tf_keras.Sequential(
        [tf_keras.layers.Dense(6, activation="tanh", input_shape=(4,)), tf_keras.layers.Dense(2)]
    )
    twin.set_weights(weights)
    # Eagerly: in a graph the Nadam of tf_keras counts its schedule once for each trace.
    twin.compile(getattr(tf_keras.optimizers, cls)(**arguments), "mse", run_eagerly=True)
    x, y = data()
    history = twin.fit(x, y, batch_size=BATCH, epochs=EPOCHS, shuffle=False, verbose=0).history
    return history, [twin.predict(x, verbose=0)]


def main():
    registry.use("numpy")
    out = {}
    for name in MODELS:
        known = by_tf_keras(name.removeprefix("optimizer_")) if name.startswith("optimizer_") else None
        history, predicted, *_ = known or train(name, "float64")
        values = {key: [float(v) for v in column] for key, column in history.items()}
        out[name] = {
            "by": "tf_keras" if known else "kshim on numpy",
            "history": values,
            "predicted": [sums(p).tolist() for p in predicted],
        }
        print(name, out[name]["by"], values[next(iter(values))][:: EPOCHS - 1], flush=True)
    write_text(_KNOWN, json.dumps(out, indent=0))
    return 0


if __name__ == "__main__":
    sys.exit(main())
