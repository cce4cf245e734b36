"""The document of a run: everything the other reports are made from, kept as strict JSON."""

import datetime
import json
import math
import os
import platform
import subprocess
from dataclasses import asdict

import numpy as np

import kshim
from kshim.saving.atomic import replacing

from .levels import LEVELS

#: Version of the layout below. A file of another version is refused, not guessed at.
SCHEMA = 1
#: Fields of a backend whose numbers may be NaN or infinite: JSON has none, so files hold the strings nan, inf and -inf.
_NUMBERS = ("errors", "curves", "drift", "accuracies")
_NONFINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_DIGITS = 4


def document(verdicts, skipped, options, failed=None, about=None):
    """The document of a run, a dict.

    `skipped`: backend -> why it is absent here; `failed`: backend -> why it gave no results; `options`: what the run was
    asked to do, a dict; `about`: the machine, by default `machine(...)` of the one this runs on.
    """
    return {
        "schema": SCHEMA,
        "kshim": kshim.__version__,
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
        "machine": machine([v.info.get("device", "") for v in verdicts]) if about is None else about,
        "options": dict(options),
        "levels": list(LEVELS),
        "backends": {v.backend: _backend(v) for v in verdicts},
        "skipped": dict(skipped),
        "failed": dict(failed or {}),
    }


def _backend(v):
    return {
        "info": dict(v.info),
        "seconds": round(v.seconds, 3),
        "checks": v.checks,
        "levels": {
            name: {
                "cases": sorted(v.levels[name].cases | v.levels[name].wrong),  # a case not run at all is only wrong
                "wrong": sorted(v.levels[name].wrong),
                "checks": v.levels[name].checks,
                "seconds": round(v.levels[name].seconds, 3),
            }
            for name in LEVELS
            if name in v.levels
        },
        "mismatches": [asdict(m) for m in v.mismatches],
        "times": {case: float(f"{seconds:.{_DIGITS}g}") for case, seconds in v.times.items()},
        **{name: getattr(v, name) for name in _NUMBERS},
    }


def machine(devices=()):
    """What runs this: platform, processor, cores, and the GPUs' names where one of `devices` is no CPU."""
    found = {
        "platform": platform.platform(),
        "machine": platform.machine(),
        "processor": _processor(),
        "cores": os.cpu_count(),
    }
    if any(d and not str(d).startswith("cpu") for d in devices):
        found["gpu"] = _gpus()
    return found


def _processor():
    """The processor's model; Linux tells it only in a file."""
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as f:
            for line in f:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _gpus():
    """Names of the NVIDIA GPUs, or why they are unknown."""
    command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    try:
        text = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        return f"unknown ({type(error).__name__} of nvidia-smi)"
    names = [line.strip() for line in text.splitlines() if line.strip()]
    return ", ".join(f"{names.count(n)} x {n}" if names.count(n) > 1 else n for n in dict.fromkeys(names))


def strict(value):
    """`value` in JSON's own terms: NaN and infinities as strings, NumPy's scalars and arrays as numbers and lists."""
    if isinstance(value, dict):
        return {str(k): strict(v) for k, v in value.items()}
    if isinstance(value, (set, frozenset)):
        return strict(sorted(value))
    if isinstance(value, np.ndarray):
        return strict(value.tolist())
    if isinstance(value, (list, tuple)):
        return [strict(v) for v in value]
    if isinstance(value, np.generic):
        return strict(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"A report holds numbers, texts, lists and dicts; got a {type(value).__name__}: {value!r}.")


def _numbers(value):
    """`value` with the strings of `strict` as numbers again."""
    if isinstance(value, dict):
        return {k: _numbers(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_numbers(v) for v in value]
    return _NONFINITE.get(value, value) if isinstance(value, str) else value


def write_json(path, found):
    """Write a document; a crash on the way leaves the old file."""
    write_text(path, json.dumps(strict(found), indent=1, allow_nan=False))


def write_text(path, text):
    """Write a text as UTF-8 with a newline at its end: all of it or nothing."""
    with replacing(path) as temporary:
        with open(temporary, "w", encoding="utf-8", newline="\n") as f:
            f.write(text + "\n")


def _refused(word):
    raise ValueError(f"{word} is no JSON; numbers that are not finite are the strings nan, inf and -inf")


def parsed(path, what, constant=None):
    """The JSON in a file. Raises `ValueError` naming `what` it should be, `OSError` if unreadable. `constant`: see `json.load`."""
    with open(path, encoding="utf-8") as f:
        try:
            return json.load(f, parse_constant=constant)
        except ValueError as error:
            raise ValueError(f"{path} is no {what}: {error}.") from error


def read(path):
    """The document in a file. Raises `ValueError` for what is no document of this version, `OSError` if unreadable."""
    found = parsed(path, "report of the conformance suite", _refused)
    schema = found.get("schema") if isinstance(found, dict) else None
    if schema != SCHEMA:
        raise ValueError(
            f"{path} is no report of the conformance suite of schema {SCHEMA}: its schema is {schema!r}. "
            "Make one with python -m kshim_conformance --json FILE."
        )
    for backend in found["backends"].values():
        for name in _NUMBERS:
            backend[name] = _numbers(backend[name])
    return found
