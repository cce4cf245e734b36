"""What is printed and written: progress, mismatches, the table, JSON."""

import json
import sys
import time
from dataclasses import asdict

#: Cases printed for one backend; the JSON file has all mismatches.
SHOWN = 60
_WIDTH = 24


class Progress:
    """One line on standard error for a backend: redrawn on a terminal, else printed at every quarter."""

    def __init__(self, backend, stream=None):
        self.backend, self.stream = backend, stream or sys.stderr
        self.live = self.stream.isatty()
        self.started, self.drawn, self.quarter = time.monotonic(), 0.0, -1

    def update(self, done, total, what=""):
        share = done / total if total else 1.0
        now = time.monotonic()
        if self.live:
            if now - self.drawn < 0.1 and done != total:
                return
            self.drawn = now
            bar = ("=" * int(share * _WIDTH)).ljust(_WIDTH)
            line = f"{self.backend:<11}[{bar}] {done}/{total} {now - self.started:4.0f} s  {what}"
            self.stream.write("\r\x1b[2K" + line[:118])
        elif int(share * 4) > self.quarter:
            self.quarter = int(share * 4)
            self.stream.write(f"{self.backend:<11}{done}/{total} {now - self.started:4.0f} s\n")
        self.stream.flush()

    def close(self):
        if self.live:
            self.stream.write("\r\x1b[2K")
            self.stream.flush()


def table(rows, head):
    """Rows of strings in aligned columns under a head."""
    rows = [head, *[[str(c) for c in row] for row in rows]]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths)).rstrip() for row in rows]
    return "\n".join([lines[0], "  ".join("-" * w for w in widths), *lines[1:]])


def mismatches(verdict, shown=SHOWN):
    """One line for each case that mismatches: the first time in full, then how often else."""
    cases = {}
    for m in verdict.mismatches:
        cases.setdefault(m.case, []).append(m)
    lines = []
    for first, *others in list(cases.values())[:shown]:
        where = list(dict.fromkeys(f"{m.dtype} {m.variant}" for m in others))
        lines.append(f"{first}{f' [and {len(others)} more: ' + ', '.join(where) + ']' if others else ''}")
    if len(cases) > shown:
        lines.append(f"{verdict.backend}: {len(cases) - shown} more cases mismatch; --json FILE writes all.")
    return "\n".join(lines)


def summary(verdicts, skipped):
    """The table of all backends."""
    parts = ("ops", "derived", "control", "models")
    rows = []
    for v in verdicts:
        wrong = {p: {m.case for m in v.mismatches if m.case.startswith(p + "/")} for p in parts}
        counts = [f"{len(v.cases.get(p, ())) - len(wrong[p])}/{len(v.cases.get(p, ()))}" for p in parts]
        name = f"{v.backend} {v.info.get('version', '')}"
        rows.append([name, v.info.get("device", "?"), *counts, v.checks, len(v.mismatches), f"{v.seconds:.0f} s"])
    for name, reason in skipped.items():
        rows.append([name, "-", *["-"] * len(parts), "-", "-", reason])
    return table(rows, ["backend", "device", *parts, "checks", "mismatches", "time"])


def trained(verdicts):
    """The table of trained models: the largest relative errors of each backend, or an empty string."""
    kinds = (("weights float64", "weights"), ("curve float64", "losses"), ("curve float32", "losses in float32"))
    rows = []
    for v in verdicts:
        for model, errors in v.errors.items():
            if errors:
                rows.append([model, v.backend, *[f"{errors[key]:.1e}" if key in errors else "-" for key, _ in kinds]])
    return table(sorted(rows), ["largest error", "backend", *[name for _, name in kinds]]) if rows else ""


def write_json(path, verdicts, skipped):
    """Everything as JSON."""
    from kshim.saving.atomic import replacing

    document = {"backends": [], "skipped": skipped}
    for v in verdicts:
        entry = asdict(v)
        entry["cases"] = {part: len(ids) for part, ids in v.cases.items()}
        document["backends"].append(entry)
    with replacing(path) as temporary:
        with open(temporary, "w", encoding="utf-8") as f:
            json.dump(document, f, indent=1)
            f.write("\n")
