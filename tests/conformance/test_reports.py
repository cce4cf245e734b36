"""Reports of a run: the document as strict JSON, JUnit, the page, what is printed, progress, and regressions."""

import copy
import io
import json
import math
import re
import subprocess
import threading
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import kshim_conformance.__main__ as command
import numpy as np
import pytest
from kshim_conformance import (
    regressions,
    report,
    report_curves,
    report_elements,
    report_heat,
    report_html,
    report_json,
    report_junit,
    report_tables,
)
from kshim_conformance.judge import Level, Mismatch, Verdict
from kshim_conformance.levels import LEVELS

HOSTILE = "ops/<script>alert('&')</script>\x1b[31m\x00\ud800]]> \"quoted\" é"
DENSE, GRU, MLP = "layers/Dense(units=4)", "layers/GRU(4, stateful=True)", "models/mlp"
CURVE = [1.5, 0.75, 0.25]


def _verdict(backend, wrong=(), **changes):
    levels = {
        "ops": Level({"ops/add(1, 2)", HOSTILE}, 6, set(), 1.25),
        "grads": Level({"ops/add(1, 2)"}, 2, set(), 0.5),
        "layers": Level({DENSE, GRU}, 20, set(), 2.0),
        "models": Level({MLP}, 9, set(), 3.0),
    }
    out = Verdict(backend, {"name": backend, "version": "1.2", "device": "cpu"}, 12.3456, levels, 37)
    shift = 0.0 if backend == "numpy" else 1e-15
    out.curves = {MLP: {d: {"history of loss": [x * (1 + shift + s) for x in CURVE]} for d, s in
                        (("float64", 0.0), ("float32", 1e-7))}}  # fmt: skip
    out.errors = {
        DENSE: {"layer float64": shift, "gradient float32": 2e-7},
        "layers/Dense(units=9)": {"layer float64": shift * 3, "layer float32": 4e-8},
        GRU: {"layer float64": 0.0},
        MLP: {"curve float64": shift, "weights float32": 3e-6},
    }
    if backend == "numpy":  # in float64 it is what the others are held against
        out.errors = {case: {k: e for k, e in some.items() if "float32" in k} for case, some in out.errors.items()}
    out.drift = {MLP: {"curve float32": 1e-4}}
    out.times = {"ops/add(1, 2)": 0.123456, HOSTILE: 0.25, DENSE: 1.5, GRU: 0.5, MLP: 3.0}
    out.accuracies = {"accuracy/digits": 0.9722}
    for case, level, text in wrong:
        out.wrong(Mismatch(backend, case, "float32", "eager", "value[0]", "numpy in float64", text, level))
    for name, value in changes.items():
        setattr(out, name, value)
    return out


def _document(*verdicts, **more):
    about = {"platform": "test", "machine": "x", "processor": "A processor", "cores": 2}
    options = {"only": None, "levels": list(LEVELS), "quick": False, "full": False, "device": None, "digest": "d"}
    return report_json.document(
        verdicts or (_verdict("numpy"), _verdict("torch")),
        more.get("skipped", {}),
        {**options, **more.get("options", {})},
        more.get("failed"),
        about,
    )


@pytest.fixture
def hostile():
    return _document(
        _verdict("numpy"),
        _verdict("torch", [(HOSTILE, "ops", "got <b>1</b>\x07"), (HOSTILE, "ops", "second"), (DENSE, "layers", "3")]),
        skipped={"jax": "jax is not installed (pip install 'kshim[jax]')"},
        failed={"tensorflow": "ended with status 1:\nTraceback <module>"},
    )


# JSON ----------------------------------------------------------------------------------------------------------
def test_a_document_comes_back_from_its_file(tmp_path, hostile):
    path = tmp_path / "run.json"
    report_json.write_json(path, hostile)
    assert report_json.read(path) == hostile
    torch = hostile["backends"]["torch"]
    assert torch["levels"]["ops"] == {
        "cases": sorted(["ops/add(1, 2)", HOSTILE]), "wrong": [HOSTILE], "checks": 6, "seconds": 1.25,
    }  # fmt: skip
    assert torch["mismatches"][0]["text"] == "got <b>1</b>\x07" and torch["times"]["ops/add(1, 2)"] == 0.1235
    assert hostile["options"]["levels"] == list(LEVELS) == hostile["levels"]


