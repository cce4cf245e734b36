"""The process in which `diff` runs a script on one backend: records its steps and leaves them in a folder.

Started as `python -m kshim_conformance.diff_record PLAN`, a JSON file (see `diff_run.Plan`). `events.jsonl` gets a line
for every model and every step as they come, so that a process that dies leaves what it has done, and a last one that
says how the script ended. The steps named in the plan are written out in full by `diff_inside`.
"""

import io
import json
import os
import random
import sys
import weakref

import numpy as np

from kshim import config, tree
from kshim.engine import seeds
from kshim.training.session import Session

from . import diff_inside
from .diff_noise import Noise
from .diff_prints import Fingerprints


class Enough(SystemExit):
    """Ends the script: what was asked for has been recorded."""


def host(backend, value):
    """A NumPy copy of a native value that stays as it is whatever happens to the value."""
    return np.array(backend.to_numpy(value))


def samples(backend, batch):
    """The number of samples of the inputs `batch` that count in a prediction.

    Where shapes are compiled in, `predict` fills the last batch up with its last sample and cuts the outputs. What equals
    the last sample at the end of a batch is left out on all backends.
    """
    leaves = [leaf if isinstance(leaf, np.ndarray) else host(backend, leaf) for leaf in tree.flatten(batch)]
    n = leaves[0].shape[0] if leaves[0].ndim else 1
    if not n or any(leaf.shape[:1] != (n,) for leaf in leaves):
        return n
    same = np.ones(n, bool)
    for leaf in leaves:
        rows = leaf.reshape(n, -1)
        same &= ((rows == rows[-1]) | (rows != rows) & (rows[-1] != rows[-1])).all(axis=1)
    return int(n - np.argmin(same[::-1])) + 1 if not same.all() else 1


def data_leaves(backend, kind, batch):
    """(name, NumPy array) of everything in the batch of a step that counts."""
    if kind == "predict":
        count = samples(backend, batch)
        batch = tree.map_structure(lambda leaf: leaf[:count] if leaf.shape else leaf, batch)
    parts = (batch, None, None) if kind == "predict" else batch
    for name, part in zip(("x", "y", "sample_weight"), parts):
        if part is None:
            continue
        if isinstance(part, dict):
            named = [(f"{name}[{key!r}]", part[key]) for key in sorted(part, key=str)]
        else:
            leaves = tree.flatten(part)
            named = [(f"{name}[{i}]" if len(leaves) > 1 else name, leaf) for i, leaf in enumerate(leaves)]
        for label, leaf in named:
            if leaf is not None:
                yield label, (host(backend, leaf) if backend.is_tensor(leaf) else np.asarray(leaf))


def variables(session):
    """(role, variable) of all that a training step changes, in the order params, buffers, slots; without metrics."""
    found = [("weight", v) for v in session.trainable] + [("state", v) for v in session.frozen]
    slots = session.model.optimizer.slots.values() if session.model.optimizer is not None else ()
    return found + [("slot", v) for row in slots for v in row]


def flat_state(session, state):
    """The native values of `variables(session)` in a step's state."""
    slots = [value for row in state.get("slots", ()) for value in row]
    return [*state["params"], *state["buffers"][: len(session.frozen)], *slots]


