"""What the commands that measure share: options, the backends there are, and what becomes of the document."""

import argparse
import sys

from kshim.spec import registry

from ..report_json import write_json
from ..supervise import absent, available_cores


def parser(name, about, parts, only):
    """Of `python -m kshim_conformance NAME`. `about`: the docstring of its module; `parts`: what can be measured, in words;
    `only`: keyword arguments of the option that chooses among them."""
    out = argparse.ArgumentParser(
        prog=f"python -m kshim_conformance {name}", description=about.split("\n\n", 1)[1], epilog=f"{parts}."
    )
    out.add_argument("names", nargs="*", metavar="BACKEND", help="default: all built-in ones that are installed")
    out.add_argument("--only", metavar="GLOB", **only)
    out.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    out.add_argument("--threads", type=int, default=available_cores(), help="of each process; default: %(default)s")
    out.add_argument("--json", metavar="FILE", help="write everything measured to a file")
    return out


def chosen(names):
    """Each once; all built-in ones for none."""
    return list(dict.fromkeys(names or registry.BUILTIN))


def check_positive(out, options, names):
    """End with a message of the parser `out` unless the numbers that were given are positive."""
    for name in names:
        value = getattr(options, name)
        if value is not None and value < 1:
            out.error(f"--{name.replace('_', '-')} takes a positive number, got {value}.")


def there(names):
    """Those backends that can run here; of the others it is told why not."""
    for name in names:
        why = absent(name)
        if why:
            print(f"{name}: skipped: {why}", file=sys.stderr)
        else:
            yield name


def told(options, names):
    """What a document says of the options."""
    return {name: getattr(options, name) for name in names}


def finish(options, found, parts, printed, draw):
    """Print a document and write what is asked for; the exit status."""
    if not found["rows"]:
        print(f"Nothing was measured. {parts}.", file=sys.stderr)
        return 2
    print(printed(found))
    if options.json:
        write_json(options.json, found)
    if options.chart:
        draw(options.chart, found)
    return 0