def test_numbers_that_are_not_finite_are_strings_in_the_file_and_numbers_again(tmp_path):
    verdict = _verdict("numpy")
    verdict.errors[MLP] = {"a float64": math.nan, "b float64": math.inf, "c float64": np.float64(-math.inf)}
    verdict.curves[MLP]["float64"]["loss"] = np.array([1.0, math.nan])
    path = tmp_path / "run.json"
    report_json.write_json(path, _document(verdict))

    def refuse(word):
        raise AssertionError(f"{word} is no JSON")

    raw = json.loads(path.read_text(), parse_constant=refuse)["backends"]["numpy"]
    assert raw["errors"][MLP] == {"a float64": "nan", "b float64": "inf", "c float64": "-inf"}
    found = report_json.read(path)["backends"]["numpy"]
    assert math.isnan(found["errors"][MLP]["a float64"]) and found["errors"][MLP]["c float64"] == -math.inf
    assert found["curves"][MLP]["float64"]["loss"][0] == 1.0 and math.isnan(found["curves"][MLP]["float64"]["loss"][1])


def test_a_crash_while_writing_leaves_the_old_file(tmp_path):
    path = tmp_path / "run.json"
    report_json.write_json(path, _document())
    before = path.read_text()
    broken = _document(options={"only": object()})
    with pytest.raises(TypeError, match="object"):
        report_json.write_json(path, broken)
    with pytest.raises(UnicodeEncodeError):
        report_json.write_text(path, "half of it\ud800")
    assert path.read_text() == before and [p.name for p in tmp_path.iterdir()] == ["run.json"]


@pytest.mark.parametrize(
    "text", ["{", "[1]", '{"schema": 99}', '{"schema": 1, "backends": {}, "x": NaN}', '{"schema": NaN}', "not json"]
)
def test_a_file_that_is_no_document_is_refused(tmp_path, text, capsys):
    path = tmp_path / "wrong.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="wrong.json is no report"):
        report_json.read(path)
    assert command.main(["report", str(path)]) == 2
    assert "wrong.json is no report" in capsys.readouterr().err


def test_a_case_that_did_not_run_counts_among_the_cases():
    """It is only among the wrong ones of its level."""
    verdict = _verdict("torch", [("ops/absent()", "ops", "the case was not run")])
    ops = _document(verdict)["backends"]["torch"]["levels"]["ops"]
    assert "ops/absent()" in ops["cases"] and report_tables.counts(ops) == "2/3"


def test_the_machine_names_gpus_only_where_one_is_used(monkeypatch):
    def smi(command, **how):
        return subprocess.CompletedProcess(command, 0, "NVIDIA H100\nNVIDIA H100\n", "")

    monkeypatch.setattr(report_json.subprocess, "run", smi)
    assert "gpu" not in report_json.machine(["cpu", "cpu:0", ""])
    assert report_json.machine(["cpu", "gpu:0"])["gpu"] == "2 x NVIDIA H100"
    monkeypatch.setattr(report_json.subprocess, "run", lambda *a, **k: (_ for _ in ()).throw(FileNotFoundError()))
    assert report_json.machine(["cuda:0"])["gpu"] == "unknown (FileNotFoundError of nvidia-smi)"
    assert report_json.machine()["processor"] and report_json.machine()["cores"] > 0


