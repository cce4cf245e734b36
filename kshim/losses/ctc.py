"""The forward algorithm of connectionist temporal classification, in logarithms (Graves et al. 2006)."""

from .. import ops

#: Stands for log(0): far below any sum of log-probabilities, yet finite, so that gradients stay finite.
_NEVER = -1e30


def _log_add(*terms):
    top = terms[0]
    for t in terms[1:]:
        top = ops.maximum(top, t)
    top = ops.stop_gradient(top)
    total = ops.exp(terms[0] - top)
    for t in terms[1:]:
        total = total + ops.exp(t - top)
    return top + ops.log(total)


def ctc_loss(labels, log_probs, label_length, input_length, blank):
    """-log P(labels | log_probs) of each sample, shape (batch,).

    labels int (batch, length), log_probs (batch, time, classes), both lengths int (batch,). A label longer than its
    input has probability 0 and a loss of about 1e30.
    """
    batch, length = labels.shape
    time, states = log_probs.shape[1], 2 * length + 1
    dtype = log_probs.dtype
    blanks = ops.full((batch, length), blank, dtype="int32")
    # blank, l1, blank, l2, ... blank
    path = ops.concatenate(
        [ops.reshape(ops.stack([blanks, labels], axis=2), (batch, 2 * length)), blanks[:, :1]], axis=1
    )
    # a state may be entered from two before if it is a label other than the previous one
    skip = ops.logical_and(ops.not_equal(path, blank), ops.not_equal(path, ops.pad(path[:, :-2], ((0, 0), (2, 0)))))
    skip = ops.logical_and(skip, ops.arange(states) >= 2)
    emit = ops.take_along_axis(
        log_probs, ops.repeat(ops.expand_dims(path, 1), time, axis=1), axis=2
    )  # (batch, time, states)
    emit = ops.transpose(emit, (1, 0, 2))
    never = ops.full((batch, states), _NEVER, dtype=dtype)
    first = ops.where(ops.arange(states) < 2, emit[0], never)

    def step(alpha, inputs):
        now, running = inputs
        one = ops.pad(alpha[:, :-1], ((0, 0), (1, 0)), constant_values=_NEVER)
        two = ops.where(skip, ops.pad(alpha[:, :-2], ((0, 0), (2, 0)), constant_values=_NEVER), never)
        new = ops.where(ops.expand_dims(running, 1), _log_add(alpha, one, two) + now, alpha)
        return new, new

    running = ops.expand_dims(ops.arange(1, time), 1) < ops.expand_dims(input_length, 0)  # (time - 1, batch)
    alpha = first if time == 1 else ops.scan(step, first, (emit[1:], running))[0]
    last = ops.expand_dims(2 * label_length, 1)
    end = ops.take_along_axis(alpha, last, axis=1)
    before = ops.take_along_axis(alpha, ops.maximum(last - 1, 0), axis=1)
    before = ops.where(last > 0, before, ops.full_like(before, _NEVER))
    return ops.negative(ops.squeeze(_log_add(end, before), 1))
