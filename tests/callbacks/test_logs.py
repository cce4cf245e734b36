"""`LazyLogs` behaves as a dict in every way Python looks into one, and reads only then."""

import copy
import json
import pickle

import pytest

from kshim.callbacks import LazyLogs
from kshim.callbacks.logs import VersionedDict, find, other_name

VALUES = {"loss": 0.5, "accuracy": 0.25}

LOOKS = {
    "getitem": lambda d: d["loss"],
    "get": lambda d: d.get("loss"),
    "get default": lambda d: d.get("mae", 7),
    "in": lambda d: "loss" in d,
    "not in": lambda d: "mae" in d,
    "len": len,
    "bool": bool,
    "iter": lambda d: list(iter(d)),
    "list": list,
    "sorted": sorted,
    "reversed": lambda d: list(reversed(d)),
    "keys": lambda d: list(d.keys()),
    "values": lambda d: list(d.values()),
    "items": lambda d: list(d.items()),
    "dict": dict,
    "copy": lambda d: d.copy(),
    "copy.copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda d: pickle.loads(pickle.dumps(d)),
    "json": json.dumps,
    "repr": repr,
    "str": str,
    "format": lambda d: "{loss:.2f}".format(**d),
    "format_map": lambda d: "{loss:.2f}".format_map(d),
    "percent": lambda d: "%(loss).2f" % d,  # noqa: UP031
    "call": lambda d: dict(**d),
    "unpack": lambda d: {"x": 1, **d},
    "eq": lambda d: d == VALUES,
    "req": lambda d: VALUES == d,
    "ne": lambda d: d != VALUES,
    "or": lambda d: d | {"x": 1},
    "ror": lambda d: {"x": 1} | d,
    "update": lambda d: (e := {}, e.update(d))[0],
    "pop": lambda d: (d.pop("loss"), d.pop("mae", None), dict(d)),
    "popitem": lambda d: (d.popitem(), dict(d)),
    "setdefault": lambda d: (d.setdefault("loss", 1), d.setdefault("lr", 2), dict(d)),
    "set": lambda d: (d.__setitem__("lr", 1), dict(d))[1],
    "delete": lambda d: (d.__delitem__("loss"), dict(d))[1],
    "clear": lambda d: (d.clear(), dict(d))[1],
    "ior": lambda d: (d.__ior__({"lr": 1}), dict(d))[1],
}


@pytest.mark.parametrize("look", LOOKS)
def test_as_a_dict(look):
    reads = []
    logs = LazyLogs(lambda: reads.append(1) or VALUES)
    assert isinstance(logs, dict) and not reads and not logs.is_read
    assert LOOKS[look](logs) == LOOKS[look](dict(VALUES))
    assert reads == [1] and logs.is_read
    assert type(logs.copy()) is dict
    assert reads == [1]


def test_known_entries_are_found_but_not_listed():
    logs = LazyLogs(lambda: VALUES, {"batch": 3, "size": 32})
    assert logs["batch"] == 3 and logs.get("size") == 32 and "size" in logs
    assert not logs.is_read
    assert dict(logs) == VALUES and len(logs) == 2
    with pytest.raises(KeyError):
        logs["mae"]


def test_an_error_while_reading_is_not_hidden():
    def fail():
        raise RuntimeError("device lost")

    with pytest.raises(RuntimeError, match="device lost"):
        LazyLogs(fail).get("loss")


def test_names_of_other_versions():
    assert other_name("acc") == "accuracy" and other_name("val_accuracy") == "val_acc"
    assert other_name("lr") == "learning_rate" and other_name("loss") is None and other_name(3) is None
    for logs in (LazyLogs(lambda: VALUES), VersionedDict(VALUES)):
        assert logs["acc"] == 0.25 and logs.get("acc") == 0.25 and logs.get("val_acc") is None
        assert "acc" not in logs
        with pytest.raises(KeyError, match="val_acc"):
            logs["val_acc"]
    assert find({"val_acc": 1}, "val_accuracy") == 1 and find(None, "x") is None
    both = VersionedDict(acc=1, accuracy=2)
    assert both["acc"] == 1 and both["accuracy"] == 2
    assert pickle.loads(pickle.dumps(both)) == both