# JUnit ---------------------------------------------------------------------------------------------------------
def test_junit_parses_and_its_counts_are_those_of_its_elements(tmp_path, hostile):
    path = tmp_path / "run.xml"
    report_junit.write_junit(path, hostile)
    root = ET.parse(path).getroot()
    assert root.tag == "testsuites"
    suites = {s.get("name"): s for s in root}
    assert list(suites) == [f"{b}.{level}" for b in ("numpy", "torch") for level in ("ops", "grads", "layers", "models")] + [
        "jax", "tensorflow",
    ]  # fmt: skip
    for part, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        for element in (root, *root):
            cases = element.iter("testcase")
            assert int(element.get(part)) == sum(c.find(tag) is not None for c in cases), part
    assert root.get("tests") == "14" and root.get("failures") == "2"
    assert root.get("errors") == "1" and root.get("skipped") == "1"
    assert suites["torch.ops"].get("failures") == "1", "one failure for a case, however many mismatches"


def test_junit_failures_have_message_and_text_and_time_counts_once(hostile):
    root = ET.fromstring(ET.tostring(report_junit.junit(hostile)))
    (case,) = root.findall("testsuite[@name='torch.ops']/testcase[failure]")
    assert case.get("name") == r"""ops/<script>alert('&')</script>\x1b[31m\x00\ud800]]> "quoted" é"""
    assert case.get("classname") == "torch.ops"
    failure = case.find("failure")
    assert failure.get("type") == "numpy in float64"
    assert r"got <b>1</b>\x07 [and 1 more]" in failure.get("message") and "second" in failure.text
    times = {
        c.get("classname"): float(c.get("time")) for c in root.iter("testcase") if c.get("name") == "ops/add(1, 2)"
    }
    assert times["numpy.ops"] == 0.1235 and times["numpy.grads"] == 0.0
    assert "Traceback <module>" in root.find("testsuite[@name='tensorflow']/testcase/error").text
    assert "not installed" in root.find("testsuite[@name='jax']/testcase/skipped").get("message")


# the page ------------------------------------------------------------------------------------------------------
class _Page(HTMLParser):
    """Tags, attributes, texts; complains of what is not nested."""

    VOID = {"meta", "link", "img", "br", "input"}

    def __init__(self, text):
        super().__init__()
        self.attributes, self.tags, self.texts, self.open = [], [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def test_the_page_needs_nothing_but_itself(hostile):
    text = report_html.page(hostile)
    page = _Page(text)
    assert text.startswith('<!doctype html>\n<html lang="en">')
    assert not {"script", "link", "img", "iframe", "object", "embed", "base"} & set(page.tags)
    assert all(value.startswith("#") for _, name, value in page.attributes if name in ("src", "href", "action", "data"))
    assert not re.search(r"https?:|url\(|@import|//[a-z]", text)
    anchors = {value for _, name, value in page.attributes if name == "id"}
    links = [value[1:] for _, name, value in page.attributes if name == "href"]
    assert links and set(links) == anchors


def test_the_page_shows_every_backend_and_model_and_the_mismatches_in_full(hostile):
    page = _Page(report_html.page(hostile))
    for name in (
        "numpy",
        "torch",
        "jax",
        "tensorflow",
        "mlp",
        "Dense",
        "GRU",
        "digits",
        "A processor, 2 cores",
        "got <b>1</b>\\x07",
    ):
        assert name in page.texts, name
    assert "tensorflow failed to run" in page.texts and "1/2" in page.texts and "0.9722" in page.texts
    assert ("line", "class", "bound") in page.attributes, "the distance allowed"
    assert page.tags.count("details") == 1 and page.texts.count("second") == 1


def test_the_page_escapes_hostile_names(hostile):
    text = report_html.page(hostile)
    assert not {"script", "module"} & set(_Page(text).tags) and "got &lt;b&gt;1&lt;/b&gt;" in text
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]", text)
    assert r"ops/<script>alert('&')</script>\x1b[31m\x00\ud800]]> " + '"quoted" é' in _Page(text).texts
    text.encode("utf-8")


def test_the_page_says_whether_all_agree():
    def title(*verdicts, **more):
        texts = _Page(report_html.page(_document(*verdicts, **more))).texts
        return texts[texts.index("kshim conformance") + 2]

    assert title() == "All backends agree"
    assert title(skipped={"jax": "absent"}) == "All 2 backends that ran agree"
    assert title(_verdict("numpy")) == "numpy passes"
    assert title(_verdict("numpy"), _verdict("torch", [(DENSE, "layers", "3")])) == "1 mismatch in 74 checks"


