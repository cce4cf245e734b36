"""Freed memory that is kept: a second list of arrays comes without new pages from the system."""

import os
import subprocess
import sys

import pytest

from kshim.spec import memory

_PROGRAM = """
import resource, sys
import numpy as np
import kshim

if sys.argv[1] != "none":
    kshim.use(sys.argv[1])
    kshim.ops.add(1.0, 2.0)

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    [np.ones(2**18) for _ in range(8)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults()
print(min(faults() for _ in range(5)))
"""


def _faults(backend, **env):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_") and k != "GLIBC_TUNABLES"}
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, backend], env={**kept, **env}, capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.fixture(scope="module", autouse=True)
def glibc():
    if not sys.platform.startswith("linux") or _faults("none") < 500:
        pytest.skip("the C library here keeps freed memory by itself")


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_a_second_list_comes_without_new_pages(backend):
    if backend != "numpy":
        pytest.importorskip(backend)
    assert _faults(backend) < 500


def test_the_environment_can_refuse_or_decide_itself(monkeypatch):
    assert _faults("numpy", KSHIM_KEEP_MEMORY="0") >= 500
    for name, value in (("KSHIM_KEEP_MEMORY", "0"), ("MALLOC_ARENA_MAX_", "2"), ("GLIBC_TUNABLES", "")):
        with monkeypatch.context() as m:
            m.setenv(name, value)
            assert memory.keep_freed() is False
