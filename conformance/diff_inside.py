"""One step written out in full: its data, state, layer outputs, losses, gradients and update, as .npy files in order.

The real step runs as it always does. Beside it the same step runs a second time from copies, with the layers watched,
and on all backends but the reference from the reference's state and data: whatever comes out different there has been
computed differently in this very step.
"""

import json
import os

import numpy as np

from kshim import tree

from . import diff_layers


class Writer:
    """Numbered .npy files in a folder, within a budget of bytes, and their list `entries`."""

    def __init__(self, folder, budget):
        os.makedirs(folder, exist_ok=True)
        self.folder, self.budget = folder, budget
        self.entries, self.left_out = [], 0

    def add(self, stage, name, array, dtype, **more):
        """Write one array; beyond the budget only that it has been left out."""
        array = np.asarray(array)
        entry = {"stage": stage, "name": name, "dtype": str(dtype), "shape": list(array.shape), **more}
        if array.dtype.kind in "OSU":
            array = np.array(array.tolist(), dtype=str)
        if array.nbytes > self.budget:
            self.left_out += 1
            entry["left_out"] = array.nbytes
        else:
            self.budget -= array.nbytes
            entry["file"] = f"{len(self.entries):05d}.npy"
            np.save(os.path.join(self.folder, entry["file"]), array)
        self.entries.append(entry)
        return entry

    def read(self, entry):
        return np.load(os.path.join(self.folder, entry["file"]))


class Capture:
    """What is written out of step `n` (`diff_record.Recorder` makes one before the step and calls `after` behind it)."""

    def __init__(self, plan, n, session, kind, state, hyper, batch):
        from .diff_record import data_leaves, flat_state, host, variables

        self.plan, self.session, self.kind = plan, session, kind
        self.writer = writer = Writer(os.path.join(plan["folder"], f"event-{n}"), plan["limit"])
        self.backend = b = session.backend
        self.host = lambda value: host(b, value)
        self.variables, self.flat_state = variables(session), flat_state
        for name, array in data_leaves(b, kind, batch):
            writer.add("data", name, array, array.dtype.name)
        for (role, v), value in zip(self.variables, flat_state(session, state)):
            writer.add("before", v.path, self.host(value), v.dtype, role=role)
        own = {
            "params": [self.host(v) for v in state["params"]],
            "buffers": [self.host(v) for v in state["buffers"]],
            "slots": [[self.host(v) for v in row] for row in state.get("slots", ())],
            "batch": tree.map_structure(lambda v: self.host(v) if b.is_tensor(v) else v, batch),
            "hyper": dict(hyper),
        }
        self.start = _taken_over(own, plan, n) or own
        self.same_start = self.start is not own
        if plan["start"] is None:
            _keep(own, writer.folder)

    def after(self, new):
        """The step has run and left `new` behind."""
        calls, astray = diff_layers.look(self.session, self.kind, self.start, self.writer, self.plan["measure"])
        if self.kind == "train":
            for (role, v), value in zip(self.variables, self.flat_state(self.session, new)):
                self.writer.add("real", v.path, self.host(value), v.dtype, role=role)
        about = {
            "entries": self.writer.entries, "calls": [c.describe() for c in calls], "astray": astray,
            "same_start": self.same_start, "left_out": self.writer.left_out,
            "losses": self.session.model._compiled.loss_names if self.kind != "predict" else [],
        }  # fmt: skip
        with open(os.path.join(self.writer.folder, "about.json"), "w", encoding="utf-8") as f:
            json.dump(about, f)


def _flat(start):
    """(arrays, hyper): the host state as one list."""
    rows = [a for row in start["slots"] for a in row]
    leaves = [leaf for leaf in tree.flatten(start["batch"]) if leaf is not None]
    return [*start["params"], *start["buffers"], *rows, *leaves]


def _keep(start, folder):
    os.makedirs(os.path.join(folder, "start"), exist_ok=True)
    for i, array in enumerate(_flat(start)):
        np.save(os.path.join(folder, "start", f"{i:05d}.npy"), array)
    hyper = {k: v.item() if hasattr(v, "item") else v for k, v in start["hyper"].items()}
    with open(os.path.join(folder, "start", "hyper.json"), "w", encoding="utf-8") as f:
        json.dump(hyper, f)


def _taken_over(own, plan, n):
    """The reference's state before this step in the structure of `own`; None if it has another form or there is none."""
    if plan["start"] is None:
        return None
    folder = os.path.join(plan["start"], f"event-{n}", "start")
    if not os.path.isdir(folder):
        return None
    files = sorted(f for f in os.listdir(folder) if f.endswith(".npy"))
    arrays, mine = [np.load(os.path.join(folder, f)) for f in files], _flat(own)
    count = len(_flat({**own, "batch": ()}))
    if len(arrays) != len(mine) or [a.shape for a in arrays[:count]] != [a.shape for a in mine[:count]]:
        return None
    with open(os.path.join(folder, "hyper.json"), encoding="utf-8") as f:
        hyper = json.load(f)
    values = iter(arrays)  # in the order of `_flat`
    return {
        "params": [next(values) for _ in own["params"]],
        "buffers": [next(values) for _ in own["buffers"]],
        "slots": [[next(values) for _ in row] for row in own["slots"]],
        "batch": tree.pack_like(own["batch"], [v if v is None else next(values) for v in tree.flatten(own["batch"])]),
        "hyper": hyper,
    }
