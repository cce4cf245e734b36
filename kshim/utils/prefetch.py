"""Work done ahead by threads, results in order."""

import queue
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor


def ordered(function, items, workers, depth):
    """Yield `function(item)` for each item, in order; `workers` threads keep up to `depth` results ready.

    An error in `function` is raised when its turn comes. Closing the generator waits for calls under way.
    """
    pool = ThreadPoolExecutor(workers, thread_name_prefix="kshim-data")
    pending = deque()
    try:
        for item in items:
            pending.append(pool.submit(function, item))
            if len(pending) > depth:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


class Background:
    """An iterator over `iterable`, which one thread reads up to `depth` items ahead.

    One thread only: generators cannot be entered twice at a time. Errors are raised in place of the item.
    `close()` lets the thread end after the item it is working on.
    """

    def __init__(self, iterable, depth):
        self._items = queue.Queue()
        self._free = threading.Semaphore(max(1, depth))
        self._closed = threading.Event()
        self._done = False
        arguments = (iter(iterable), self._items, self._free, self._closed)
        # the thread must not hold `self`, or an abandoned iterator would never be collected
        self._thread = threading.Thread(target=_produce, args=arguments, name="kshim-data", daemon=True)
        self._thread.start()

    def __iter__(self):
        return self

    def __next__(self):
        if self._done or self._closed.is_set():
            raise StopIteration
        kind, value = self._items.get()
        self._free.release()
        if kind == "item":
            return value
        self._done = True
        if kind == "error":
            raise value
        raise StopIteration

    def close(self):
        self._closed.set()
        self._free.release()

    def __del__(self):
        if hasattr(self, "_closed"):
            self.close()


def _produce(iterator, items, free, closed):
    while True:
        free.acquire()
        if closed.is_set():
            return
        try:
            item = next(iterator)
        except StopIteration:
            items.put(("end", None))
            return
        except BaseException as error:  # handed to the reader, who raises it
            items.put(("error", error))
            return
        items.put(("item", item))
