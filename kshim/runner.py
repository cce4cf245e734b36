"""The command: runs a program as Python would, with Keras's names redirected to kshim.

What a program may rely on, so that it cannot tell the difference: `sys.argv`, `sys.path[0]`, a fresh `__main__` module
with its `__file__`, `__spec__` and `__builtins__`, source encodings (PEP 263), exit codes, `SystemExit`, death by
Ctrl-C, and tracebacks that begin in its own code.
"""

import os
import sys

USAGE = """\
usage: kshim [--backend NAME] [--device NAME] SCRIPT [ARGS ...]
       kshim [--backend NAME] [--device NAME] -m MODULE [ARGS ...]
       kshim [--backend NAME] [--device NAME] -c CODE [ARGS ...]
       kshim doctor

Runs a Python program in which `import keras`, `import tf_keras` and `import tensorflow.keras` give kshim, and
`import tensorflow` gives what Keras programs use of it. `python -m kshim` is the same command.

  SCRIPT            a .py file, a folder or zip file with a __main__.py, or - for standard input
  -m MODULE         run an importable module or package, as python -m does
  -c CODE           run the text CODE
  --backend NAME    numpy (default), torch, jax, tensorflow or an installed third-party backend;
                    the environment variable KSHIM_BACKEND does the same
  --device NAME     device of the backend, such as cpu, gpu or gpu:1 (environment: KSHIM_DEVICE)
  doctor            show which backends work here, and how to install the others
  -V, --version     show the version
  -h, --help        show this text
"""


class UsageError(Exception):
    """A wrong command line; the message goes to standard error and the exit code is 2."""


def parse(argv):
    """`(action, options, target, rest)` of a command line; action is 'script', 'module', 'code', 'help' ...

    Like Python's own, options end at the first thing to run; everything behind it belongs to the program. Raises
    `UsageError` for an unknown option, a missing value or nothing to run.
    """
    options, args = {}, list(argv)
    while args:
        arg = args.pop(0)
        name, equals, value = arg.partition("=")
        if name in ("--backend", "--device"):
            if not equals and not args:
                raise UsageError(f"{name} needs a value, such as {name} {'torch' if name == '--backend' else 'cpu'}.")
            options[name[2:]] = value if equals else args.pop(0)
        elif arg in ("-h", "--help"):
            return "help", options, None, args
        elif arg in ("-V", "--version"):
            return "version", options, None, args
        elif arg[:2] in ("-m", "-c"):
            if len(arg) == 2 and not args:
                raise UsageError(f"{arg} needs a value: {'a module name' if arg == '-m' else 'the code to run'}.")
            return ("module" if arg[1] == "m" else "code"), options, arg[2:] or args.pop(0), args
        elif arg == "--":
            if args:
                return "script", options, args[0], args[1:]
        elif arg.startswith("-") and arg != "-":
            raise UsageError(f"Unknown option: {arg}. Options for the program go behind its name.")
        elif arg == "doctor":
            return "doctor", options, None, args
        else:
            return "script", options, arg, args
    raise UsageError("Nothing to run: give a script, -m MODULE or -c CODE.")


def main(argv=None):
    """Run the command line; returns the exit code, unless the program raises `SystemExit` itself."""
    try:
        action, options, target, rest = parse(sys.argv[1:] if argv is None else argv)
        if action == "help":
            print(USAGE, end="")
            return 0
        if action == "version":
            from . import __version__

            print(f"kshim {__version__}")
            return 0
        if action == "doctor":
            from .doctor import run as doctor

            apply_options(options, check=False)
            return doctor()
        apply_options(options)
    except UsageError as error:
        print(f"kshim: {error}\nTry 'kshim --help'.", file=sys.stderr)
        return 2
    from .compat import redirect
    from .program import Program

    redirect.install()
    program = Program(action, target, rest)
    if program.problem:
        print(f"kshim: {program.problem}", file=sys.stderr)
        return program.problem_code
    program.run()
    return 0


def apply_options(options, check=True):
    """Put --backend and --device where child processes see them too; `UsageError` for a backend that cannot be."""
    for name, value in options.items():
        os.environ[f"KSHIM_{name.upper()}"] = value
    if check and os.environ.get("KSHIM_BACKEND"):
        check_backend(os.environ["KSHIM_BACKEND"])


def check_backend(name):
    """`UsageError` if there is no such backend or its framework is missing; loads no framework to find out."""
    from importlib.util import find_spec

    from .errors import BackendError
    from .spec import registry

    name = registry._ALIASES.get(name, name)
    if name in registry.BUILTIN:
        if find_spec(registry.BUILTIN[name][1]):
            return
    elif name in registry.third_party():
        return
    try:
        registry.get(name)  # fails with the text that says what to do
    except BackendError as error:
        raise UsageError(str(error)) from error
