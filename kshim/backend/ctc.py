"""Connectionist temporal classification, with the last class as the blank (Graves et al. 2006)."""

import numpy as np

from .. import config, ops
from ..errors import UnsupportedError
from ..losses.ctc import ctc_loss

__all__ = ["ctc_batch_cost", "ctc_decode", "ctc_label_dense_to_sparse"]


def _lengths(x):
    return ops.reshape(ops.cast(ops.convert_to_tensor(x), "int32"), (-1,))


@ops.op
def ctc_batch_cost(y_true, y_pred, input_length, label_length):
    """The loss of each sample, shape (samples, 1).

    y_true int (samples, max label length); y_pred probabilities (samples, time, classes), the last class the blank;
    both lengths (samples, 1).
    """
    logits = ops.log(ops.add(y_pred, config.epsilon()))
    labels = ops.cast(ops.convert_to_tensor(y_true), "int32")
    blank = ops.shape(y_pred)[-1] - 1
    loss = ctc_loss(labels, ops.log_softmax(logits), _lengths(label_length), _lengths(input_length), blank)
    return ops.expand_dims(loss, -1)


def ctc_decode(y_pred, input_length, greedy=True, beam_width=100, top_paths=1):
    """Best path decoding of probabilities (samples, time, classes); values needed.

    Returns ([labels (samples, time) padded with -1], -log of the paths' probabilities (samples, 1)).
    `UnsupportedError` for beam search.
    """
    if not greedy:
        raise UnsupportedError("ctc_decode: beam search (greedy=False) is not available; use greedy=True.")
    log_probs = np.log(ops.convert_to_numpy(ops.convert_to_tensor(y_pred)) + config.epsilon())
    lengths = ops.convert_to_numpy(ops.convert_to_tensor(input_length)).astype(int).ravel()
    blank, paths, scores = log_probs.shape[-1] - 1, [], []
    for sample, n in zip(log_probs, lengths):
        best = sample[:n].argmax(-1)
        kept = best[np.insert(best[1:] != best[:-1], 0, True)[:n]] if n else best
        paths.append(kept[kept != blank])
        scores.append(-sample[:n].max(-1).sum())
    out = np.full(log_probs.shape[:2], -1, "int64")
    for row, path in zip(out, paths):
        row[: len(path)] = path
    return [ops.convert_to_tensor(out)], ops.convert_to_tensor(np.array(scores, "float32")[:, None])


def ctc_label_dense_to_sparse(labels, label_lengths):
    """`UnsupportedError`: there are no sparse tensors."""
    raise UnsupportedError(
        "ctc_label_dense_to_sparse gives a sparse tensor, which kshim does not have; ctc_batch_cost takes dense labels."
    )
