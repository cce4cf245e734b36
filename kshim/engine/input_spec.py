"""What a layer accepts, and the error when it gets something else."""


class InputSpec:
    """Expected rank, sizes and dtype of one input (None: anything); `axes` maps an axis to its size."""

    def __init__(
        self,
        dtype=None,
        shape=None,
        ndim=None,
        max_ndim=None,
        min_ndim=None,
        axes=None,
        allow_last_axis_squeeze=False,
        name=None,
        **kwargs,
    ):
        self.dtype, self.shape = dtype, tuple(shape) if shape is not None else None
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim, self.min_ndim = max_ndim, min_ndim
        self.axes = {int(k): v for k, v in (axes or {}).items()}
        self.name = name

    def __repr__(self):
        parts = [f"{k}={v}" for k, v in self.__dict__.items() if v not in (None, {})]
        return f"InputSpec({', '.join(parts)})"


def check(specs, inputs, layer_name):
    """Compare inputs (one or a list) with the specs; `ValueError` naming the layer, what it expected and received."""
    if specs is None:
        return
    from .. import tree

    specs = specs if isinstance(specs, (list, tuple)) else [specs]
    tensors = tree.flatten(inputs)
    if len(tensors) != len(specs):
        raise ValueError(f"Layer {layer_name!r} expects {len(specs)} input(s), but it received {len(tensors)}.")
    for i, (spec, x) in enumerate(zip(specs, tensors)):
        if spec is None or not hasattr(x, "shape"):
            continue
        shape = tuple(x.shape)
        problem = None
        if spec.ndim is not None and len(shape) != spec.ndim:
            problem = f"expected ndim={spec.ndim}, found ndim={len(shape)}"
        elif spec.min_ndim is not None and len(shape) < spec.min_ndim:
            problem = f"expected min_ndim={spec.min_ndim}, found ndim={len(shape)}"
        elif spec.max_ndim is not None and len(shape) > spec.max_ndim:
            problem = f"expected max_ndim={spec.max_ndim}, found ndim={len(shape)}"
        else:
            wanted = dict(spec.axes)
            if spec.shape is not None:
                wanted.update(enumerate(spec.shape))
            for axis, size in wanted.items():
                if (
                    size is not None
                    and -len(shape) <= axis < len(shape)
                    and shape[axis] is not None
                    and shape[axis] != size
                ):
                    problem = f"expected axis {axis} of input shape to have value {size}, found {shape[axis]}"
                    break
        if problem:
            raise ValueError(
                f"Input {i} of layer {layer_name!r} is incompatible with the layer: {problem}. Full shape received: {shape}."
            )
