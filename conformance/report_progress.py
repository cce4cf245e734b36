"""How far each backend is, while several run at the same time."""

import importlib.util
import sys
import threading
import time


class Progress:
    """One bar for each backend where standard error is a terminal and rich is installed, else a line at each quarter.

    `update` and `finish` may be called from any thread. `close` ends the display; nothing may follow it.
    """

    def __init__(self, names, stream=None):
        stream = stream or sys.stderr
        live = stream.isatty() and importlib.util.find_spec("rich") is not None
        self._display = _Bars(names, stream) if live else _Lines(names, stream)

    def update(self, backend, done, total, what=""):
        """`done` of `total` jobs are done and `what` is running."""
        self._display.update(backend, done, total, what)

    def finish(self, backend, text):
        """The backend is through, with `text` to say about it."""
        self._display.finish(backend, text)

    def close(self):
        self._display.close()


class _Lines:
    def __init__(self, names, stream):
        self.stream, self.lock, self.started = stream, threading.Lock(), time.monotonic()
        self.width = max(map(len, names), default=0) + 2
        self.quarter = dict.fromkeys(names, -1)

    def update(self, backend, done, total, what):
        quarter = int(done / total * 4) if total else 4
        with self.lock:
            if quarter > self.quarter[backend]:
                self.quarter[backend] = quarter
                self._write(backend, f"{done}/{total} {time.monotonic() - self.started:4.0f} s")

    def finish(self, backend, text):
        with self.lock:
            self._write(backend, text)

    def _write(self, backend, text):
        self.stream.write(f"{backend:<{self.width}}{text}\n")
        self.stream.flush()

    def close(self):
        pass


class _Bars:
    def __init__(self, names, stream):
        from rich import console, progress, table

        self.bars = progress.Progress(
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(24),
            progress.MofNCompleteColumn(),
            progress.TimeElapsedColumn(),
            # What runs now takes the room that is left, and no more than that.
            progress.TextColumn(
                "{task.fields[what]}",
                markup=False,
                table_column=table.Column(ratio=1, no_wrap=True, overflow="ellipsis"),
            ),
            console=console.Console(file=stream),
            expand=True,
            redirect_stdout=sys.stdout.isatty(),  # else what is printed would go to `stream` instead of its file
        )
        self.tasks = {name: self.bars.add_task(name, total=None, what="starting") for name in names}
        self.bars.start()

    def update(self, backend, done, total, what):
        self.bars.update(self.tasks[backend], completed=done, total=total, what=what)

    def finish(self, backend, text):
        task = self.tasks[backend]
        if not self.bars.tasks[task].finished:
            self.bars.stop_task(task)  # it gave up on the way: its clock stands
        self.bars.update(task, what=text)

    def close(self):
        self.bars.stop()
