"""Batches prepared ahead: in order, complete, with errors where they belong."""

import itertools
import random
import threading
import time

import pytest

from kshim.utils import GeneratorEnqueuer, OrderedEnqueuer, Sequence
from kshim.utils.prefetch import Background, ordered


class Numbers(Sequence):
    def __init__(self, n, bad=None, slow=0.0):
        self.n, self.bad, self.slow, self.ends = n, bad, slow, 0

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        time.sleep(self.slow * (self.n - i))
        if i == self.bad:
            raise IndexError(f"bad item {i}")
        return i

    def on_epoch_end(self):
        self.ends += 1


def test_sequence_iterates():
    assert list(Numbers(4)) == [0, 1, 2, 3]
    with pytest.raises(TypeError, match="must define __len__"):
        list(Sequence())

    class Endless(Sequence):
        num_batches = None

        def __getitem__(self, i):
            return i

    assert list(itertools.islice(Endless(), 3)) == [0, 1, 2]


def test_ordered_keeps_order_and_works_in_parallel():
    started = threading.Barrier(3, timeout=10)

    def work(i):
        if i < 3:
            started.wait()  # passes only if three threads are at work together
        time.sleep(0.002 * (3 - i % 3))
        return i * i

    assert list(ordered(work, range(12), workers=3, depth=5)) == [i * i for i in range(12)]


def test_ordered_reads_no_further_than_asked():
    taken = []
    items = (taken.append(i) or i for i in range(100))
    out = ordered(lambda i: i, items, workers=2, depth=4)
    assert [next(out) for _ in range(3)] == [0, 1, 2]
    out.close()
    assert len(taken) == 7


def test_background_is_one_thread_in_order():
    threads = set()

    def generate():
        for i in range(20):
            threads.add(threading.get_ident())
            yield i

    assert list(Background(generate(), 3)) == list(range(20))
    assert len(threads) == 1 and threading.get_ident() not in threads


def test_background_hands_over_errors_and_closes():
    def broken():
        yield 1
        raise ValueError("from the generator")

    reader = Background(broken(), 2)
    assert next(reader) == 1
    with pytest.raises(ValueError, match="from the generator"):
        next(reader)
    with pytest.raises(StopIteration):
        next(reader)
    endless = Background(itertools.count(), 2)
    assert next(endless) == 0
    endless.close()
    endless._thread.join(5)
    assert not endless._thread.is_alive()


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_ordered_enqueuer(workers):
    data = Numbers(5, slow=0.001)
    enqueuer = OrderedEnqueuer(data)
    enqueuer.start(workers, max_queue_size=3)
    assert enqueuer.is_running()
    assert list(itertools.islice(enqueuer.get(), 12)) == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]
    assert data.ends == 2
    enqueuer.stop()
    assert not enqueuer.is_running() and list(enqueuer.get()) == []


def test_ordered_enqueuer_shuffles_with_random(tf_keras):
    results = []
    for cls, args in ((OrderedEnqueuer, ()), (tf_keras.utils.OrderedEnqueuer, ())):
        random.seed(4)
        enqueuer = cls(Numbers(9), *args, shuffle=True)
        enqueuer.start(1, 10)
        results.append(list(itertools.islice(enqueuer.get(), 9)))
        enqueuer.stop()
    assert results[0] == results[1] != list(range(9))


def test_ordered_enqueuer_raises_in_place():
    enqueuer = OrderedEnqueuer(Numbers(5, bad=2))
    enqueuer.start(2, 10)
    out = enqueuer.get()
    assert [next(out), next(out)] == [0, 1]
    with pytest.raises(IndexError, match="bad item 2"):
        next(out)
    assert not enqueuer.is_running()


@pytest.mark.parametrize("workers", [0, 2])
def test_generator_enqueuer(workers):
    enqueuer = GeneratorEnqueuer(iter(range(7)))
    enqueuer.start(workers, 3)
    assert list(enqueuer.get()) == list(range(7))
    enqueuer.stop()
