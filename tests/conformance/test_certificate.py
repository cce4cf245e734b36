"""Certificates: who gets one, what it says, and what `verify` sees."""

import copy
import json

import pytest
from kshim_conformance import catalogue, certificate, tolerances
from kshim_conformance.levels import LEVELS

import kshim


def document(levels=LEVELS, only="add*", quick=True, **changes):
    """The document of a run of one backend in which all went well, as far as a certificate reads it."""
    found = {n: {"cases": [f"{n}/a", f"{n}/b"], "wrong": [], "checks": 5, "seconds": 0.1} for n in levels}
    backend = {
        "info": {"name": "torch", "version": "2.0", "device": "cpu", "lacking": ["bfloat16"]},
        "levels": found,
        "mismatches": [],
    }
    return {
        "kshim": kshim.__version__,
        "date": "2030-01-02T03:04:05+00:00",
        "versions": {"python": "3.12.1", "numpy": "2.3.4"},
        "machine": {"platform": "Linux", "cores": 2},
        "options": {"only": only, "levels": list(levels), "quick": quick, "full": False, "device": None},
        "backends": {"torch": backend},
        "skipped": {},
        "failed": {},
        **changes,
    }


@pytest.fixture
def whole(monkeypatch):
    """A document of all levels; what the suite chooses for it is cut to the operations, which are quick to list."""
    select = catalogue.select
    monkeypatch.setattr(catalogue, "select", lambda pattern, levels, quick: select("add*", frozenset(("ops",)), quick))
    return document(only=None, quick=False)


def write(tmp_path, document):
    path = tmp_path / "certificate.json"
    assert certificate.certify(str(path), document, "torch")
    return path


def verify(path, *options):
    return certificate.main([str(path), *options])


# who gets one --------------------------------------------------------------------------------------------------
def test_a_certificate_says_what_was_run(whole, tmp_path, capsys):
    made = json.loads(write(tmp_path, whole).read_text())
    assert made["backend"] == "torch" and made["framework"] == "2.0" and made["device"] == "cpu"
    assert made["package"] == {"name": "kshim", "version": kshim.__version__} and made["kshim"] == kshim.__version__
    assert (
        made["versions"] == whole["versions"] and made["machine"] == whole["machine"] and made["date"] == whole["date"]
    )
    assert made["complete"] is True and made["missing"] == [] and made["suite"] == "full"
    assert made["levels"] == dict.fromkeys(LEVELS, {"cases": 2, "checks": 5})
    assert made["lacking_dtypes"] == ["bfloat16"] and made["tolerances"] == certificate.tolerances_digest()
    said = capsys.readouterr().out
    assert "passed the full suite" in said and "50 checks" in said and "Without the dtypes bfloat16" in said
    assert verify(tmp_path / "certificate.json", "--complete") == 0


@pytest.mark.parametrize(
    "spoil, reason",
    [
        (lambda d: d["backends"]["torch"].update(mismatches=[{}]), "cases mismatch: 1 in grads"),
        (lambda d: d["backends"]["torch"]["levels"].pop("rng"), "nothing was checked in rng"),
        (lambda d: d["backends"]["torch"]["levels"]["files"].update(checks=0), "nothing was checked in files"),
        (lambda d: d["backends"]["torch"].update(levels={}), "nothing was checked in spec, ops"),
        (lambda d: d["failed"].update(torch="it died"), "it gave no results: it died"),
        (lambda d: (d["backends"].pop("torch"), d["skipped"].update(torch="no GPU")), "it gave no results: no GPU"),
    ],
)
def test_a_run_that_did_not_pass_gets_none(whole, tmp_path, capsys, spoil, reason):
    whole["backends"]["torch"]["levels"]["grads"]["wrong"] = ["grads/a"]  # counted if there are mismatches at all
    spoil(whole)
    path = tmp_path / "certificate.json"
    assert certificate.certify(str(path), whole, "torch") is False and not path.exists()
    assert f"No certificate for torch: {reason}" in capsys.readouterr().err


