"""One contender in its own process: reads commands from standard input, answers with seconds on standard output.

Commands: "train" times one epoch, "predict" times a number of one-sample predictions.
"""

import importlib
import os
import sys
import time


class _KerasContender:
    """kshim or real Keras: `fit` for an epoch, `predict` for one sample."""

    def __init__(self, keras, name, samples):
        from .workloads import WORKLOADS, data, keras_model

        self.x, self.y = data(name, samples)
        self.batch = WORKLOADS[name][2]
        self.model = keras_model(keras, name)
        self.one = self.x[:1]

    def epoch(self):
        self.model.fit(self.x, self.y, batch_size=self.batch, epochs=1, verbose=0)

    def predict_one(self):
        return self.model.predict(self.one, verbose=0)


def make(kind, backend, name, samples):
    """A contender: kind is 'kshim', 'keras' or 'hand'."""
    if kind == "hand":
        return importlib.import_module(f"kshim_conformance.speed.hand_{backend}").Contender(name, samples)
    if kind == "kshim":
        import kshim

        kshim.use(backend)
        return _KerasContender(kshim, name, samples)
    os.environ["KERAS_BACKEND"] = backend
    return _KerasContender(importlib.import_module("keras"), name, samples)


def main():
    kind, backend, name, samples, repeats = sys.argv[1:6]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a framework prints must not mix with the answers
    try:
        contender = make(kind, backend, name, int(samples))
    except NotImplementedError as error:
        print("cannot", str(error).splitlines()[0], file=answers, flush=True)
        return
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        command = line.strip()
        start = time.perf_counter()
        if command == "train":
            contender.epoch()
        elif command == "predict":
            for _ in range(int(repeats)):
                contender.predict_one()
        else:
            break
        print(time.perf_counter() - start, file=answers, flush=True)


if __name__ == "__main__":
    main()
