"""All backends of a run: the reference first, the others beside it, then what each makes of the files of the others."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from .supervise import DeviceAbsent, WorkerError, absent, available_cores, run_worker

REFERENCE = "numpy"


@dataclass
class Outcome:
    """Traces by backend, the reference's among them; why a backend was skipped or failed, by name."""

    traces: dict = field(default_factory=dict)
    skipped: dict = field(default_factory=dict)
    failed: dict = field(default_factory=dict)


def run(names, plan, device=None, jobs=1, progress=None):
    """The `Outcome` of running the plan on every backend named, `jobs` of them at a time.

    The reference computes on the CPU whatever the device.
    """
    out, threads = Outcome(), max(1, available_cores() // jobs)
    everyone = [REFERENCE, *(name for name in names if name != REFERENCE)]
    for name in list(everyone):
        reason = absent(name)
        if reason:
            out.skipped[name] = reason
            everyone.remove(name)
            if progress is not None:
                progress.finish(name, "skipped")

    def one(name, plan):
        reference = name == REFERENCE
        report = None if progress is None else lambda *where: progress.update(name, *where)
        try:
            where = "cpu" if reference else device
            trace = run_worker(name, replace(plan, reference=reference), where, report, threads=threads)
        except DeviceAbsent as error:
            out.skipped[name], end = str(error), "skipped"
        except WorkerError as error:
            out.failed[name], end = str(error), "failed"
        else:
            if name in out.traces:
                out.traces[name].extend(trace)
            else:
                out.traces[name] = trace
            end = f"{trace.seconds:.0f} s"
        if progress is not None:
            progress.finish(name, end)

    def all_of(some, plan):
        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(lambda name: one(name, plan), some))

    with tempfile.TemporaryDirectory(prefix="kshim-conformance-files-") as folder:
        exchange = bool(plan.selection().files)
        all_of(everyone, replace(plan, folder=folder) if exchange else plan)
        if exchange:
            there = tuple(name for name in everyone if name in out.traces)
            all_of(there, replace(plan, folder=folder, load=there))
    return out
