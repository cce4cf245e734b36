"""Certificates: what one backend has passed, in which versions and by which cases and tolerances.

`certify` writes one from the document of a run, `python -m kshim_conformance verify FILE` checks one. The digest shows
that a certificate was changed after it was written; it is no signature, and does not say who wrote it.
"""

import argparse
import hashlib
import json
import sys

import kshim
from kshim.spec import registry

from . import catalogue, tolerances
from .levels import LEVELS
from .plan import Plan
from .report_json import parsed, strict, write_json

#: Version of the layout below.
SCHEMA = 1
_WORDS = "conformance certificate of a kshim backend"


class Refused(Exception):
    """There is no certificate for this run; the message says why."""


def digest_of(value):
    """SHA-256 of a value's canonical JSON."""
    text = json.dumps(strict(value), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def tolerances_digest():
    """Digest of every table and constant of `tolerances`."""
    return digest_of({name: repr(v) for name, v in vars(tolerances).items() if name.strip("_").isupper()})


def catalogue_of(options):
    """Part -> {"cases", "digest"} of what a run with these options chooses, as this version of the suite has it."""
    selection = Plan(options["only"], frozenset(options["levels"]), options["quick"], options["full"]).selection()
    parts = {}
    for unit in selection:
        parts.setdefault(unit.part, []).append(unit)
    return {part: {"cases": len(units), "digest": catalogue.digest(units)} for part, units in parts.items()}


def package_of(backend):
    """{"name", "version"} of the distribution that provides a backend."""
    if backend in registry.BUILTIN:
        return {"name": "kshim", "version": kshim.__version__}
    found = registry.third_party()[backend].dist
    return {"name": found.name, "version": found.version}


def make(document, backend):
    """The certificate of a backend, from the document of a run. Raises `Refused`."""
    found, options = document["backends"].get(backend), document["options"]
    reason = document["failed"].get(backend) or document["skipped"].get(backend)
    if found is None or reason:
        raise Refused(f"it gave no results{f': {reason}' if reason else ''}.")
    if found["mismatches"]:
        counts = {name: len(level["wrong"]) for name, level in found["levels"].items() if level["wrong"]}
        raise Refused("cases mismatch: " + ", ".join(f"{n} in {name}" for name, n in counts.items()) + ".")
    passed = {name: level for name, level in found["levels"].items() if level["checks"]}
    silent = [name for name in options["levels"] if name not in passed]
    if not passed or (silent and options["only"] is None):
        raise Refused(f"nothing was checked in {', '.join(silent)}.")
    missing = [name for name in LEVELS if name not in passed]
    info = dict(found["info"])
    certificate = {
        "what": _WORDS,
        "schema": SCHEMA,
        "backend": backend,
        "package": package_of(backend),
        "framework": info["version"],
        "device": info["device"],
        "lacking_dtypes": list(info.get("lacking", ())),
        "kshim": document["kshim"],
        "versions": document["versions"],
        "machine": document["machine"],
        "date": document["date"],
        "suite": "quick" if options["quick"] else "full",
        "complete": not missing and options["only"] is None,
        "missing": missing,
        "options": {name: options[name] for name in ("only", "levels", "quick", "full")},
        "levels": {n: {"cases": len(v["cases"]), "checks": v["checks"]} for n, v in passed.items()},
        "catalogue": catalogue_of(options),
        "tolerances": tolerances_digest(),
    }
    return {**certificate, "digest": digest_of(certificate)}


def certify(path, document, backend):
    """Write the certificate of a backend to a file, or say why there is none; gives whether it was written."""
    try:
        certificate = make(document, backend)
    except Refused as error:
        print(f"No certificate for {backend}: {error}", file=sys.stderr)
        return False
    write_json(path, certificate)
    print(f"Certificate: {path}\n{describe(certificate)}")
    return True


def describe(certificate):
    """What a certificate says, in a few lines."""
    package, levels = certificate["package"], certificate["levels"]
    kind = f"{'the' if certificate['complete'] else 'part of the'} {certificate['suite']} suite"
    lines = [
        f"{certificate['backend']} of {package['name']} {package['version']} on {certificate['framework']}, device "
        f"{certificate['device']}, passed {kind} of kshim {certificate['kshim']} on {certificate['date'][:10]}: "
        f"{sum(v['checks'] for v in levels.values())} checks.",
        "Levels: " + ", ".join(f"{name} {v['cases']} cases" for name, v in levels.items()) + ".",
    ]
    if certificate["options"]["only"] is not None:
        lines.append(f"Incomplete: only the cases matching {certificate['options']['only']!r}.")
    if certificate["missing"]:
        lines.append(f"Incomplete: without the levels {', '.join(certificate['missing'])}.")
    if certificate["lacking_dtypes"]:
        lines.append(f"Without the dtypes {', '.join(certificate['lacking_dtypes'])}.")
    return "\n".join(lines)


def read(path):
    """The certificate in a file. Raises `ValueError` for what is none of this layout, `OSError` if unreadable."""
    found = parsed(path, _WORDS)
    if not isinstance(found, dict) or (found.get("what"), found.get("schema")) != (_WORDS, SCHEMA):
        raise ValueError(
            f"{path} is no {_WORDS} of schema {SCHEMA}. Make one with python -m kshim_conformance NAME --certify FILE."
        )
    return found


def changed(certificate):
    """What shows that a certificate is not as it was written, as a list of sentences."""
    body = {name: value for name, value in certificate.items() if name != "digest"}
    if certificate.get("digest") != digest_of(body):
        return ["It was changed after it was written: its digest does not fit what it says."]
    gaps = [n for n in LEVELS if certificate["levels"].get(n, {}).get("checks", 0) <= 0]
    complete = not gaps and certificate["options"]["only"] is None
    if gaps != certificate["missing"] or complete != certificate["complete"]:
        return ["It contradicts itself: what it says is complete or missing does not fit its levels."]
    return []


def outdated(certificate):
    """How the suite that a certificate was made with differs from this one, as a list of sentences."""
    out = []
    then, now = certificate["catalogue"], catalogue_of(certificate["options"])
    for part in dict.fromkeys([*then, *now]):
        before, after = then.get(part), now.get(part)
        if before != after:
            counts = [str(found["cases"]) if found else "no" for found in (before, after)]
            out.append(f"The cases of {part} are others: it was made with {counts[0]}, this version has {counts[1]}.")
    if certificate["tolerances"] != tolerances_digest():
        out.append("The tolerances are others than those of this version.")
    if out:
        made, here = certificate["kshim"], kshim.__version__
        out.append(f"It was made with kshim {made}, this is {here}. Run the suite again for a new one.")
    return out


def main(argv):
    """Check certificates. Exit status: 0 good, 1 changed, outdated or less complete than asked for, 2 no certificate."""
    parser = argparse.ArgumentParser(
        prog="python -m kshim_conformance verify",
        description="Check that a certificate is as it was written, and that its suite is the one of this version.",
    )
    parser.add_argument("file", metavar="FILE.json")
    parser.add_argument(
        "--complete", action="store_true", help="also refuse one that is not of the complete full suite"
    )
    options = parser.parse_args(argv)
    try:
        certificate = read(options.file)
        problems = changed(certificate) or outdated(certificate)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    except (LookupError, TypeError, AttributeError) as error:
        print(f"{options.file} is no {_WORDS} that this version can read: {error!r}.", file=sys.stderr)
        return 2
    if options.complete and not (certificate["complete"] and certificate["suite"] == "full"):
        problems = [*problems, "It is not of the complete full suite."]
    if not problems:
        print(f"Good.\n{describe(certificate)}")
        return 0
    print("\n".join([f"{options.file}: refused.", *problems]))
    return 1
