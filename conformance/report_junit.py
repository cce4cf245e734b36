"""The document of a run as JUnit XML, which continuous integration reads."""

import xml.etree.ElementTree as ET

from .judge import Mismatch
from .report_json import write_text
from .report_tables import clean

_LONGEST = 300


def junit(document):
    """The root element: a suite for each backend and level, and one for each backend that did not run."""
    root = ET.Element("testsuites", name="kshim conformance")
    for backend, found in document["backends"].items():
        wrong = {}
        for m in found["mismatches"]:
            wrong.setdefault((m["level"], m["case"]), []).append(m)
        timed = set()  # the time of a case is one for all its levels: it is told at the first
        for level, counts in found["levels"].items():
            suite = _suite(root, document, f"{backend}.{level}", counts["seconds"])
            for case in counts["cases"]:
                seconds = 0.0 if case in timed else found["times"].get(case, 0.0)
                timed.add(case)
                item = _case(suite, f"{backend}.{level}", case, seconds)
                if case in counts["wrong"]:
                    _failure(item, wrong.get((level, case), []))
    for kind, name in (("skipped", "skipped"), ("failed", "error")):
        for backend, reason in document[kind].items():
            suite = _suite(root, document, backend, 0.0)
            item = _case(suite, backend, "the backend runs here", 0.0)
            ET.SubElement(item, name, message=_first(reason)).text = clean(reason)
    for suite in root:
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            suite.set(name, str(len(suite.findall(f"testcase/{tag}"))))
        suite.set("tests", str(len(suite.findall("testcase"))))
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name)) for suite in root)))
    root.set("time", f"{sum(float(suite.get('time')) for suite in root):.3f}")
    return root


def _suite(root, document, name, seconds):
    timestamp = document["date"].split("+")[0]
    return ET.SubElement(root, "testsuite", name=clean(name), timestamp=timestamp, time=f"{seconds:.3f}")


def _case(suite, classname, name, seconds):
    return ET.SubElement(suite, "testcase", classname=clean(classname), name=clean(name), time=f"{seconds:.4f}")


def _first(text):
    """The first line, shortened: what a list of failures shows."""
    line = clean(text).strip().split("\n", 1)[0]
    return line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "..."


def _failure(item, mismatches):
    lines = [str(Mismatch(**m)) for m in mismatches] or ["This case is wrong; its mismatches were not kept."]
    more = f" [and {len(lines) - 1} more]" if len(lines) > 1 else ""
    kind = clean(mismatches[0]["against"]) if mismatches else "unknown"
    ET.SubElement(item, "failure", type=kind, message=_first(lines[0]) + more).text = clean("\n".join(lines))


def write_junit(path, document):
    """Write the XML of a document."""
    root = junit(document)
    ET.indent(root)
    write_text(path, '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode"))
