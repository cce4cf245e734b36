"""A process that is measured, from both ends: asked by a line, it answers with a line of JSON."""

import compileall
import json
import os
import subprocess
import sys
import tempfile
import threading
from importlib.util import find_spec
from pathlib import Path

#: Seconds without an answer after which a process is ended.
SILENCE = 600


class Failed(Exception):
    """A process cannot be measured; the message says why."""


def compile_sources():
    """Compile kshim's sources where they lie, as an installation does; what is imported during a step counts as part of it."""
    for name in ("kshim", "kshim_backends", __package__.partition(".")[0]):
        spec = find_spec(name)
        for folder in spec.submodule_search_locations if spec else ():
            compileall.compile_dir(Path(folder), quiet=2)


def environment(threads):
    """Of every process measured: so many threads, no GPU."""
    counts = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NPROC", "TF_NUM_INTRAOP_THREADS",
              "TF_NUM_INTEROP_THREADS")  # fmt: skip
    fixed = {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu", "KSHIM_DEVICE": "cpu", "TF_CPP_MIN_LOG_LEVEL": "3"}
    path = os.pathsep.join(p for p in sys.path if p)
    return {**os.environ, **dict.fromkeys(counts, str(threads)), **fixed, "PYTHONPATH": path}


def cores(threads):
    """The numbers of the first cores this process may use, one for each thread; none where that is unknown."""
    return sorted(os.sched_getaffinity(0))[:threads] if hasattr(os, "sched_getaffinity") else []


class Process:
    """`python -m module SPEC`, whose main is `serve`. Making one does not wait for it, `ready` does."""

    def __init__(self, module, spec, threads):
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, json.dumps({**spec, "cores": cores(threads)})],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=environment(threads),
        )

    def ready(self):
        """Versions of what it has imported."""
        return self._answer(SILENCE)["versions"]

    def ask(self, what, silence=SILENCE):
        """One measurement. `Failed` says why there is none; after so many seconds of silence the process is ended."""
        try:
            self._process.stdin.write(what + "\n")
            self._process.stdin.flush()
        except OSError:
            pass  # it is gone; there will be no answer
        return self._answer(silence)["value"]

    def _answer(self, silence):
        late = threading.Event()

        def end():
            late.set()
            self._process.kill()

        watchdog = threading.Timer(silence, end)
        watchdog.daemon = True
        watchdog.start()
        try:
            line = self._process.stdout.readline()
        finally:
            watchdog.cancel()
        if not line:
            self._process.wait(SILENCE)
            if late.is_set():
                raise Failed(f"no answer within {silence:g} s")
            self._errors.seek(0)
            last = self._errors.read().strip().splitlines()[-1:] or ["nothing was printed"]
            raise Failed(f"ended with status {self._process.returncode}: {last[0]}")
        found = json.loads(line)
        if "problem" in found:
            raise Failed(found["problem"])
        return found

    def close(self):
        """End it."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            try:
                stream.close()
            except OSError:
                pass  # what was left to write


def serve(prepare, modules):
    """The other end: `prepare(spec)` imports what it needs and gives `measure(line)`, whose results are the answers.

    One line of JSON each: {"value": ...} or {"problem": text}; before them {"versions": {...}} of those `modules` there are.
    """
    spec = json.loads(sys.argv[1])
    if spec["cores"] and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, spec["cores"])
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a framework prints must not mix with the answers

    def answer(**what):
        print(json.dumps(what), file=answers, flush=True)

    try:
        measure = prepare(spec)
    except Exception as error:
        return answer(problem=_text(error))
    there = {name: getattr(sys.modules.get(name), "__version__", None) for name in modules(spec)}
    answer(versions={name: str(version) for name, version in there.items() if version})
    for line in sys.stdin:
        try:
            answer(value=measure(line.strip()))
        except Exception as error:
            answer(problem=_text(error))


def _text(error):
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"


def memory(field):
    """Bytes of this process that `/proc/self/status` gives under a name, such as VmHWM; None where it gives none."""
    if os.path.exists("/proc/self/status"):
        with open("/proc/self/status", encoding="ascii", errors="replace") as f:
            for line in f:
                if line.startswith(f"{field}:"):
                    return int(line.split()[1]) * 1024
    return None
