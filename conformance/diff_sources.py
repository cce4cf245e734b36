"""Calls in a script that give other values in every run, for the report on one that does not repeat itself."""

import ast
import os

#: Functions that start a generator: without an argument, or with None, from the operating system.
_NEED_A_SEED = ("default_rng", "RandomState", "Random", "seed", "PCG64", "MT19937", "SeedSequence")
#: (end of a dotted name, what it is).
_NEVER_SEEDED = (
    ("SystemRandom", "the operating system's random numbers"), ("os.urandom", "the operating system's random numbers"),
    ("uuid4", "a random name"), ("time.time", "the clock"), ("time_ns", "the clock"), ("perf_counter", "the clock"),
    ("datetime.now", "the clock"), ("os.listdir", "files in no fixed order"), ("glob.glob", "files in no fixed order"),
)  # fmt: skip
_TORCH = ("torch.rand", "torch.randn", "torch.randint", "torch.randperm", "torch.normal")


def _dotted(node):
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _reason(node, torch_seeded):
    name = _dotted(node.func)
    last = name.rsplit(".", 1)[-1]
    if last in _NEED_A_SEED:
        given = [*node.args, *(k.value for k in node.keywords)]
        if not given or isinstance(given[0], ast.Constant) and given[0].value is None:
            return f"{name}() has no seed; give it a number, such as {name}(0)"
    for end, what in _NEVER_SEEDED:
        if name == end or name.endswith("." + end):
            return f"{name}() gives {what}"
    if name in _TORCH and not torch_seeded:
        return f"{name}() draws from PyTorch's generator; call torch.manual_seed(0) first"
    return None


def unseeded(path):
    """'line 3: ...' for every suspicious call in a Python file; nothing for what is no readable Python file."""
    if not os.path.isfile(path):
        return []
    with open(path, "rb") as f:
        try:
            tree = ast.parse(f.read())
        except (SyntaxError, ValueError):
            return []
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    torch_seeded = any(_dotted(c.func) == "torch.manual_seed" for c in calls)
    found = [(c.lineno, _reason(c, torch_seeded)) for c in calls]
    return [f"line {line}: {reason}" for line, reason in sorted(f for f in found if f[1])]
