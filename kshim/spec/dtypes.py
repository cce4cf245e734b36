"""Dtype names, their order under promotion, and the few facts the frontend needs about them."""

FLOATS = ("float16", "bfloat16", "float32", "float64")
SIGNED = ("int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
INTS = UNSIGNED + SIGNED
ALL = ("bool",) + INTS + FLOATS

_BITS = {"bool": 1, "bfloat16": 16}
_ALIASES = {
    "half": "float16",
    "float": "float32",
    "double": "float64",
    "int": "int32",
    "long": "int64",
    "boolean": "bool",
}


def bits(dtype):
    """Width of one element in bits (`bool` counts as 1)."""
    return _BITS.get(dtype) or int("".join(c for c in dtype if c.isdigit()))


def limits(dtype):
    """(lowest, highest) value of an integer dtype."""
    n = bits(dtype)
    return (0, 2**n - 1) if dtype in UNSIGNED else (-(2 ** (n - 1)), 2 ** (n - 1) - 1)


def is_float(dtype):
    return dtype in FLOATS


def is_int(dtype):
    return dtype in INTS


_cache = {}
_NUMBERS = (int, float, bool)


def standardize(dtype):
    """Return the dtype's name for a string, NumPy dtype, framework dtype or Python type.

    Raises `TypeError` naming what was received when it is none of these.
    """
    if dtype.__class__ in _NUMBERS:  # TensorFlow's dtypes hash and compare like their numbers, so 3 would be found
        raise TypeError(f"Unknown dtype: {dtype!r}. Expected one of {', '.join(ALL)}.")
    try:
        return _cache[dtype]
    except (KeyError, TypeError):
        pass
    if isinstance(dtype, str):
        name = dtype
    elif dtype is bool or dtype is int or dtype is float:
        name = dtype.__name__
    elif hasattr(dtype, "as_numpy_dtype"):  # a TensorFlow dtype
        name = dtype.name
    elif hasattr(dtype, "name") and isinstance(dtype.name, str):
        name = dtype.name
    elif isinstance(dtype, type) and hasattr(dtype, "__name__"):
        name = dtype.__name__
    else:
        name = str(dtype)
    name = name.rsplit(".", 1)[-1].removesuffix("_ref")
    name = _ALIASES.get(name, name)
    if name == "bool_":
        name = "bool"
    if name == "str" or name.startswith("<U"):
        name = "string"
    if name not in ALL and name not in ("string", "object"):
        raise TypeError(f"Unknown dtype: {dtype!r}. Expected one of {', '.join(ALL)}.")
    try:
        _cache[dtype] = name
    except TypeError:
        pass  # unhashable spellings are simply looked up again
    return name


def promote(a, b):
    """The dtype of `a op b`: the wider of two of a kind; a float beats an int; float16+bfloat16 is float32.

    Unsigned with signed gives the next wider signed type, capped at int64. 64-bit integers do not turn a float32
    into a float64 (the frameworks differ here; this is the spec's choice).
    """
    if a == b:
        return a
    if a == "bool":
        return b
    if b == "bool":
        return a
    fa, fb = a in FLOATS, b in FLOATS
    if fa and fb:
        return "float32" if bits(a) == bits(b) else (a if bits(a) > bits(b) else b)
    if fa or fb:
        return a if fa else b
    ua, ub = a in UNSIGNED, b in UNSIGNED
    if ua == ub:
        return a if bits(a) > bits(b) else b
    unsigned, signed = (a, b) if ua else (b, a)
    if bits(signed) > bits(unsigned):
        return signed
    return f"int{min(64, 2 * bits(unsigned))}"
