"""What `diff` says: its progress, the report on the backends, and the same as a JSON document."""

import textwrap
from dataclasses import asdict

from . import diff_advice
from .diff_run import is_bad
from .diff_words import agreed, counted, indented, number, place, said, steps, table


# progress, and what stands in the way ------------------------------------------------------------------------------
def head(options):
    """The first line."""
    first, *others = options.names
    how = ", in float64" if options.float64 else ""
    return f"{' '.join(options.script)}: {first} (the reference) and {', '.join(others)}, seed {options.seed}{how}\n"


def running(backend, label):
    """Printed while a run goes on, completed by `ran`."""
    return f"  {backend:<12}{label:<20} ... "


def ran(record):
    how = f", then {said(record.end)}" if is_bad(record.end) else ""
    return f"{steps(record)} in {record.seconds:.1f} s{how}"


def nothing(reference):
    """When no backend did a step."""
    lines = [
        "Nothing to compare: the script neither trained, evaluated nor predicted with a model on any backend (steps taken by "
        "hand with GradientTape are not seen)."
    ]
    if reference.end["how"] in ("exit", "died"):
        lines.append(f"On {reference.backend} it ended with {said(reference.end)}.")
    if reference.output:
        lines += ["The last lines of its output:", indented(reference.output)]
    return "\n".join(lines)


def chosen(backend, other):
    """When the script does not run on the backend it was started on."""
    return (
        f"Nothing to compare: on {backend} the script runs on {other}, because it chooses the backend itself. Take "
        "kshim.use() or the setting of KSHIM_BACKEND out of it."
    )


def lost(record):
    """When a step could not be looked into."""
    end = f" ({said(record.end)})" if is_bad(record.end) else ""
    return f"The step could not be written out: the script did not come as far a second time{end}."


def gaps(abouts, limit):
    """What of a step was not compared; `abouts`: of both sides."""
    notes = [f"The layers could not be watched: in the step {a['astray']}." for a in abouts if a["astray"]][:1]
    left_out = max(a["left_out"] for a in abouts)
    if left_out:
        notes.append(
            f"Not compared: {counted(left_out, 'tensor')} of the step, larger than what --limit {limit} (MB) leaves."
        )
    return notes


# the report --------------------------------------------------------------------------------------------------------
def report(outcomes, options, sources):
    """The report on all backends."""
    parts = [outcome(o, options, sources) for o in outcomes]
    rest = [_common(outcomes), _unseeded(outcomes, options)]
    if options.keep:
        rest.append(f"Records and tensors are in {options.keep}.")
    return "\n\n".join([*parts, *(_wrapped(text, _WIDE) for text in rest if text)])


def _unseeded(outcomes, options):
    """What to say of a script that sets no seed, unless that has been said of one that cannot be made to repeat."""
    if outcomes[0].reference.end.get("seeded", True) or any(o.repeats is False for o in outcomes):
        return None
    return (
        f"The script sets no seed: here every run started from seed {options.seed}, by itself it gives other numbers each time. "
        "keras.utils.set_random_seed(0) on top makes it repeat."
    )


def _common(outcomes):
    """A sentence when several backends part from the reference at the same tensor with the same values; else None."""
    found = [o for o in outcomes if o.finding is not None and o.finding.worst is not None]
    if len(found) < 2 or len(found) < len(outcomes):
        return None
    tensors = [o.finding for o in found]
    if len({(t.stage, t.name, o.parting.event) for t, o in zip(tensors, found)}) > 1:
        return None
    got = [t.worst[2] for t in tensors]
    if max(got) - min(got) > max(t.limit for t in tensors):
        return None
    first = found[0].reference.backend
    names = ", ".join(o.backend for o in found)
    return f"{names} differ from {first} at the same tensor and agree with each other: it is rather {first} that is wrong there."


def outcome(found, options, sources):
    """The report on one backend: what differs first, the values, what agrees before, and where to look."""
    first = found.reference.backend
    if found.agrees:
        return _agreement(found)
    lines = [f"{found.backend}: differs from {first} {_where(found)}.", ""]
    for title, text in _sections(found, options, sources):
        rows = (text if title in _FIXED else _wrapped(text, _WIDE - 24)).splitlines()
        lines.append(f"  {title:<22}{rows[0]}")
        lines += [f"{'':24}{row}".rstrip() for row in rows[1:]]
    return "\n".join(lines)


