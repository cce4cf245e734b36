"""Words, numbers and tables that the messages of `diff` are made of."""

KINDS = {"train": "training step", "test": "evaluation step", "predict": "prediction step"}


def counted(n, noun):
    return f"{n} {noun}{'' if n == 1 else 's'}"


def steps(record):
    """'36 training steps, 2 prediction steps'."""
    counts = [(sum(e["t"] == kind for e in record.events), noun) for kind, noun in KINDS.items()]
    return ", ".join(counted(n, noun) for n, noun in counts if n) or "no step of a model"


def said(end):
    """How a script ended, in one line."""
    if end["how"] == "exit":
        return f"exit status {end['status']}"
    text = end["text"] if len(end["text"]) < 300 else end["text"][:300] + " ..."
    return text if end["how"] == "died" else f"{end['type']}: {text}"


def listed(names, most=3):
    """'a', 'b', 'c' ..."""
    return ", ".join(map(repr, names[:most])) + (" ..." if len(names) > most else "")


def place(record, n):
    """ "training step 12 of model 'sequential' (Sequential)" for an event of a record."""
    event = record.events[n]
    model = record.model(event["m"], n)
    of = f"model {model['name']!r} ({model['cls']})"
    before = record.events[:n]
    trained = sum(e["t"] == "train" for e in before)
    if event["t"] != "train":
        count = sum((e["t"], e["m"]) == (event["t"], event["m"]) for e in before)
        since = f"after {counted(trained, 'training step')}" if trained else "before any training"
        return f"{KINDS[event['t']]} {count} of {of}, {since}"
    own = sum(e["t"] == "train" and e["m"] == event["m"] for e in before)
    whole = "" if own == trained else f", training step {trained} of the script"
    return f"training step {own} of {of}{whole}"


def layer(call):
    detail = f", {call['detail']}" if call["detail"] else ""
    return f"{call['name']!r} ({call['cls']}{detail})"


def number(value, dtype=""):
    """A value with all digits that its dtype has."""
    if isinstance(value, bool) or not isinstance(value, float):
        return str(value)
    return f"{value:.17g}" if dtype == "float64" else f"{value:.9g}"


def agreed(largest):
    """'losses equal, weights to 1.2e-07' for the largest relative distances by what they are of."""
    if not largest:
        return "nothing was compared"
    return ", ".join(f"{what} {f'to {apart:.1e}' if apart else 'equal'}" for what, apart in largest.items())


def table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(row, widths)).rstrip() for row in rows)


def indented(text, by=4):
    return "\n".join(" " * by + line for line in text.splitlines())
