"""Asking the processes of a series: rows of what they answer."""

from ..speed.process import Failed, Process
from ..speed.summary import quartiles
from .series import MB, PORTIONS, SERIES

#: Times one of two things that take turns is measured for each round asked for.
_TURNS = 3


class Measured:
    """One series on one backend. `points`: [{"at": size or count, name: value}]; `figure`: in the unit of the series, or
    None; `problems`: why there is no more."""

    def __init__(self, backend, name, options):
        self.backend, self.name, self.series = backend, name, SERIES[name]
        self.rounds, self.threads = options.rounds, options.threads
        self.sizes = self.series.quick if options.quick else self.series.points
        if name == "layers":
            self.sizes = [n for n in self.sizes if n <= options.most_layers] or [options.most_layers]
        self.patience = options.patience
        self.points, self.figure, self.problems, self.versions, self._open = [], None, [], {}, []
        try:
            getattr(self, f"_{self.series.kind}")()
        except Failed as error:
            self.problems.append(str(error))
        finally:
            for process in self._open:
                process.close()

    def row(self):
        """What is kept of it."""
        limit = self.series.limit
        return {
            "backend": self.backend, "series": self.name, "points": self.points, "figure": self.figure, "unit": self.series.unit,
            "says": self.series.says, "target": f"<= {limit:g} {self.series.unit}",
            "met": None if self.figure is None else self.figure <= limit,
        }  # fmt: skip

    def _process(self, framework=False):
        spec = {
            "kind": self.series.kind,
            "name": self.name.rpartition("/")[2],
            "backend": self.backend,
            "framework": framework,
        }
        process = Process(f"{__package__}.worker", spec, self.threads)
        self._open.append(process)
        self.versions.update(process.ready())
        return process

    def _sizes(self):
        """Sizes in turn, so that whatever else the machine does hits all alike."""
        process = self._process()
        for size in self.sizes:
            try:
                self.points.append({"at": size, **process.ask(f"first {size}", self.patience), "values": []})
            except Failed as error:
                self.problems.append(f"{size}, made and trained for a step: {error}")
                # It may be gone with all its models: once more, up to the size before.
                process.close()
                process = self._process() if self.points else None
                for point in self.points:
                    process.ask(f"first {point['at']}", self.patience)
                break
        if self.points:
            self._turns(process)

    def _turns(self, process):
        for _ in range(self.rounds * _TURNS):
            for point in self.points:
                point["values"].append(process.ask(f"step {point['at']}"))
        for point in self.points:
            point["low"], point["step"], point["high"] = quartiles(point.pop("values"))
            point["each"] = point["step"] / self._share(point["at"])
        self.figure = self.points[-1]["each"] / self.points[0]["each"]

    def _share(self, size):
        """What the time of a step is divided by: layers, parameters or samples."""
        return {"layers": size, "width": 4 * size * (size + 1), "batch": size, "depth": 1}[self.name]

    def _epochs(self):
        warm, count = self.sizes
        process = self._process()
        process.ask(str(warm))
        times = process.ask(str(count))
        self.points = [{"at": i + 1, "step": t} for i, t in enumerate(times)]
        part = max(1, len(times) // 4)
        self.figure = quartiles(times[-part:])[1] / quartiles(times[:part])[1]

    def _memory(self):
        warm, portion = self.sizes
        process = self._process()
        for i in range(PORTIONS + 1):
            self.points.append({"at": warm + i * portion, "memory": process.ask(str(portion if i else warm))})
        first, last = self.points[0], self.points[-1]
        grown = last["memory"] - first["memory"]
        last["bytes"] = grown / (last["at"] - first["at"])
        self.figure = grown / MB

    def _data(self):
        steps = self.sizes[0]
        found = self._process().ask(str(steps))
        self.points = [{"at": steps, "memory": found["grown"], "batches": found["grown"] / found["batch"]}]
        self.figure = found["grown"] / MB

    def _dropout(self):
        ours, theirs = self._process(), self._process(True)
        for width in self.sizes:
            values = [(ours.ask(str(width)), theirs.ask(str(width))) for _ in range(self.rounds * _TURNS)]
            low, ratio, high = quartiles([a / b for a, b in values])
            step, framework = (quartiles(some)[1] for some in zip(*values))
            self.points.append(
                {"at": width, "step": step, "framework": framework, "ratio": ratio, "low": low, "high": high}
            )
        self.figure = max(point["ratio"] for point in self.points)
