"""Programs run in processes of their own, as a user runs them."""

import os
import subprocess
import sys

import pytest


@pytest.fixture
def run(tmp_path):
    """`run(*args, **environment)` starts this Python in an empty folder; returns the finished process."""

    def start(*args, stdin=None, **environment):
        env = {k: v for k, v in os.environ.items() if not k.startswith("KSHIM_")}
        env.update(
            PYTHONPATH=os.pathsep.join(p for p in sys.path if p), HOME=str(tmp_path), TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1",
            PYTHONDONTWRITEBYTECODE="1", PYTHONIOENCODING="utf-8", **environment,
        )  # fmt: skip
        return subprocess.run(
            [sys.executable, *map(str, args)],
            cwd=tmp_path,
            env=env,
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=300,
        )

    return start


@pytest.fixture
def keras_program(run):
    """`keras_program(code, **environment)` runs code under the redirect and returns what it printed; it must succeed."""

    def start(code, **environment):
        done = run("-m", "kshim", "-c", code, **environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return start
