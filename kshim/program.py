"""A user's program and the environment Python gives it, rebuilt for a program that kshim starts."""

import builtins
import importlib.util
import os
import sys
import types
import zipfile
from importlib.machinery import PathFinder, SourceFileLoader

_COMPAT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "compat")


class Program:
    """Something to run: `kind` 'script' (a path, - for standard input), 'module' or 'code', `target`, its arguments.

    Making one already sets `sys.path[0]` (a package's `__init__` runs while its `__main__` is searched). `problem` is
    None, or the sentence that says why there is nothing to run; `problem_code` the exit code that goes with it.
    """

    def __init__(self, kind, target, args):
        self.problem, self.problem_code = None, 0
        self.kind, self.target, self.args = kind, target, args
        self.argv0, self.path0 = target, ""
        self.filename, self.source, self.spec, self.loader = None, None, None, None
        getattr(self, f"_find_{kind}")()

    def _find_code(self):
        self.argv0, self.filename, self.source = "-c", "<string>", self.target
        self._set_path()

    def _find_script(self):
        if self.target == "-":
            self.filename, self.source = "<stdin>", sys.stdin.buffer.read()
            return self._set_path()
        path = os.path.abspath(self.target)
        try:
            if os.path.isdir(path) or zipfile.is_zipfile(path):
                return self._find_main_in(path)
            with open(path, "rb") as f:
                self.source = f.read()
        except OSError as error:
            return self._fail(f"can't open file {path!r}: [Errno {error.errno}] {error.strerror}", 2)
        self.filename, self.loader = path, SourceFileLoader("__main__", path)
        self._set_path(os.path.dirname(os.path.realpath(path)))

    def _find_main_in(self, path):
        self._set_path(path)
        self.spec = PathFinder.find_spec("__main__", [path])
        if self.spec is None:
            return self._fail(f"can't find '__main__' module in {path!r}", 1)
        self.loader, self.filename = self.spec.loader, self.spec.origin

    def _find_module(self):
        self.argv0 = "-m"
        self._set_path(os.getcwd())
        name = self.target
        sys.argv = ["-m", *self.args]
        try:
            self.spec = importlib.util.find_spec(name)
            if self.spec is not None and self.spec.submodule_search_locations is not None:
                package, name = name, f"{name}.__main__"
                self.spec = importlib.util.find_spec(name)
                if self.spec is None:
                    return self._fail(
                        f"{package!r} is a package and cannot be directly executed: it has no __main__", 1
                    )
        except (ImportError, ValueError) as error:
            return self._fail(f"Error while finding module {name!r} ({type(error).__name__}: {error})", 1)
        if self.spec is None:
            return self._fail(f"No module named {name!r}", 1)
        self.loader = self.spec.loader
        if not hasattr(self.loader, "get_code"):
            return self._fail(f"No code object available for {name!r}", 1)
        self.argv0 = self.filename = self.spec.origin

    def _set_path(self, first=""):
        """What stands at `sys.path[0]` now (the command's own folder) gives way to the program's."""
        if getattr(sys.flags, "safe_path", False):
            return
        if sys.path:
            sys.path[0] = first
        else:
            sys.path.append(first)

    def _fail(self, problem, code):
        self.problem, self.problem_code = problem, code

    def code(self):
        """The code object; a syntax error in the program comes out here."""
        if self.source is None:
            return self.loader.get_code(self.spec.name)
        return compile(self.source, self.filename, "exec", dont_inherit=True)

    def run(self):
        """Run it as `__main__`. Exceptions come out as they are, and will be shown without kshim's own frames."""
        sys.argv = [self.argv0, *self.args]
        module = types.ModuleType("__main__")
        module.__dict__.update(
            __builtins__=builtins, __loader__=self.loader, __spec__=self.spec, __cached__=None,
            __package__=self.spec.parent if self.spec else None,
        )  # fmt: skip
        if self.kind != "code":
            module.__file__ = self.filename
        sys.modules["__main__"] = module
        try:
            exec(self.code(), module.__dict__)
        except SystemExit:
            raise
        except BaseException:
            show = sys.excepthook  # the program may have set its own
            sys.excepthook = lambda kind, error, trace: show(kind, error, _trim(error, trace))
            raise


def _trim(error, trace):
    """The traceback without the frames that started the program, and without those of a redirected import."""
    frames = []
    while trace is not None:
        frames.append(trace)
        trace = trace.tb_next
    start = next((i for i, f in enumerate(frames) if f.tb_frame.f_code is Program.run.__code__), -1)
    frames = frames[start + 1 :]
    if isinstance(error, SyntaxError) and frames and _file(frames[0]) == __file__:
        frames = []  # in the program itself: only the place in the text matters
    if isinstance(error, (ImportError, AttributeError)):
        while frames and _file(frames[-1]).startswith((_COMPAT + os.sep, "<frozen importlib")):
            frames.pop()
    for before, after in zip(frames, [*frames[1:], None]):
        before.tb_next = after
    error.__traceback__ = frames[0] if frames else None
    return error.__traceback__


def _file(trace):
    return trace.tb_frame.f_code.co_filename