def test_a_page_of_a_run_of_operations_has_no_empty_sections():
    bare = {name: {} for name in ("errors", "curves", "drift", "accuracies", "times")}
    page = _Page(report_html.page(_document(_verdict("numpy", **bare))))
    assert [v for _, name, v in page.attributes if name == "id"] == ["summary", "mismatches"]
    assert "None." in page.texts


def test_curves_break_at_nan_and_their_distances_are_on_a_fixed_scale():
    panels = {
        ("loss", "float64"): {"numpy": [4.0, 2.0, 1.0], "torch": [4.0, math.nan, 1.0 + 1e-8]},
    }
    svg = report_curves.curves(panels, ["numpy", "torch"], {"float64": 1e-9})
    groups = {(g.get("class"), g.find("title").text.split(":")[0]): g for g in svg.iter("g") if g.get("class")}
    assert len(groups["loss s0", "numpy"].findall("polyline")) == 1
    assert len(groups["loss s1", "torch"].findall("polyline")) == 2, "a gap where the loss is NaN"
    ends = [p.get("points").split()[-1] for p in groups["distance s1", "torch"].findall("polyline")]
    heights = [float(point.split(",")[1]) for point in ends]
    (bound,) = [float(line.get("y1")) for line in svg.iter("line") if line.get("class") == "bound"]
    (bottom,) = [float(line.get("y1")) for line in svg.iter("line") if line.get("class") == "axis"]
    assert heights[0] == bottom, "identical at first"
    assert heights[1] == pytest.approx(bottom - report_curves._DEVIATION * 9 / 17, abs=0.2), "1e-8 is nine decades up"
    assert bound == pytest.approx(bottom - report_curves._DEVIATION * 8 / 17, abs=0.2)
    assert ("distance s0", "numpy") not in groups, "numpy in float64 is what the others are held against"


@pytest.mark.parametrize("low, high", [(0.0, 1.0), (0.3, 0.3), (-2.0, 5.0), (1e-9, 3e-9), (998.0, 1002.0), (0.0, 0.0)])
def test_ticks_are_few_and_enclose_the_values(low, high):
    ticks = report_curves._ticks(low, high)
    assert 2 <= len(ticks) <= 6 and ticks == sorted(set(ticks))
    assert ticks[0] <= low + 1e-6 * (ticks[1] - ticks[0]) and ticks[-1] >= high - 1e-6 * (ticks[1] - ticks[0])


@pytest.mark.parametrize("error, name", [
    (None, "none"), (0.0, "exact"), (math.nan, "over"), (math.inf, "over"), (1e-30, "h0"), (2.2e-16, "h1"), (1.5e-7, "h10"),
    (0.5, "h16"), (30.0, "h16"),
])  # fmt: skip
def test_colours_of_errors(error, name):
    assert report_heat.decade(error) == name


def test_every_colour_of_the_scale_has_a_rule_in_both_schemes():
    style = report_heat.heat_style()
    for i in range(report_tables.HIGHEST - report_tables.LOWEST):
        assert style.count(f".h{i} {{") == 2
    assert style.index("prefers-color-scheme: dark") < style.rindex(".h0 {") and style.count("@media") == 1


def test_the_heat_map_has_the_worst_of_a_layer_and_marks_what_fails(hostile):
    _, _, blocks = report_heat.layers(hostile)
    cells = {}
    for table in blocks.iter("table"):
        heads = [th.text for th in table.findall("thead/tr[2]/th")]
        for row in table.findall("tbody/tr"):
            cells[row.find("th").text] = list(zip(heads, row.findall("td")))
    names = [(head, td.text) for head, td in cells["Dense"]]
    assert names == [("torch", "3e-15"), ("numpy", "2e-7"), ("torch", "2e-7")], "numpy float64 is the reference"
    assert [td.get("class").split().count("wrong") for _, td in cells["Dense"]] == [0, 0, 1]
    assert "layers/Dense(units=9)" in cells["Dense"][0][1].get("title")
    assert [td.text for _, td in cells["GRU"]] == ["0", "–", "–"]