def _agreement(found):
    first = found.reference.backend
    text = f"{found.backend}: agrees with {first}: {steps(found.record)}; {agreed(found.agreed)}"
    if not found.rounding:
        lines = [f"{text}."]
    else:
        lines = [f"{text}, but for rounding."]
        lines.append(
            f"  Note: {_where(found)} rounding takes the two further apart than noise takes {first} from itself "
            f"({diff_advice.quantity(found.parting)}). In float64 they agree: {agreed(found.exact.agreed)}."
        )
    if is_bad(found.record.end):
        lines.append(f"  On both the script ends with {said(found.record.end).rstrip('.')}.")
    return _wrapped("\n".join(lines + [f"  Note: {note}" for note in _chaos(found)]), _WIDE)


#: Sections whose lines stay as they are.
_FIXED = ("", "Traceback")
_WIDE = 120


def _wrapped(text, width):
    """The text in lines of at most the width; those that continue one keep its indentation."""
    out = []
    for line in text.splitlines():
        indent = " " * (len(line) - len(line.lstrip()))
        out += textwrap.wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False) or [
            ""
        ]
    return "\n".join(out)


def _sections(found, options, sources):
    yield "What differs first", diff_advice.difference(found)
    yield "", _values(found)
    yield "What agrees before", _before(found)
    follows = _after(found)
    if follows:
        yield "What follows", follows
    yield "Where to look", diff_advice.advice(found, options, sources)
    if found.parting.what == "error":
        yield from _tracebacks(found)
    for note in [*found.notes, *(_chaos(found) if found.repeats is not False else ())]:
        yield "Note", note


def _tracebacks(found):
    """What Python or the process said, of every backend on which the script failed."""
    for record in (found.reference, found.record):
        if is_bad(record.end):
            lines = (record.end.get("traceback") or record.output).rstrip().splitlines()
            yield "Traceback", "\n".join([f"{record.backend}:", *(f"  {line}" for line in lines[-16:])])


#: Relative distance from which on agreement says little.
_WIDELY = 1e-3


def _chaos(found):
    if found.agrees and found.chaotic is None and max(found.agreed.values(), default=0.0) > _WIDELY:
        yield "Rounding moves this script by as much as that, so a small fault would not show. Try --float64."
    elif found.chaotic is not None:
        yield (
            f"From {place(found.reference, found.chaotic)} on, rounding alone changes the loss of this script by more than a "
            "tenth, so what is allowed there is wide. Try --float64."
        )


def _where(found):
    n, what = found.parting.event, found.parting.what
    record = next((r for r in (found.reference, found.record) if n < len(r.events)), None)
    if record is None:
        return f"after {steps(found.reference)}"
    if what == "initial":
        return f"before {place(record, n)}, in the initial weights"
    return f"at {place(record, n)}{', in its data' if what == 'data' else ''}"


def _values(found):
    """The table of values: of the tensor's elements if they are known, else of what was recorded of the step."""
    sides = [found.reference.backend, found.backend]
    head_ = ["", *sides, "error", "allowed"]
    tensor, parting = found.finding or found.own, found.parting
    if tensor is not None and tensor.worst is not None:
        rows = [head_]
        for label, (index, a, b) in (("first wrong", tensor.first), ("worst", tensor.worst)):
            apart = f"{abs(a - b):.2e}" if isinstance(a, (int, float)) else ""
            at = f"{label} [{', '.join(map(str, index))}]"
            rows.append([at, number(a, tensor.dtype), number(b, tensor.dtype), apart, f"{tensor.limit:.1e}"])
        if rows[1][1:] == rows[2][1:]:
            rows[1:] = [[rows[1][0].replace("first wrong", "first and worst"), *rows[1][1:]]]
        return table(rows)
    if tensor is not None:
        return table([["", *sides], [tensor.what, *map(str, tensor.first[1:])]])
    rows = [head_]
    for item in parting.items[:4]:
        norms = parting.what in ("weight", "output", "data", "initial") and isinstance(item.expected, float)
        apart = f"{item.distance:.2e}" if item.distance != float("inf") else ""
        both = [number(v, "float64") for v in (item.expected, item.got)]
        rows.append(
            [f"norm of {item.name}" if norms else item.name, *both, apart, f"{item.limit:.1e}" if apart else ""]
        )
    if any(len(cell) > 60 for row in rows for cell in row):
        return "\n".join(f"{side}: {value}" for row in rows[1:] for side, value in zip(sides, row[1:3]))
    more = len(parting.items) - 4
    keep = 5 if any(row[3] for row in rows[1:]) else 3
    return table([row[:keep] for row in rows]) + (f"\nand {more} more" if more > 0 else "")


