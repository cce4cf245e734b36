"""Padding, sampling and windows of sequences, with Keras 2's numbers."""

import json
import random

import numpy as np

from ..utils.sequence import Sequence

__all__ = ["TimeseriesGenerator", "make_sampling_table", "pad_sequences", "skipgrams"]


def pad_sequences(sequences, maxlen=None, dtype="int32", padding="pre", truncating="pre", value=0.0):
    """Sequences of different lengths as one array `(len(sequences), maxlen, ...)` of `dtype`.

    Shorter ones are filled with `value`, longer ones cut, at the beginning ('pre') or end ('post') as `padding` and
    `truncating` say. maxlen defaults to the longest. Elements may be arrays, if all have one shape; otherwise, and
    for anything that has no length, `ValueError`.
    """
    for name, side in (("padding", padding), ("truncating", truncating)):
        if side not in ("pre", "post"):
            raise ValueError(f"pad_sequences: {name} must be 'pre' or 'post', received {side!r}.")
    if not hasattr(sequences, "__len__"):
        raise ValueError(f"`sequences` must be a list of sequences, received {type(sequences).__name__}.")
    sample_shape, longest = None, 0
    for position, sequence in enumerate(sequences):
        if not hasattr(sequence, "__len__"):
            raise ValueError(
                f"`sequences` must be a list of sequences; the element at position {position} is "
                f"{sequence!r}, which has no length. For one sequence pass [sequence]."
            )
        longest = max(longest, len(sequence))
        if sample_shape is None and len(sequence):
            sample_shape = np.asarray(sequence).shape[1:]
    if isinstance(value, str) and np.dtype(dtype).kind not in "OU":
        raise ValueError(f"pad_sequences cannot pad dtype {dtype!r} with the string {value!r}; pass dtype=object.")
    if maxlen is None:
        if not len(sequences):
            raise ValueError("pad_sequences: maxlen is needed when there are no sequences.")
        maxlen = longest
    out = np.full((len(sequences), maxlen) + (sample_shape or ()), value, dtype=dtype)
    for position, sequence in enumerate(sequences):
        if not len(sequence) or not maxlen:
            continue
        kept = np.asarray(sequence[-maxlen:] if truncating == "pre" else sequence[:maxlen], dtype=dtype)
        if kept.shape[1:] != sample_shape:
            raise ValueError(
                f"pad_sequences: the elements of the sequence at position {position} have shape {kept.shape[1:]}, "
                f"those of the first sequence {sample_shape}."
            )
        if padding == "pre":
            out[position, -len(kept) :] = kept
        else:
            out[position, : len(kept)] = kept
    return out


def make_sampling_table(size, sampling_factor=1e-5):
    """Probability of keeping the word of each frequency rank, `(size,)`: word2vec's subsampling under Zipf's law."""
    rank = np.arange(size)
    rank[0] = 1
    # 1 / frequency of rank r is about H(r) * r, with the harmonic number H by Euler's expansion
    inverse = rank * (np.log(rank) + 0.577) + 0.5 - 1.0 / (12.0 * rank)
    factor = sampling_factor * inverse
    return np.minimum(1.0, factor / np.sqrt(factor))


def skipgrams(
    sequence,
    vocabulary_size,
    window_size=4,
    negative_samples=1.0,
    shuffle=True,
    categorical=False,
    sampling_table=None,
    seed=None,
):
    """Pairs of words that occur within `window_size` of each other, and as many random ones: (couples, labels).

    Word 0 is skipped as padding. `negative_samples` random pairs are added for each real one; labels are 1 and 0, or
    `[0, 1]` and `[1, 0]` if `categorical`. Draws from Python's `random` in Keras's order (Mikolov et al. 2013).
    """
    couples, labels = [], []
    real, fake = ([0, 1], [1, 0]) if categorical else (1, 0)
    for position, word in enumerate(sequence):
        if not word or (sampling_table is not None and sampling_table[word] < random.random()):
            continue
        for other in range(max(0, position - window_size), min(len(sequence), position + window_size + 1)):
            if other != position and sequence[other]:
                couples.append([word, sequence[other]])
                labels.append(real)
    if negative_samples > 0:
        count = int(len(labels) * negative_samples)
        words = [couple[0] for couple in couples]
        random.shuffle(words)
        couples += [[words[i % len(words)], random.randint(1, int(vocabulary_size - 1))] for i in range(count)]
        labels += [fake] * count
    if shuffle:
        if seed is None:
            seed = random.randint(0, int(10e6))
        for rows in (couples, labels):
            random.seed(seed)
            random.shuffle(rows)
    return couples, labels


