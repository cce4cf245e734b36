"""California housing: 20,640 districts, 8 attributes, the median house price (Pace & Barry 1997)."""

from .cache import STORAGE, fetch
from .housing import split
from .safe_arrays import load_npz

ORIGIN = STORAGE + "california_housing.npz"
SHA256 = "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"


def load_data(version="large", path="california_housing.npz", test_split=0.2, seed=113):
    """`(x_train, y_train), (x_test, y_test)`: `(n, 8)` and `(n,)`, shuffled by `seed`; version 'small' has 600 rows."""
    if version not in ("large", "small"):
        raise ValueError(f"version must be 'small' or 'large', received {version!r}.")
    x, y = load_npz(fetch(path, ORIGIN, SHA256), ("x", "y"))
    if version == "small":
        x, y = x[:600], y[:600]
    return split(x, y, test_split, seed)
