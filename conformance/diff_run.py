"""Running a script on one backend in a process of its own, and reading what it recorded."""

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field

#: Lines of the script's output that are shown when it fails.
_TAIL = 8


@dataclass
class Plan:
    """What the process shall do; it reads this as JSON.

    argv: the command line of `python -m kshim`, without options. steps: training steps to record before the script is
    stopped. until: event behind which to stop. capture: events to write out in full; start: folder of the reference's record, whose
    states they start from. noise: disturb the weights; measure: measure the reach of noise in the captured events.
    limit: bytes to write for one event.
    """

    folder: str
    argv: list
    seed: int = 0
    float64: bool = False
    steps: int = 200
    until: int | None = None
    capture: list = field(default_factory=list)
    start: str | None = None
    noise: bool = False
    measure: bool = False
    limit: int = 2**30


@dataclass
class Record:
    """What a run left: descriptions of models by event, the events (steps), and how the script ended."""

    backend: str
    folder: str
    events: list
    models: list
    end: dict
    seconds: float
    output: str

    def model(self, number, event):
        """The description of a model that holds at an event."""
        return [m for m in self.models if m["m"] == number and m["event"] <= event][-1]

    @property
    def trained(self):
        return sum(e["t"] == "train" for e in self.events)


def environment(backend, device, seed):
    """Variables of the process: the backend, and one order of sets and dicts of text for all."""
    env = dict(os.environ, KSHIM_BACKEND=backend, PYTHONHASHSEED=str(seed), PYTHONUNBUFFERED="1")
    env.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if device:
        env["KSHIM_DEVICE"] = device
    return env


def run(backend, plan, device=None):
    """The `Record` of a run of the script; its output goes to `log.txt` in the plan's folder."""
    os.makedirs(plan.folder)
    path = os.path.join(plan.folder, "plan.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(asdict(plan), f)
    log = os.path.join(plan.folder, "log.txt")
    command = [sys.executable, "-m", "kshim_conformance.diff_record", path]
    started = time.monotonic()
    with open(log, "wb") as out:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=environment(backend, device, plan.seed)
        )  # fmt: skip
        try:
            status = process.wait()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    return read(backend, plan.folder, status, time.monotonic() - started)


def read(backend, folder, status=0, seconds=0.0):
    """The record in a folder; a process that left no end has died, with the exit status given."""
    events, models, end = [], [], None
    for line in _lines(os.path.join(folder, "events.jsonl")):
        if line["t"] == "model":
            models.append(line)
        elif line["t"] == "end":
            end = line
        else:
            events.append(line)
    with open(os.path.join(folder, "log.txt"), encoding="utf-8", errors="replace") as f:
        output = "\n".join(f.read().rstrip().splitlines()[-_TAIL:])
    if end is None:
        how = f"was killed by signal {-status}" if status < 0 else f"ended with exit status {status}"
        text = f"the process {how} and left no record of its end"
        end = {"how": "died", "type": "died", "text": text, "event": len(events), "busy": None}
    return Record(backend, folder, events, models, end, seconds, output)


def _lines(path):
    if not os.path.exists(path):
        return
    with open(path, encoding="utf-8") as f:
        for line in f:
            if line.endswith("\n"):  # a process that dies may leave half a line
                yield json.loads(line)


def is_bad(end):
    """Whether the script came to an end of its own kind: an error, another exit status, or the death of the process."""
    return end["how"] in ("error", "exit", "died")
