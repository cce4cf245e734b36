"""Pads as TensorFlow takes them."""


def around(pads):
    """Explicit pads of all axes, the batch first and channels last."""
    return [[0, 0], *(list(p) for p in pads), [0, 0]]


def is_same(spatial, size, strides, pads):
    """Whether `pads` are what TensorFlow calls "SAME"."""
    for length, k, stride, pad in zip(spatial, size, strides, pads):
        total = max((-(-length // stride) - 1) * stride + k - length, 0)
        if tuple(pad) != (total // 2, total - total // 2):
            return False
    return True


def named(spatial, size, strides, pads):
    """The name of the pads if they have one: convolutions with a name take about half the time of the explicit ones."""
    if not any(map(any, pads)):
        return "VALID"
    return "SAME" if is_same(spatial, size, strides, pads) else around(pads)