def test_a_layer_that_only_fails_is_in_the_heat_map():
    document = _document(_verdict("numpy"), _verdict("torch", [("layers/Broken()", "layers", "no such thing")]))
    _, _, blocks = report_heat.layers(document)
    assert "Broken" in [th.text for th in blocks.iter("th")] and "torch float32" in [
        td.text for td in blocks.iter("td")
    ]


def test_elements_keep_texts_between_children_in_order():
    found = report_elements.e("p", "a", report_elements.e("b", 1), "c", [None, "d", report_elements.e("i")], class_="x")
    assert ET.tostring(found, encoding="unicode") == '<p class="x">a<b>1</b>cd<i /></p>'


# printed -------------------------------------------------------------------------------------------------------
def test_the_tables_have_all_levels_and_fit_the_terminal(hostile):
    text = report.summary(hostile)
    assert max(map(len, text.splitlines())) <= 140
    rows = {line.split()[0]: line.split()[1:] for line in text.splitlines()[2:10]}
    assert rows["ops"] == ["2/2", "1/2"] and rows["models"] == ["1/1", "1/1"]
    assert rows["mismatches"] == ["0", "3"] and rows["checks"] == ["37", "37"] and rows["version"] == ["1.2", "1.2"]
    assert "jax: skipped: jax is not installed" in text and "tensorflow: failed: ended" in text


def test_the_table_of_models_has_the_largest_error_of_each_dtype():
    verdicts = [_verdict(name) for name in ("numpy", "torch", "jax", "tensorflow")]
    verdicts[1].errors[MLP] = {
        "curve float64": 5e-16,
        "weights float64": 7e-15,
        "a float32": 1.0,
        "curve float32": math.nan,
    }
    for verdict in verdicts:
        verdict.errors["models/" + "long_" * 20] = {"curve float32": 1e-7}
    text = report.trained(_document(*verdicts))
    assert max(map(len, text.splitlines())) <= 140 and "..." in text
    (row,) = [line.split() for line in text.splitlines() if line.startswith("mlp")]
    assert row == ["mlp", "7.0e-15", "1.0e-15", "1.0e-15", "3.0e-06", "nan", "3.0e-06", "3.0e-06"]
    assert report.trained(_document(_verdict("numpy", errors={}))) == ""


def test_the_table_of_accuracies():
    text = report.accuracies(_document(_verdict("numpy"), _verdict("torch", accuracies={})))
    assert text.splitlines()[-1].split() == ["digits", "0.9722", "-"]
    assert report.accuracies(_document(_verdict("numpy", accuracies={}))) == ""


def test_mismatches_are_one_line_for_a_case(hostile):
    found = [Mismatch(**m) for m in hostile["backends"]["torch"]["mismatches"]]
    lines = report.mismatches(found).splitlines()
    assert len(lines) == 2 and lines[0].endswith("[and 1 more: float32 eager]")
    assert report.mismatches(found, shown=1).splitlines()[-1] == "torch: 1 more cases mismatch; --json FILE writes all."


def test_passed():
    assert report.passed(_document()) and report.passed(_document(skipped={"jax": "absent"}))
    assert not report.passed(_document(failed={"jax": "died"}))
    assert not report.passed(_document(_verdict("numpy", [(DENSE, "layers", "3")])))


# progress ------------------------------------------------------------------------------------------------------
def test_progress_is_a_line_for_each_quarter_where_there_is_no_terminal():
    stream = io.StringIO()
    progress = report.Progress(["numpy", "tensorflow"], stream)
    for i in range(101):
        progress.update("numpy", i, 100, "x")
    progress.update("tensorflow", 0, 0)
    progress.finish("numpy", "done in 3 s")
    progress.close()
    lines = [line.split() for line in stream.getvalue().splitlines()]
    assert [line[1] for line in lines] == ["0/100", "25/100", "50/100", "75/100", "100/100", "0/0", "done"]
    assert lines[-1] == ["numpy", "done", "in", "3", "s"]
    assert {line.index(line.split()[1]) for line in stream.getvalue().splitlines()} == {12}, "one column"


