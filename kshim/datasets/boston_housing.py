"""Boston housing: 506 districts, 13 attributes, the median house price in thousands (Harrison & Rubinfeld 1978).

One attribute assumes that segregation raises prices; use the data only to study such problems.
"""

from .cache import STORAGE, fetch
from .housing import split
from .safe_arrays import load_npz

ORIGIN = STORAGE + "boston_housing.npz"
SHA256 = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"


def load_data(path="boston_housing.npz", test_split=0.2, seed=113, cache_dir=None):
    """`(x_train, y_train), (x_test, y_test)`: float64 `(n, 13)` and `(n,)`, shuffled by `seed`."""
    x, y = load_npz(fetch(path, ORIGIN, SHA256, cache_dir), ("x", "y"))
    return split(x, y, test_split, seed)