def test_a_choice_of_levels_gives_an_incomplete_one(tmp_path, capsys):
    path = write(tmp_path, document(levels=("spec", "ops"), only=None))
    made = json.loads(path.read_text())
    assert made["complete"] is False and made["missing"] == [n for n in LEVELS if n not in ("spec", "ops")]
    assert verify(path) == 0 and "without the levels grads, overrides" in capsys.readouterr().out
    assert verify(path, "--complete") == 1 and "not of the complete full suite" in capsys.readouterr().out


def test_a_choice_of_cases_gives_an_incomplete_one(tmp_path, capsys):
    path = write(tmp_path, document())
    made = json.loads(path.read_text())
    assert made["complete"] is False and made["missing"] == []
    assert verify(path) == 0 and "only the cases matching 'add*'" in capsys.readouterr().out
    assert verify(path, "--complete") == 1


def test_the_quick_suite_is_not_the_full_one(whole, tmp_path):
    whole["options"]["quick"] = True
    path = write(tmp_path, whole)
    assert verify(path) == 0 and verify(path, "--complete") == 1


# tampering -----------------------------------------------------------------------------------------------------
def test_a_change_anywhere_shows(tmp_path, capsys):
    path = write(tmp_path, document())
    made = json.loads(path.read_text())
    for name in made:
        if name in ("what", "schema"):
            continue
        changed = copy.deepcopy(made)
        if isinstance(changed[name], dict):
            changed[name]["more"] = 1
        else:
            changed[name] = not changed[name] if isinstance(changed[name], bool) else ["other"]
        path.write_text(json.dumps(changed))
        capsys.readouterr()
        assert verify(path) == 1, name
        assert "It was changed after it was written" in capsys.readouterr().out
    path.write_text(json.dumps(made, indent=4, sort_keys=True))
    assert verify(path) == 0, "layout does not count"


@pytest.mark.parametrize(
    "forge",
    [
        lambda c: c.update(complete=True),
        lambda c: c.update(missing=["files"]),
        lambda c: c["levels"].pop("models"),
        lambda c: c["levels"]["models"].update(checks=0),
    ],
)
def test_a_contradiction_shows_even_with_a_fitting_digest(tmp_path, capsys, forge):
    path = write(tmp_path, document())
    made = json.loads(path.read_text())
    made.pop("digest")
    forge(made)
    path.write_text(json.dumps({**made, "digest": certificate.digest_of(made)}))
    assert verify(path) == 1 and "It contradicts itself" in capsys.readouterr().out


# other versions of the suite -----------------------------------------------------------------------------------
def test_another_catalogue_shows(tmp_path, monkeypatch, capsys):
    path, select = write(tmp_path, document()), catalogue.select

    def fewer(*args):
        found = select(*args)
        return catalogue.Selection(found.cases[1:], found.probes, found.units, found.files)

    monkeypatch.setattr(catalogue, "select", fewer)
    assert verify(path) == 1
    made = json.loads(path.read_text())["catalogue"]["ops"]["cases"]
    said = capsys.readouterr().out
    assert f"The cases of ops are others: it was made with {made}, this version has {made - 1}" in said
    assert f"this is {kshim.__version__}" in said and "tolerances" not in said


def test_other_tolerances_show(tmp_path, monkeypatch, capsys):
    path = write(tmp_path, document())
    monkeypatch.setitem(tolerances.KINDS, "looped", ((1e-3,) * 4, "max"))
    assert verify(path) == 1 and "The tolerances are others" in capsys.readouterr().out
    monkeypatch.undo()
    monkeypatch.setattr(tolerances, "DRIFT_FACTOR", 1e6)
    assert verify(path) == 1
    monkeypatch.undo()
    assert verify(path) == 0


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"what": "something else", "schema": 1}', '{"backends": {}}', "not JSON"]
)
def test_what_is_no_certificate(tmp_path, capsys, text):
    path = tmp_path / "other.json"
    path.write_text(text)
    assert verify(path) == 2 and "is no conformance certificate" in capsys.readouterr().err
    assert verify(tmp_path / "absent.json") == 2