def test_progress_from_several_threads_writes_whole_lines():
    stream = io.StringIO()
    names = [f"backend{i}" for i in range(4)]
    progress = report.Progress(names, stream)

    def run(name):
        for i in range(401):
            progress.update(name, i, 400, "x")

    threads = [threading.Thread(target=run, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = stream.getvalue().splitlines()
    assert len(lines) == 20 and all(re.fullmatch(r"backend\d +\d+/400 +\d+ s", line) for line in lines)


class _Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_on_a_terminal_has_a_bar_for_each_backend(monkeypatch):
    pytest.importorskip("rich")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    stream = _Terminal()
    progress = report.Progress(["numpy", "torch"], stream)
    progress.update("numpy", 10, 10, "ops/add([1, 2])")
    progress.update("torch", 5, 20, "ops/[red]sub" + "x" * 300)
    progress.finish("numpy", "3 s")
    progress.close()
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", stream.getvalue())
    assert re.search(r"numpy .*10/10 .*3 s", shown) and re.search(r"torch .*5/20 .*ops/\[red\]sub", shown)
    assert max(map(len, re.split(r"[\r\n]+", shown))) <= 100


def test_progress_on_a_terminal_without_rich_is_lines(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    stream = _Terminal()
    progress = report.Progress(["numpy"], stream)
    progress.update("numpy", 1, 4, "x")
    progress.close()
    assert stream.getvalue().startswith("numpy  1/4")


# regressions ---------------------------------------------------------------------------------------------------
def _changed(edit, **more):
    """The changes after `edit(document)`."""
    old = _document(_verdict("numpy"), _verdict("torch", [(DENSE, "layers", "3")]), **more)
    new = copy.deepcopy(old)
    edit(new)
    return regressions.compare(old, new)


def test_no_change_is_no_regression():
    changes = _changed(lambda new: None)
    assert not changes.worse and changes.text() == "no change"


def test_newly_failing_and_newly_fixed_cases_are_told_apart():
    def edit(new):
        levels = new["backends"]["torch"]["levels"]
        levels["layers"]["wrong"], levels["ops"]["wrong"] = [], ["ops/add(1, 2)"]

    changes = _changed(edit)
    assert changes.worse and changes.failing == ["torch ops ops/add(1, 2)"]
    assert changes.fixed == [f"torch layers {DENSE}"]
    assert "newly failing: 1\n  torch ops ops/add(1, 2)" in changes.text()


def test_a_missing_case_is_a_regression_and_a_new_one_is_not():
    def edit(new):
        new["backends"]["torch"]["levels"]["ops"]["cases"].remove("ops/add(1, 2)")
        new["backends"]["numpy"]["levels"]["files"] = {"cases": ["files/mlp"], "wrong": [], "checks": 1, "seconds": 1.0}

    changes = _changed(edit)
    assert changes.worse and changes.missing == ["torch ops ops/add(1, 2)"] and changes.new == ["numpy files files/mlp"]


def test_a_run_of_fewer_cases_has_none_missing():
    def edit(new):
        new["options"]["quick"] = True
        new["backends"]["torch"]["levels"]["ops"]["cases"].remove("ops/add(1, 2)")

    changes = _changed(edit)
    assert not changes.worse and not changes.missing and "different cases" in changes.text()


def test_a_case_both_missing_and_wrong_before_is_not_fixed():
    def edit(new):
        del new["backends"]["torch"]["levels"]["layers"]

    changes = _changed(edit)
    assert changes.fixed == [] and f"torch layers {DENSE}" in changes.missing


@pytest.mark.parametrize("kind, where", [("failed", "failing"), ("skipped", "missing"), (None, "notes")])
def test_a_backend_that_is_gone(kind, where):
    def edit(new):
        del new["backends"]["torch"]
        if kind:
            new[kind]["torch"] = "the reason"

    changes = _changed(edit)
    assert len(getattr(changes, where)) == 1 and "torch" in getattr(changes, where)[0]
    assert changes.worse == (kind is not None)


def test_failures_of_a_backend_that_did_not_run_before_count():
    def edit(new):
        new["backends"]["jax"] = copy.deepcopy(new["backends"]["torch"])

    changes = _changed(edit)
    assert changes.failing == [f"jax layers {DENSE}"] and changes.new == ["jax: a backend that did not run before"]


@pytest.mark.parametrize("was, error, grown", [
    (1e-9, 2e-8, True), (1e-9, 9e-9, False), (1e-16, 9e-13, False), (1e-16, 2e-12, True), (0.0, 1e-11, True),
    (1e-9, math.nan, False), (math.nan, 1.0, False), (1e-9, math.inf, True),
])  # fmt: skip
def test_errors_that_grew(was, error, grown):
    old, new = _document(), _document()
    old["backends"]["torch"]["errors"][MLP]["curve float64"] = was
    new["backends"]["torch"]["errors"][MLP]["curve float64"] = error
    changes = regressions.compare(old, new)
    assert len(changes.grown) == (grown or math.isnan(error)) and not changes.worse


def test_the_error_that_grew_most_comes_first():
    def edit(new):
        new["backends"]["torch"]["errors"] = {DENSE: {"layer float64": 1e-10}, MLP: {"curve float64": 1e-7}}

    assert [line.split()[1] for line in _changed(edit).grown] == [MLP, DENSE]


def test_times_are_for_information():
    def edit(new):
        new["backends"]["torch"]["times"].update({MLP: 7.0, DENSE: 2.9, "ops/add(1, 2)": 0.4, GRU: 1.1})
        new["machine"]["cores"] = 64

    changes = _changed(edit)
    assert changes.slower == [f"torch {MLP}: 3.00 s -> 7.00 s", f"torch {GRU}: 0.50 s -> 1.10 s"] and not changes.worse
    assert "different machines" in changes.text()


def test_long_lists_are_cut():
    text = regressions.Changes(new=[f"case {i}" for i in range(100)]).text()
    assert text.splitlines()[0] == "new: 100" and text.splitlines()[-1] == "  and 60 more"
    assert len(text.splitlines()) == 42


# the command ---------------------------------------------------------------------------------------------------
def test_reports_of_a_run_that_is_over(tmp_path, capsys, hostile):
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    report_json.write_json(old, _document(_verdict("numpy"), _verdict("torch")))
    report_json.write_json(new, hostile)
    page, junit = tmp_path / "page.html", tmp_path / "run.xml"
    assert command.main(["report", str(old), "--html", str(page), "--junit", str(junit)]) == 0
    assert page.read_text(encoding="utf-8") == report_html.page(report_json.read(old)) + "\n"
    assert ET.parse(junit).getroot().get("failures") == "0"
    assert "2/2" in capsys.readouterr().out
    assert command.main(["report", str(new), "--compare", str(old)]) == 1
    out = capsys.readouterr().out
    assert "newly failing: 2" in out and "torch layers/Dense(units=4) float32 eager value[0], against numpy" in out
    assert command.main(["report", str(old), "--compare", str(tmp_path / "none.json")]) == 2
    assert "none.json" in capsys.readouterr().err


def test_a_run_writes_all_reports_and_compares_with_itself(tmp_path, capsys):
    files = {name: str(tmp_path / f"run.{name}") for name in ("json", "junit", "html")}
    options = [text for name, path in files.items() for text in (f"--{name}", path)]
    assert command.main(["numpy", "--only", "floor", *options]) == 0
    assert command.main(["numpy", "--only", "floor", "--compare", files["json"]]) == 0
    out = capsys.readouterr().out
    assert f"Compared with {files['json']}" in out and "newly" not in out and "missing" not in out
    document = report_json.read(files["json"])
    assert document["backends"]["numpy"]["levels"]["ops"]["cases"] and document["machine"]["cores"]
    assert "numpy passes" in (tmp_path / "run.html").read_text(encoding="utf-8")
