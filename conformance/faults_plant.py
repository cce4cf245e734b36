"""Planting a fault: a module of kshim or of a backend is imported with one place of its source changed.

    python -m kshim_conformance.faults_plant NAME [options of the worker]

runs a worker with the fault in it. The change is made while the module is imported, so every name that is taken from it
is the faulty one. The function around the change counts its calls: a fault that nothing runs shows nothing.
"""

import ast
import importlib.machinery
import importlib.util
import json
import os
import sys
from dataclasses import dataclass

#: What the changed function calls; put into the module's namespace.
_REACHED = "_kshim_fault_reached"
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


class Stale(Exception):
    """The source does not hold what the fault changes (exactly once); the message says which."""


@dataclass(frozen=True)
class Fault:
    """A bug such as a developer makes: in `module`, the text `old`, which is there once, becomes `new`.

    The name begins with where it is: "numpy/", "torch/", "jax/", "tensorflow/" or "frontend/". `look`: globs of cases
    likely to see it, cheap ones first.
    """

    name: str
    doc: str
    module: str
    old: str
    new: str
    look: tuple

    @property
    def where(self):
        return self.name.split("/", 1)[0]


def rows(prefix, package, table):
    """Faults of rows `(name, doc, module, old, new, *look)`, names and modules below the prefix and the package."""
    return [
        Fault(f"{prefix}/{n}", d, f"{package}.{m}", old, new, look) for n, d, m, old, new, *look in map(_row, table)
    ]


def _row(row):
    name, doc, module, old, new, *look = row
    return name, doc, module, old, new, *look


def source_of(module):
    """The source of a module, found without importing it (a backend's package imports its framework)."""
    root, *parts = module.split(".")
    path = os.path.join(*importlib.util.find_spec(root).submodule_search_locations, *parts)
    with open(f"{path}.py", encoding="utf-8") as f:
        return f.read()


def planted(source, fault):
    """The syntax tree of `source` with the fault in it. Raises `Stale` unless its text is there exactly once."""
    count = source.count(fault.old)
    if count != 1:
        raise Stale(f"{fault.module} holds {fault.old!r} {count} times; the fault {fault.name!r} expects it once.")
    at = source.index(fault.old)
    at += len(os.path.commonprefix((fault.old, fault.new)))
    line, column = source.count("\n", 0, at) + 1, len(source[source.rfind("\n", 0, at) + 1 : at].encode())
    tree = ast.parse(source.replace(fault.old, fault.new))
    _count_calls(tree, (line, column))
    return ast.fix_missing_locations(tree)


def _count_calls(tree, place):
    """Make the innermost function around the place say that it runs; outside of functions, the module itself."""
    around = [
        n
        for n in ast.walk(tree)
        if isinstance(n, _FUNCTIONS) and (n.lineno, n.col_offset) <= place <= (n.end_lineno, n.end_col_offset)
    ]
    call = ast.parse(f"{_REACHED}()", mode="eval").body
    if not around:
        tree.body.append(ast.Expr(call))
        return
    function = max(around, key=lambda n: (n.lineno, n.col_offset))
    if isinstance(function, ast.Lambda):
        pair = ast.Tuple([call, function.body], ast.Load())
        function.body = ast.Subscript(pair, ast.Constant(1), ast.Load())
    else:
        first = 1 if ast.get_docstring(function) is not None else 0
        function.body.insert(first, ast.Expr(call))


class Planter(importlib.machinery.SourceFileLoader):
    """Loads the module of a fault with the fault in it."""

    def __init__(self, name, path, fault, reached):
        super().__init__(name, path)
        self.fault, self.reached = fault, reached

    def get_code(self, fullname):
        source = self.get_source(fullname)
        return compile(planted(source, self.fault), self.path, "exec")

    def exec_module(self, module):
        module.__dict__[_REACHED] = self.reached
        super().exec_module(module)


class _Finder:
    """Finds the module of the fault as everyone else does, with another loader."""

    def __init__(self, fault, reached):
        self.fault, self.reached = fault, reached

    def find_spec(self, name, path=None, target=None):
        if name != self.fault.module:
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(name, path, target)
            if spec is not None:
                spec.loader = Planter(name, spec.origin, self.fault, self.reached)
                return spec
        return None


class Calls:
    """How often the changed place ran."""

    def __init__(self):
        self.count = 0

    def __call__(self):
        self.count += 1


def plant(fault):
    """Plant the fault in this process: the `Calls` of the changed place. Raises `RuntimeError` once its module is imported."""
    if fault.module in sys.modules:
        raise RuntimeError(f"{fault.module} is imported already: plant {fault.name!r} before that.")
    calls = Calls()
    sys.meta_path.insert(0, _Finder(fault, calls))
    return calls


def main(argv=None):
    """Exit status of the worker. The trace it leaves says in its info how often the changed place ran."""
    from .faults_catalogue import find

    name, *options = sys.argv[1:] if argv is None else argv
    calls = plant(find(name))
    from .worker import main as work

    status = work(options)
    path = os.path.join(options[options.index("--out") + 1], "trace.json")
    if os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            document = json.load(f)
        document["info"]["fault"] = {"name": name, "calls": calls.count}
        with open(path, "w", encoding="utf-8") as f:
            json.dump(document, f)
    return status


if __name__ == "__main__":
    sys.exit(main())
