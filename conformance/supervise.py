"""Running a worker process: its environment, its progress, its death."""

import contextlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import threading

from kshim.spec import registry

from .trace import load
from .worker import NO_DEVICE, UNAVAILABLE, UNFINISHED

#: Seconds without a sign of life after which a worker is ended.
SILENCE = 900
#: How many jobs of one backend may kill their process before it is given up.
_DEATHS = 5


class WorkerError(Exception):
    """A worker gave no trace; the message says why."""


class DeviceAbsent(WorkerError):
    """The backend is there, the device asked for is not."""


def available_cores():
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def absent(name):
    """Why a built-in backend cannot run here (its framework is not installed), or None."""
    if name not in registry.BUILTIN:
        return None
    _, framework, package = registry.BUILTIN[name]
    if importlib.util.find_spec(framework) is None:
        return f"{framework} is not installed (pip install '{package}')"
    return None


def _environment(device, threads):
    env = dict(os.environ, PYTHONPATH=os.pathsep.join(p for p in sys.path if p))
    env.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if threads:
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
            env.setdefault(name, str(threads))
    if device:
        env["KSHIM_DEVICE"] = device
    return env


def run_worker(backend, plan, device=None, progress=None, fault=None, threads=None):
    """The trace of one backend, by as many processes as it takes.

    `progress(done, total, what)` is called before each job; `fault` names one to plant; `threads` bounds each process.
    Raises `WorkerError` when the backend cannot be had or its process keeps dying, `DeviceAbsent` when only the device
    is missing. A process that is killed by a signal is started again without the job it died in, which is reported as
    failed.
    """
    options = ["--backend", backend, *plan.arguments()]
    whole, skip, start = None, [], 0
    while True:
        with tempfile.TemporaryDirectory(prefix="kshim-conformance-") as folder:
            now = [*options, "--out", folder, "--start", str(start)]
            for what in skip:
                now += ["--skip", what]
            status, done, last, errors = _once(now, device, progress, threads, fault)
            if status in (0, UNFINISHED):
                trace = load(folder)
                if whole is None:
                    whole = trace
                else:
                    whole.extend(trace)
                if status == 0:
                    return whole
                start = done
                continue
        if status == NO_DEVICE:
            raise DeviceAbsent(errors.strip() or f"Backend {backend!r} has no device {device!r}.")
        if status == UNAVAILABLE:
            raise WorkerError(errors.strip() or f"Backend {backend!r} is not available.")
        if last is None or status > 0 or len(skip) == _DEATHS:
            tail = "\n".join(errors.strip().splitlines()[-15:])
            raise WorkerError(f"The worker of {backend!r} ended with status {status} at {last or 'its start'}:\n{tail}")
        skip.append(last)


def _once(options, device, progress, threads=None, fault=None):
    """(exit status, jobs done, what ran last, standard error) of one process."""
    start = ["kshim_conformance.faults_plant", fault] if fault else ["kshim_conformance.worker"]
    command = [sys.executable, "-m", *start, *options]
    done, last = 0, None
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            errors="replace",
            env=_environment(device, threads),
        )
        watchdog = None
        try:
            for line in process.stdout:
                if watchdog is not None:
                    watchdog.cancel()
                watchdog = threading.Timer(SILENCE, process.kill)
                watchdog.daemon = True
                watchdog.start()
                if line.startswith("@ "):
                    _, done, total, last = line.rstrip("\n").split(" ", 3)
                    done = int(done)
                    if progress is not None:
                        progress(done, int(total), last)
            status = process.wait()
        finally:
            if watchdog is not None:
                watchdog.cancel()
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.stdout.close()
            process.wait()
        errors.seek(0)
        return status, done, last, errors.read()