class Recorder:
    """The observer of all sessions: passes every step on and writes down what it did."""

    def __init__(self, plan, out):
        self.plan, self.out = plan, out
        self.prints = Fingerprints()
        self.noise = Noise() if plan["noise"] else None
        self.models = weakref.WeakKeyDictionary()
        self.described = {}
        self.number = self.trained = self.untrained = 0
        self.stopped = False
        self.busy = None
        self.seeded = False

    def listen(self):
        """Notice when the script seeds NumPy, from which kshim draws its seed."""
        plain = np.random.seed

        def seed(*args, **kwargs):
            self.seeded = True
            return plain(*args, **kwargs)

        np.random.seed = seed

    def write(self, **line):
        self.out.write(json.dumps(line) + "\n")
        self.out.flush()

    def end(self, **how):
        """Write the last line."""
        self.write(t="end", event=self.number, seeded=self.seeded or seeds._global.chosen, **how)

    def _enough(self, kind):
        over = self.plan["until"] is not None and self.number > self.plan["until"]
        return over or kind == "train" and self.trained == self.plan["steps"]

    def _stop(self):
        if self.stopped:  # the script has caught it; it cannot be let go on for ever
            sys.stdout.flush()
            os._exit(0)
        self.stopped = True
        self.end(how="stopped")
        raise Enough(0)

    def __call__(self, session, kind, state, hyper, batch):
        if self._enough(kind):
            self._stop()
        self.untrained = 0 if kind == "train" else self.untrained + 1
        if self.untrained > self.plan["steps"]:
            return session.run(kind, state, hyper, batch)
        n, self.number = self.number, self.number + 1
        self.trained += kind == "train"
        model = self._describe(session)
        self.busy = {"event": n, "kind": kind, "model": model, "step": self.trained - (kind == "train")}
        try:
            out = self._observed(n, model, session, kind, state, hyper, batch)
        except BaseException:  # it has not taken place; the session may try again with more variables
            self.number, self.trained = n, self.trained - (kind == "train")
            raise
        self.busy = None
        return out

    def _describe(self, session):
        """The number of the model; writes down what it is made of when it is new or has changed."""
        model = session.model
        number = self.models.setdefault(model, len(self.models))
        made_of = [[role, v.path, list(v.shape), str(v.dtype)] for role, v in variables(session)]
        if self.described.get(number) != made_of:
            before = self.prints_of(session.backend, [v.native for _, v in variables(session)])
            self.write(
                t="model", m=number, name=model.name, cls=type(model).__name__, variables=made_of, before=before,
                new=number not in self.described, backend=session.backend.name, event=self.number - 1,
                optimizer=None if model.optimizer is None else type(model.optimizer).__name__,
                losses=[] if model._compiled is None or not model._compiled.built else model._compiled.loss_names,
            )  # fmt: skip
            self.described[number] = made_of
        return number

    def prints_of(self, backend, values):
        return [self.prints.of(backend.to_numpy(v)) for v in values]

    def _observed(self, n, model, session, kind, state, hyper, batch):
        b, plan = session.backend, self.plan
        if self.noise is not None:
            state = self.noise.before(session, kind, state)
        data = [[name, self.prints.of(array)] for name, array in data_leaves(b, kind, batch)]
        line = {"t": kind, "n": n, "m": model, "hyper": {k: _plain(v) for k, v in hyper.items()}, "data": data}
        if kind == "train":
            line["step"] = self.trained - 1
        capture = None
        if n in plan["capture"]:
            capture = diff_inside.Capture(plan, n, session, kind, state, hyper, batch)
        totals = state.get("totals")
        if totals is not None:  # sums from zero give the losses of this step alone
            state = {**state, "totals": [b.full((), 0.0, b.dtype_of(t)) for t in totals]}
        new, out = session.run(kind, state, hyper, batch)
        if totals is not None:
            count = max(1, tree.flatten(batch[0])[0].shape[0])
            line["loss"] = [float(b.to_numpy(t)) / count for t in new["totals"]]
            new = {**new, "totals": [b.add(old, t) for old, t in zip(totals, new["totals"])]}
        else:
            count = samples(b, batch)
            arrays = [b.to_numpy(value) for value in tree.flatten(out)]
            line["outputs"] = [self.prints.of(a[:count] if a.ndim else a) for a in arrays]
        if capture is not None:
            capture.after(new)
        if kind == "train":
            if self.noise is not None:
                new = self.noise.after(session, new)
            line["after"] = self.prints_of(b, flat_state(session, new))
        self.write(**line)
        return new, out


def _plain(value):
    return int(value) if isinstance(value, (int, np.integer)) else float(value)


def _traceback(error):
    """The traceback as the script's user would see it."""
    saved, sys.stderr = sys.stderr, io.StringIO()
    try:
        sys.excepthook(type(error), error, error.__traceback__)
        return sys.stderr.getvalue()
    finally:
        sys.stderr = saved


def main(argv=None):
    """Run the plan; the exit status is 0 whatever becomes of the script, whose end is in the record."""
    with open((sys.argv[1:] if argv is None else argv)[0], encoding="utf-8") as f:
        plan = json.load(f)
    random.seed(plan["seed"])
    np.random.seed(plan["seed"])  # kshim draws its own seed from here, unless the script sets one
    if plan["float64"]:
        config.set_floatx("float64")
    from kshim import runner

    with open(os.path.join(plan["folder"], "events.jsonl"), "w", encoding="utf-8") as out:
        recorder = Session.observer = Recorder(plan, out)
        recorder.listen()
        end = {"how": "finished"}
        try:
            status = runner.main(plan["argv"])
            if status:
                end = {"how": "exit", "status": status}
        except Enough:
            return 0
        except SystemExit as error:
            if error.code not in (None, 0):
                end = {"how": "exit", "status": error.code if isinstance(error.code, int) else str(error.code)}
        except BaseException as error:
            text = _traceback(error)
            sys.stderr.write(text)
            end = {"how": "error", "type": type(error).__name__, "text": str(error), "traceback": text}
        recorder.end(**end, busy=recorder.busy)
    return 0


if __name__ == "__main__":
    sys.exit(main())
