"""What a run is to do, as the command gives it and as a worker process gets it."""

from dataclasses import dataclass

from . import catalogue
from .levels import LEVELS


@dataclass(frozen=True)
class Plan:
    """`pattern`: a glob of cases. `quick`: the subset of a few minutes. `full`: gradients outside compiled steps also on
    a backend that compiles every operation. `reference`: this is the numpy run that all are compared with. `folder`:
    where models are saved for the others. `load`: instead of everything else, load what these backends saved there.
    """

    pattern: str | None = None
    levels: frozenset = frozenset(LEVELS)
    quick: bool = False
    full: bool = False
    reference: bool = False
    folder: str | None = None
    load: tuple = ()

    def selection(self):
        """What it chooses from the catalogue; raises `LookupError` when that is nothing."""
        return catalogue.select(self.pattern, self.levels, self.quick)

    def arguments(self):
        """The command-line arguments that `parse` understands."""
        out = ["--levels", ",".join(name for name in LEVELS if name in self.levels)]
        for name in ("pattern", "folder"):
            value = getattr(self, name)
            out += [f"--{name}", value] if value else []
        out += [f"--{name}" for name in ("quick", "full", "reference") if getattr(self, name)]
        return out + (["--load", ",".join(self.load)] if self.load else [])


def add_arguments(parser):
    """Let an argument parser take what `Plan.arguments` gives."""
    parser.add_argument("--levels", required=True)
    parser.add_argument("--pattern")
    parser.add_argument("--folder")
    parser.add_argument("--load", default="")
    for name in ("quick", "full", "reference"):
        parser.add_argument(f"--{name}", action="store_true")


def from_options(options):
    """The `Plan` in parsed arguments."""
    return Plan(
        options.pattern,
        frozenset(options.levels.split(",")),
        options.quick,
        options.full,
        options.reference,
        options.folder,
        tuple(name for name in options.load.split(",") if name),
    )