#: The order in which an event is compared, and what each comparison is about.
_ORDER = ("path", "variables", "initial", "seed", "data", "hyper", "loss", "output", "weight")
_CAUSES = {
    "variables": "the model's variables", "initial": "their initial values", "seed": "the random seed", "data": "the data",
    "hyper": "the optimizer's settings",
}  # fmt: skip
_STAGES = {
    "forward": ("layer output", ", up to {!r}"),
    "loss": ("loss value", ""),
    "state": ("state variable", ""),
    "backward": ("gradient", ", the last one of {!r}"),
    "slot": ("optimizer variable", ""),
    "update": ("updated weight", ""),
}


def _before(found):
    """What was compared before the difference and agrees: the steps before, the causes looked at first, parts of the step."""
    n, what, events = found.parting.event, found.parting.what, found.reference.events
    lines = []
    done = sum(e["t"] == "train" for e in events[:n])
    if n:
        earlier = f"training step{'s 0 to' if done > 1 else ''} {done - 1}" if done else f"{counted(n, 'step')} before"
        lines.append(f"{earlier}: {agreed(found.agreed)}")
    if what in _ORDER:
        new = n < len(events) and found.reference.model(events[n]["m"], n)["event"] == n
        causes = [_CAUSES[c] for c in _ORDER[: _ORDER.index(what)] if c in _CAUSES and (new or c != "initial")]
        if causes:
            lines.append(f"in this step: {', '.join(causes)}")
    stages = [(*_STAGES[stage], row) for stage, row in found.inside.items() if stage in _STAGES]
    if stages and what in ("loss", "output", "weight"):
        lines.append("in this step run from the same weights and data:")
        for noun, last, (count, error, name) in stages:
            how = f"to {error:.1e}" if error else "equal"
            lines.append(f"  {counted(count, noun)}, {how}{last.format(name)}")
    nothing_ = "no step was finished" if what == "error" else "it is the first thing compared"
    return "\n".join(lines) or f"nothing: {nothing_}"


_NOUNS = {
    "forward": "output of", "loss": "loss", "state": "state", "backward": "gradient of", "slot": "optimizer variable",
    "update": "update of", "data": "data", "before": "variable", "real": "variable",
}  # fmt: skip


def _after(found):
    if found.finding is None:
        return ""
    sides = found.reference.backend, found.backend
    lines = []
    if found.finding.stage == "forward":
        lines += [
            f"{name}: {', '.join(f'{s} {number(float(v))}' for s, v in zip(sides, pair))}"
            for name, *pair in found.losses
        ]
    later = [e for e in found.finding.then if e["stage"] != "loss"]
    if later:
        named = ", ".join(dict.fromkeys(f"{_NOUNS[e['stage']]} {e['name']!r}" for e in later[:3]))
        verb = "differs" if len(later) == 1 else "differ"
        lines.append(
            f"{counted(len(later), 'more tensor')} of the step {verb}: {named}{' ...' if len(later) > 3 else ''}"
        )
    return "\n".join(lines)


# JSON --------------------------------------------------------------------------------------------------------------
def document(outcomes, options, sources):
    """What --json writes."""
    reference = outcomes[0].reference
    return {
        "script": options.script, "reference": reference.backend, "seed": options.seed, "float64": options.float64,
        "steps": steps(reference), "end": reference.end, "backends": {o.backend: _result(o, options, sources) for o in outcomes},
    }  # fmt: skip


def _result(o, options, sources):
    parts = {name: getattr(o, name) for name in ("parting", "finding", "own")}
    return {
        "agrees": o.agrees, "rounding": o.rounding, "steps": steps(o.record), "seconds": o.record.seconds, "end": o.record.end,
        "agreed": o.agreed, "repeats": o.repeats, "inside": o.inside, "notes": o.notes,
        **{name: None if part is None else asdict(part) for name, part in parts.items()},
        "text": outcome(o, options, sources),
    }  # fmt: skip