def _remove_long_seq(maxlen, seq, label):
    """The sequences shorter than `maxlen`, and their labels: two lists."""
    kept = [(x, y) for x, y in zip(seq, label) if len(x) < maxlen]
    return [x for x, _ in kept], [y for _, y in kept]


def _json(values, name):
    values = values.tolist() if isinstance(values, np.ndarray) else values
    try:
        return json.dumps(values)
    except TypeError as error:
        raise TypeError(f"TimeseriesGenerator cannot write its {name} as JSON: {error}") from error


class TimeseriesGenerator(Sequence):
    """Batches of windows of a time series and the value that follows each: `(batch, length / sampling_rate, ...)`.

    The window for target row `r` is rows `r - length` to `r`, every `sampling_rate`-th; windows start every `stride`
    rows. `shuffle` draws rows from NumPy's legacy generator; `reverse` turns each window round.
    """

    def __init__(
        self,
        data,
        targets,
        length,
        sampling_rate=1,
        stride=1,
        start_index=0,
        end_index=None,
        shuffle=False,
        reverse=False,
        batch_size=128,
    ):
        super().__init__()
        if len(data) != len(targets):
            raise ValueError(
                f"TimeseriesGenerator needs data and targets of one length; received {len(data)} and {len(targets)}."
            )
        self.data, self.targets = data, targets
        self.length, self.sampling_rate, self.stride = length, sampling_rate, stride
        self.start_index = start_index + length
        self.end_index = len(data) - 1 if end_index is None else end_index
        self.shuffle, self.reverse, self.batch_size = shuffle, reverse, batch_size
        if self.start_index > self.end_index:
            raise ValueError(
                f"TimeseriesGenerator: `start_index+length={self.start_index} > end_index={self.end_index}`, so there "
                "is no row left to predict. Use a shorter length or more data."
            )

    def __len__(self):
        step = self.batch_size * self.stride
        return (self.end_index - self.start_index + step) // step

    def __getitem__(self, index):
        if self.shuffle:
            rows = np.random.randint(self.start_index, self.end_index + 1, size=self.batch_size)
        else:
            first = self.start_index + self.batch_size * self.stride * index
            rows = np.arange(first, min(first + self.batch_size * self.stride, self.end_index + 1), self.stride)
        samples = np.array([self.data[row - self.length : row : self.sampling_rate] for row in rows])
        targets = np.array([self.targets[row] for row in rows])
        return (samples[:, ::-1], targets) if self.reverse else (samples, targets)

    def get_config(self):
        names = "length sampling_rate stride start_index end_index shuffle reverse batch_size"
        return {
            "data": _json(self.data, "data"),
            "targets": _json(self.targets, "targets"),
            **{name: getattr(self, name) for name in names.split()},
        }

    def to_json(self, **kwargs):
        """JSON text of the settings and the data; keyword arguments go to `json.dumps`."""
        return json.dumps({"class_name": type(self).__name__, "config": self.get_config()}, **kwargs)


def timeseries_generator_from_json(json_string):
    """The inverse of `TimeseriesGenerator.to_json`."""
    config = dict(json.loads(json_string)["config"])
    config["data"], config["targets"] = json.loads(config["data"]), json.loads(config["targets"])
    config["start_index"] -= config["length"]  # stored with the length added, as in Keras
    return TimeseriesGenerator(**config)
