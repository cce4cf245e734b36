"""All faults there are, by name."""

from kshim.errors import did_you_mean

from . import faults_backend, faults_frontend, faults_numpy, faults_training


def faults():
    """Every `Fault`, the cheapest to run first."""
    return [*faults_numpy.FAULTS, *faults_frontend.FAULTS, *faults_training.FAULTS, *faults_backend.FAULTS]


def find(name):
    """The fault called `name`. Raises `LookupError` naming near misses."""
    known = {fault.name: fault for fault in faults()}
    if name not in known:
        raise LookupError(f"Unknown fault: {name!r}.{did_you_mean(name, known)}")
    return known[name]
