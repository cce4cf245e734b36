"""What a worker hands back: results in a JSON file, their arrays in an .npz beside it."""

import json
import os
from dataclasses import asdict, dataclass, field

import numpy as np


@dataclass
class Entry:
    """One array of a result. `kind` names its tolerance; `shape` is what the op table says, if it says anything.

    `expected`, where given, is a known answer; otherwise the reference backend's entry of this name is.
    """

    name: str
    kind: str
    dtype: str
    array: object
    expected: object = None
    table: tuple | None = None


@dataclass
class Result:
    """A case in one dtype. `variant`: eager, derived (the definition an override replaces), compiled or wide (the reference).

    `partial`: values only, by choice.
    """

    case: str
    dtype: str
    variant: str
    entries: list = field(default_factory=list)
    error: str | None = None
    warnings: list = field(default_factory=list)
    partial: bool = False
    seconds: float = 0.0

    @property
    def key(self):
        return self.case, self.dtype, self.variant


@dataclass
class Trace:
    """All results of one worker."""

    backend: str
    info: dict
    results: list
    seconds: float

    def extend(self, other):
        """Add what another worker of the same backend found."""
        self.results += other.results
        self.seconds += other.seconds
        if "fault" in self.info:
            self.info["fault"]["calls"] += other.info["fault"]["calls"]


def save(trace, folder):
    """Write the trace into `folder`."""
    arrays, document = {}, asdict(trace)
    for result in document["results"]:
        for entry in result["entries"]:
            for key in ("array", "expected"):
                if entry[key] is not None:
                    name = f"a{len(arrays)}"
                    arrays[name] = np.asarray(entry[key])
                    entry[key] = name
    np.savez(os.path.join(folder, "arrays.npz"), **arrays)
    with open(os.path.join(folder, "trace.json"), "w", encoding="utf-8") as f:
        json.dump(document, f)


def load(folder):
    """The trace in `folder`. Raises `FileNotFoundError` if the worker left none."""
    with open(os.path.join(folder, "trace.json"), encoding="utf-8") as f:
        document = json.load(f)
    results = []
    with np.load(os.path.join(folder, "arrays.npz"), allow_pickle=False) as arrays:
        for r in document.pop("results"):
            entries = r.pop("entries")
            for e in entries:
                for key in ("array", "expected"):
                    if e[key] is not None:
                        e[key] = arrays[e[key]]
                if e["table"] is not None:
                    e["table"] = (tuple(e["table"][0]), e["table"][1])
            results.append(Result(**r, entries=[Entry(**e) for e in entries]))
    return Trace(results=results, **document)
