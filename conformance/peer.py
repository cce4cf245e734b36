"""Keras 2.3.1's own example scripts, unmodified, on kshim: `python -m kshim_conformance.peer [--backends ...] [--only NAMES]`.

The scripts come from Keras's source distribution on PyPI (fetched by pip into a temporary folder, or given by --source);
data sets come from a cache written here in the real formats: MNIST from the bundled digits, IMDB from made-up reviews.
Epochs and steps are capped from outside (KSHIM_MAX_EPOCHS, KSHIM_MAX_STEPS).
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import time

import numpy as np

EXAMPLES = (
    "mnist_mlp", "mnist_cnn", "mnist_irnn", "mnist_hierarchical_rnn", "mnist_transfer_cnn", "imdb_lstm", "imdb_bidirectional_lstm",
    "imdb_cnn", "imdb_cnn_lstm", "imdb_fasttext", "lstm_stateful", "addition_rnn",
)  # fmt: skip


def fetch(folder):
    """Download and unpack Keras 2.3.1's source distribution; returns its folder of examples."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "-q",
        "--no-deps",
        "--no-binary",
        ":all:",
        "--no-build-isolation",
        "-d",
        str(folder),
        "keras==2.3.1",
    ]
    subprocess.run(command, check=False, capture_output=True)
    archives = sorted(pathlib.Path(folder).glob("[Kk]eras-2.3.1.tar.gz"))
    if not archives:
        raise SystemExit("pip could not download keras==2.3.1; pass the unpacked source with --source FOLDER.")
    with tarfile.open(archives[0]) as archive:
        archive.extractall(folder, filter="data")
    return archives[0].with_name("Keras-2.3.1")


def write_caches(home):
    """`datasets/mnist.npz` and `datasets/imdb.npz` as Keras would have downloaded them."""
    from kshim.datasets import digits

    folder = pathlib.Path(home, "datasets")
    folder.mkdir(parents=True, exist_ok=True)
    (x, y), (x_test, y_test) = digits.load_data(image_size=28)
    np.savez(
        folder / "mnist.npz", x_train=np.resize(x, (60000, 28, 28)), y_train=np.resize(y, 60000),
        x_test=np.resize(x_test, (10000, 28, 28)), y_test=np.resize(y_test, 10000),
    )  # fmt: skip
    rng = np.random.RandomState(0)

    def reviews(n):
        labels = rng.randint(0, 2, n)
        texts = np.empty(n, dtype=object)
        for i, label in enumerate(labels):
            words = np.minimum(rng.zipf(1.3, rng.randint(20, 300)), 30000)
            texts[i] = [int(w) for w in np.where(rng.rand(len(words)) < 0.1, 100 + label, words)]
        return texts, labels

    x, y = reviews(1000)
    x_test, y_test = reviews(400)
    np.savez(folder / "imdb.npz", x_train=x, y_train=y, x_test=x_test, y_test=y_test)


def run(script, backend, home, folder, epochs, steps, timeout):
    """(seconds, exit code, end of the output) of one script."""
    environment = dict(
        os.environ, KSHIM_BACKEND=backend, KERAS_HOME=str(home), KSHIM_MAX_EPOCHS=str(epochs), KSHIM_MAX_STEPS=str(steps),
        MPLBACKEND="Agg", TF_CPP_MIN_LOG_LEVEL="3", PYTHONWARNINGS="ignore",
    )  # fmt: skip
    start = time.perf_counter()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "kshim", str(script)],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        code, output = done.returncode, done.stderr if done.returncode else done.stdout
    except subprocess.TimeoutExpired:
        code, output = 124, f"no end after {timeout} s"
    return time.perf_counter() - start, code, output.strip().splitlines()[-6:]


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m kshim_conformance.peer", description=__doc__)
    parser.add_argument("--backends", default="numpy,torch,jax,tensorflow")
    parser.add_argument("--only", default=",".join(EXAMPLES), help="example names, comma separated")
    parser.add_argument("--source", help="folder of an unpacked Keras 2.3.1 source distribution")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--timeout", type=int, default=600)
    options = parser.parse_args(argv)
    passed = failed = 0
    with tempfile.TemporaryDirectory() as temporary:
        source = pathlib.Path(options.source) if options.source else fetch(temporary)
        home = pathlib.Path(temporary, "home")
        write_caches(home)
        for name in options.only.split(","):
            for backend in options.backends.split(","):
                with tempfile.TemporaryDirectory() as folder:
                    seconds, code, tail = run(
                        source / "examples" / f"{name}.py",
                        backend,
                        home,
                        folder,
                        options.epochs,
                        options.steps,
                        options.timeout,
                    )
                passed, failed = passed + (code == 0), failed + (code != 0)
                print(
                    f"{'ok  ' if code == 0 else 'FAIL'} {name:<26}{backend:<11}{seconds:7.1f} s   {tail[-1][:90] if tail else ''}",
                    flush=True,
                )
                if code:
                    print("\n".join("      " + line for line in tail))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
