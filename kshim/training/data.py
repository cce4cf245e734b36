"""`make_source`: everything Keras takes as data, behind one interface (`DataSource`)."""

import numpy as np

from ..utils.sequence import PyDataset
from .data_arrays import ArraySource, Rows, is_array_data, prepare, split_rows, validation_bounds
from .data_batch import unpack_x_y_sample_weight
from .data_iter import GeneratorSource, IterableSource, SequenceSource
from .data_source import DataSource, check_steps
from .data_weights import ClassWeights

__all__ = ["DataSource", "Rows", "make_source", "split_validation", "unpack_validation_data"]


def _is_sequence(x):
    if isinstance(x, PyDataset):
        return True
    # another package's Sequence: batches by index, told apart from data sets of single samples by its hook
    return all(hasattr(x, name) for name in ("__getitem__", "__len__", "on_epoch_end"))


def _type_name(x):
    if isinstance(x, (list, tuple, dict)):
        values = x.values() if isinstance(x, dict) else x
        kinds = sorted({type(v).__name__ for v in values})
        return f"{type(x).__name__} of {', '.join(kinds) or 'nothing'}"
    return f"{type(x).__module__}.{type(x).__name__}"


def _reject(kind, y, sample_weight):
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None and not (isinstance(value, (list, tuple)) and not len(value)):
            raise ValueError(
                f"The `{name}` argument is not supported when the input is {kind}, which must yield "
                f"(x, y) or (x, y, sample_weight) itself; received {name} of type {_type_name(value)}."
            )


def _batch_size(value):
    if value is None:
        return None
    if isinstance(value, bool) or int(value) != value or value <= 0:
        raise ValueError(f"batch_size must be a positive integer or None, received {value!r}.")
    return int(value)


def _shuffle(value):
    if isinstance(value, str):
        if value.lower() != "batch":
            raise ValueError(f"Unknown shuffle: {value!r}. Expected True, False or 'batch'.")
        return "batch"
    return bool(value)


def make_source(
    x,
    y=None,
    sample_weight=None,
    batch_size=None,
    steps=None,
    shuffle=False,
    class_weight=None,
    training=True,
    epochs=None,
    workers=1,
    use_multiprocessing=False,
    max_queue_size=10,
    output_names=None,
):
    """A `DataSource` of whatever `fit`, `evaluate` or `predict` received.

    x: an array, or a list, tuple or dict of arrays (NumPy, tensors of any framework, pandas, SciPy sparse; HDF5 and
    memory maps are read batch by batch; lists of numbers), a generator, a `Sequence`/`PyDataset`, or an iterable of
    batches (torch DataLoader, tf.data.Dataset). batch_size (32 by default) and y, sample_weight are for arrays.

    steps: batches per epoch, None or -1 for all. epochs: times arrays may be gone through when `steps` is not their
    number of batches. workers > 1, or use_multiprocessing: threads prepare up to `max_queue_size` batches ahead.
    class_weight: see `ClassWeights`. training=False starts every pass at the beginning.

    Raises `ValueError` for lengths that differ, empty data, y with a generator, and what the arguments say;
    `TypeError` for a type that is no data.
    """
    if isinstance(x, DataSource):
        return x
    steps, batch_size, shuffle = check_steps(steps), _batch_size(batch_size), _shuffle(shuffle)
    if isinstance(class_weight, (dict, list, tuple)) and not class_weight:
        class_weight = None
    if class_weight is not None:
        class_weight = ClassWeights(class_weight, output_names)
    threads = (getattr(x, "workers", 1), getattr(x, "use_multiprocessing", False), getattr(x, "max_queue_size", 10))
    asked = (workers, use_multiprocessing, max_queue_size)
    if _is_sequence(x):
        _reject("a Sequence", y, sample_weight)
        # Keras 3 keeps these on the data, Keras 2 passes them to fit: what is not a default wins
        workers, use_multiprocessing, max_queue_size = asked if asked != (1, False, 10) else threads
        return SequenceSource(x, steps, bool(shuffle), class_weight, workers, use_multiprocessing, max_queue_size)
    if hasattr(x, "__next__"):
        _reject("a generator", y, sample_weight)
        return GeneratorSource(x, steps, class_weight, *asked)
    if is_array_data(x):
        return ArraySource(x, y, sample_weight, batch_size, steps, shuffle, class_weight, training, epochs)
    if hasattr(x, "__iter__") and not isinstance(x, (str, bytes, set, frozenset, list, tuple, dict)):
        _reject(f"a {type(x).__name__}", y, sample_weight)
        return IterableSource(x, steps, class_weight, training)
    raise _unusable(x)


def _unusable(x):
    hint = ""
    if x is None:
        hint = " x is missing."
    elif callable(x):
        hint = " Call the function first: pass the generator it returns."
    elif hasattr(x, "__getitem__") and hasattr(x, "__len__") and not isinstance(x, (str, bytes, list, tuple, dict)):
        hint = (
            " If it holds single samples (a torch Dataset), wrap it in a DataLoader; if whole batches, subclass "
            "keras.utils.Sequence."
        )
    return TypeError(
        f"Cannot read data from a {_type_name(x)}.{hint} Expected arrays (or a list or dict of arrays), a generator, a "
        "keras.utils.Sequence, a torch DataLoader or a tf.data.Dataset."
    )


def split_validation(x, y, sample_weight, validation_split):
    """`((x, y, sample_weight), the same for validation)`: the last `validation_split` part of the rows, unshuffled.

    Arrays only; anything else, and a split that leaves a part empty, raises `ValueError`. Rows on disk are not read.
    """
    if not is_array_data(x):
        raise ValueError(
            f"validation_split is only supported for arrays, received x of type {_type_name(x)}. Pass validation_data."
        )
    arrays = prepare(x, y, sample_weight)
    n = _first(arrays[0]).shape[0]
    split = validation_bounds(n, validation_split)
    train = tuple(split_rows(a, 0, split) for a in arrays)
    return train, tuple(split_rows(a, split, n) for a in arrays)


def _first(tree):
    while not isinstance(tree, (np.ndarray, Rows)):
        values = tree.values() if isinstance(tree, dict) else tree
        tree = next(v for v in values if v is not None)
    return tree


def unpack_validation_data(data):
    """`(x, y, sample_weight)` of fit's validation_data: a tuple or list of arrays, or a generator or data set."""
    if isinstance(data, (tuple, list)):
        return unpack_x_y_sample_weight(data)
    return data, None, None
