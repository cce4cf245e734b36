"""Messages and questions."""

import io
import logging
import sys

from kshim import utils
from kshim.utils import io_utils


def test_messages_go_where_the_setting_says(capsys, caplog):
    io_utils.print_msg("a")
    io_utils.print_msg("b", line_break=False)
    assert capsys.readouterr().out == "a\nb"
    utils.disable_interactive_logging()
    try:
        assert not utils.is_interactive_logging_enabled()
        with caplog.at_level(logging.INFO, logger="kshim"):
            io_utils.print_msg("c")
    finally:
        utils.enable_interactive_logging()
    assert capsys.readouterr().out == "" and caplog.messages == ["c"]


def test_console_without_unicode(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    io_utils.print_msg("verlust_ß: 1")
    assert stream.buffer.getvalue() == b"verlust_?: 1\n"


def test_ask(monkeypatch, capsys):
    answers = iter(["maybe", "Y", "n"])
    monkeypatch.setattr("builtins.input", lambda _: next(answers))
    assert io_utils.ask_to_proceed_with_overwrite("f") is True
    assert io_utils.ask_to_proceed_with_overwrite("f") is False


def test_every_name_of_utils_exists():
    for name in utils.__all__:
        assert getattr(utils, name) is not None, name
    assert utils.data_utils._hash_file is utils._hash_file
