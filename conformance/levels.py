"""The levels of the suite, and which of them a check belongs to."""

#: In the order of dependence: a fault in one shows in those after it.
LEVELS = ("spec", "ops", "grads", "overrides", "rng", "compile", "layers", "models", "accuracy", "files")

#: Levels that jobs of the cases of operations contribute to.
EAGER = frozenset(("spec", "ops", "grads", "overrides", "rng"))
COMPILED = frozenset(("compile", "overrides"))

_OPERATIONS = ("ops", "derived")


def level_of(case, variant, entry="", against=""):
    """The level of one check, from the case's id, the variant it ran in, the entry's name and what it is held against."""
    part, _, rest = case.partition("/")
    if part not in _OPERATIONS or not variant:
        return part
    if "derived" in variant:
        return "overrides"
    if entry.startswith("gradient"):
        return "grads"
    if variant == "compiled":
        return "compile"
    if against == "the op table":
        return "spec"
    return "rng" if rest.startswith("random_") else "ops"


def parse(text):
    """The set of levels in a comma-separated text, all for None. Raises `LookupError` for one that does not exist."""
    from kshim.errors import did_you_mean

    if text is None:
        return frozenset(LEVELS)
    chosen = [name for name in text.split(",") if name]
    for name in chosen:
        if name not in LEVELS:
            raise LookupError(f"Unknown level: {name!r}.{did_you_mean(name, LEVELS)} Levels: {', '.join(LEVELS)}.")
    return frozenset(chosen)
