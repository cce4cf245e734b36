"""Error helpers shared by every room: one wording, one "did you mean"."""

from difflib import get_close_matches


class KshimError(Exception):
    """Base of the errors that have no fitting built-in type."""


class BackendError(KshimError, ImportError):
    """A backend is unknown, not installed or cannot run here."""


class SafetyError(KshimError, ValueError):
    """A model file asks for something a file must not do (run code, read other files, exhaust memory)."""


class UnsupportedError(KshimError, NotImplementedError):
    """Something Keras has that cannot work here; the message says why and what to do instead."""


def did_you_mean(name, known, limit=1):
    """Return `" Did you mean 'x'?"` for the closest of `known`, or an empty string."""
    known = [str(k) for k in known]
    found = get_close_matches(str(name), known, n=limit, cutoff=0.6)
    if not found:
        lowered = {k.lower(): k for k in known}
        found = [lowered[m] for m in get_close_matches(str(name).lower(), lowered, n=limit, cutoff=0.6)]
    if not found:
        return ""
    return " Did you mean " + " or ".join(repr(m) for m in found) + "?"


def unknown_name(kind, name, known):
    """A `ValueError` for a misspelt `name` of some `kind` (loss, optimizer ...), listing what exists."""
    known = sorted({str(k) for k in known})
    return ValueError(f"Unknown {kind}: {name!r}.{did_you_mean(name, known)} Known {kind} names: {', '.join(known)}.")


def mark_place(error, place):
    """Remember in which layer or loss an error arose; the innermost place, marked first, stays."""
    if getattr(error, "place", None) is None:
        error.place = place
