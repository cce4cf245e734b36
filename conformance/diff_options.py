"""The command line of `diff`."""

import argparse
import math
import os

from kshim.errors import did_you_mean
from kshim.spec import registry

from .diff_limits import GROWTH_TEXT, Limits
from .supervise import absent

_DESCRIPTION = """\
Run a Keras script unchanged on several backends, each in a process of its own, and report the first training step, and
in it the first layer and tensor, at which they differ.

The script runs twice on the reference backend and once on every other to record a few numbers of every step; where
backends part, once more on each to write that one step out in full; and where rounding may be all there is, all of
this again in float64. Its standard input is empty.
"""
_EPILOG = f"""\
Options may stand before or behind the script; what `diff` does not know, and everything behind --, is the script's:
    python -m kshim_conformance diff train.py --epochs 3 --backends numpy,torch
    python -m kshim_conformance diff --steps 50 train.py -- --steps 1000

Randomness: Python's random, np.random and kshim start from --seed, and sets of text have a fixed order, unless the
script seeds them itself. Other sources (np.random.default_rng() without a seed, the clock) make the data differ, which
is what is reported then.

Tolerance: --rtol is 1e-9 for float64 and 2e-5 for float32 unless given; layer outputs and gradients are compared
relative to the largest value of the tensor, losses to themselves, updates to the largest update.
{GROWTH_TEXT}
Where backends part although no tensor of that step is wrong, or only a few elements of a gradient are, rounding may
have pushed a value over an edge (of a ReLU, of a decision). Then all runs once more in float64, where rounding is a
million times smaller: what still differs there is computed differently. --float64 runs nothing else.

KSHIM_MAX_EPOCHS and KSHIM_MAX_STEPS bound the epochs of every fit and the batches of every epoch.
Exit status: 0 the backends agree, 1 they differ, 2 wrong usage or nothing to compare.
"""


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m kshim_conformance diff", usage="%(prog)s [options] (SCRIPT | -m MODULE) [script arguments] [-- more of them]",
        description=_DESCRIPTION, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False,
    )  # fmt: skip
    add = parser.add_argument
    add("--backends", metavar="A,B", help="the first is the reference; default: all that are installed")
    add("--device", help="of the backends other than numpy, such as cpu, gpu or gpu:1")
    add("--seed", type=int, default=0, help="default: 0")
    add("--steps", type=int, default=200, help="stop the script after this many training steps; default: 200")
    add("--rtol", type=float, help="relative tolerance; default: by dtype, see below")
    add(
        "--growth", type=float, default=Limits.growth, help="how far rounding may grow, see below; default: %(default)g"
    )
    add("--float64", action="store_true", help="run the script with floatx float64")
    add("--limit", type=int, default=1024, metavar="MB", help="size to write for one step and backend; default: 1024")
    add("--json", metavar="FILE", help="write the result to a file")
    add("--keep", metavar="FOLDER", help="keep records and tensors in a new folder")
    return parser


def _split(parser, argv):
    """(own tokens, the script and its arguments)."""
    takes = {s: a.nargs != 0 for a in parser._actions for s in a.option_strings}
    own, script, rest = [], [], list(argv)
    while rest:
        token = rest.pop(0)
        name, equals, _ = token.partition("=")
        if token == "--":
            script += rest
            break
        if name in takes:
            own.append(token)
            if takes[name] and not equals and rest:
                own.append(rest.pop(0))
        elif token.startswith("-") and token != "-" and not script and token not in ("-m", "-c"):
            hint = did_you_mean(name, takes)
            parser.error(f"unknown option {token}; options of the script stand behind its name.{hint}")
        else:
            script.append(token)
            if token in ("-m", "-c") and len(script) == 1 and rest:
                script.append(rest.pop(0))
    return own, script


def parse(argv):
    """The options, with `script` (the command line of `python -m kshim`) and `names` (backends); exits with 2 on errors."""
    parser = _parser()
    own, script = _split(parser, argv)
    options = parser.parse_args(own)
    options.script = script
    if not script:
        parser.error("no script given")
    if script[0] == "-":
        parser.error("the script runs several times: give a file, or -m MODULE")
    if script[0] in ("-m", "-c"):
        if len(script) == 1:
            parser.error(f"{script[0]} needs a value")
    elif not os.path.exists(script[0]):
        parser.error(f"there is no script {script[0]!r} in {os.getcwd()}")
    for name, low in (("seed", 0), ("steps", 1), ("limit", 1)):
        if getattr(options, name) < low:
            parser.error(f"--{name} must be at least {low}, got {getattr(options, name)}")
    if options.seed >= 2**32:
        parser.error(f"--seed must be below 2**32, got {options.seed}")
    if options.rtol is not None and not 0 <= options.rtol < math.inf:
        parser.error(f"--rtol must be a number of at least 0, got {options.rtol}")
    if not 0 <= options.growth < math.inf:
        parser.error(f"--growth must be a number of at least 0, got {options.growth}")
    if options.keep and os.path.exists(options.keep):
        parser.error(f"--keep {options.keep}: it exists already; give a folder that does not")
    if options.json and not os.path.isdir(os.path.dirname(os.path.abspath(options.json))):
        parser.error(f"--json {options.json}: there is no such folder")
    options.names = _backends(parser, options.backends)
    return options


def _backends(parser, given):
    installed = [name for name in registry.BUILTIN if absent(name) is None]
    if not given:
        if len(installed) < 2:
            parser.error(
                f"there is nothing to compare: only {', '.join(installed)} is installed; `kshim doctor` tells more"
            )
        return installed
    known = [*registry.BUILTIN, *registry.third_party()]
    named = [n.strip() for n in given.split(",") if n.strip()]
    names = list(dict.fromkeys(registry._ALIASES.get(n, n) for n in named))
    for name in names:
        if name not in known:
            parser.error(f"unknown backend {name!r}.{did_you_mean(name, known)} Known: {', '.join(known)}")
        reason = absent(name)
        if reason:
            parser.error(f"backend {name!r} cannot run here: {reason}")
    if len(names) < 2:
        parser.error(f"--backends needs two or more, such as numpy,torch; got {given!r}")
    return names
