"""What a line of the log does with values at its limits."""

from __future__ import annotations

import json
import logging
import sys
from decimal import Decimal

import pytest

from vr_exporter.logs.lines import (
    LONGEST_TRACEBACK,
    LONGEST_VALUE,
    JsonFormatter,
    LogfmtFormatter,
    one_line,
    traceback_text,
)


def written(**facts: object) -> str:
    """The facts of a line, without time, level and message."""
    record = logging.makeLogRecord({"msg": "m", "levelname": "INFO", "created": 0.0})
    record.__dict__.update(facts)
    return LogfmtFormatter().format(record).partition(" msg=m ")[2]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (10**18 - 1, "999999999999999999"),
        (-(10**18) + 1, "-999999999999999999"),
        (10**18, "huge"),
        (-(10**18), "huge"),
        (1.23456789, "1.234568"),
        (float("inf"), "inf"),
        (Decimal("1.5"), "1.5"),
        (None, "null"),
        (True, "true"),
        (False, "false"),
        ("", '""'),
        ("a b", '"a b"'),
        ('a"b\\c', '"a\\"b\\\\c"'),
        ("a\nb\rc\td", r'"a\nb\rc\td"'),
        ("\x00", r'"\u0000"'),
        ("\u2028", r'"\u2028"'),
        ("\U000e0001", r'"\udb40\udc01"'),
        ("\ud800", r'"\ud800"'),
        ("x" * LONGEST_VALUE, "x" * LONGEST_VALUE),
        ("x" * (LONGEST_VALUE + 1), '"' + "x" * (LONGEST_VALUE - 1) + '…"'),
    ],
)
def test_a_value_is_written_so_that_one_line_holds_it(value: object, shown: str) -> None:
    """Numbers as they are while a reader can hold them, text quoted where it has to be."""
    assert written(fact=value) == f"fact={shown}"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("vm", "vm"),
        ("a b=c", "a_b_c"),
        ("ts", "ts_"),
        ("level", "level_"),
        ("traceback", "traceback_"),
        ("", "_"),
        ("k" * 300, "k" * LONGEST_VALUE),
    ],
)
def test_a_name_stays_one_word_and_takes_none_of_ours(name: str, shown: str) -> None:
    """What is no letter, digit, underscore or dot becomes an underscore."""
    assert written(**{name: 1}) == f"{shown}=1"


@pytest.mark.parametrize(
    ("level", "shown"),
    [("WARNING", "warn"), ("CRITICAL", "error"), ("ERROR", "error"), ("INFO", "info")],
)
def test_levels_have_the_words_of_the_family(level: str, shown: str) -> None:
    """In lower case, a warning as `warn`, and nothing above an error."""
    record = logging.makeLogRecord({"msg": "m", "levelname": level, "created": 0.0})
    assert LogfmtFormatter().format(record) == f"ts=1970-01-01T00:00:00.000Z level={shown} msg=m"


def test_a_message_whose_arguments_do_not_fit_is_written_as_it_stands() -> None:
    """A slip in a log call must not take the line away."""
    for args in ((1,), (), ({"a": 1},)):
        record = logging.makeLogRecord({"msg": "%d of %d", "args": args, "created": 0.0})
        assert ' msg="%d of %d"' in LogfmtFormatter().format(record)


def test_json_lines_hold_no_character_that_ends_a_line() -> None:
    """Nor DEL, nor anything else that is not printable."""
    record = logging.makeLogRecord({"msg": "a\x7fb\u2028", "created": 0.0})
    line = JsonFormatter().format(record)
    assert line.isascii()
    assert line.isprintable()
    assert "\\u007f" in line
    assert json.loads(line)["msg"] == "a\x7fb\u2028"


def raised() -> logging.LogRecord:
    """A record of an error two calls deep."""

    def fails() -> None:
        raise ValueError("no\nway")

    try:
        fails()
    except ValueError:
        return logging.makeLogRecord({"msg": "m", "created": 0.0, "exc_info": sys.exc_info()})
    raise AssertionError


def test_a_traceback_is_one_line_the_outermost_call_first() -> None:
    """File, line and function of each call, then the error."""
    fact = json.loads(JsonFormatter().format(raised()))["traceback"]
    outer, inner, error = fact.split(" > ")
    assert outer.startswith(f"{__file__}:")
    assert outer.endswith(" raised")
    assert inner.endswith(" fails")
    assert error == r"ValueError: no\nway"


def test_a_record_without_an_error_has_no_traceback() -> None:
    """Python gives three times None where there is none."""
    record = logging.makeLogRecord({"msg": "m", "created": 0.0, "exc_info": (None, None, None)})
    assert "traceback" not in LogfmtFormatter().format(record)


def test_a_traceback_is_cut_and_needs_no_class() -> None:
    """Its own limit is larger than that of a value."""
    assert traceback_text(None, None, None) == "unknown: None"
    long = traceback_text(ValueError, ValueError("x" * 9000), None)
    assert len(long) == LONGEST_TRACEBACK
    assert long.endswith("…")


def test_any_text_is_made_one_line_of_the_length_that_is_asked_for() -> None:
    """256 characters where nothing is said."""
    assert one_line("a\nb") == r"a\nb"
    assert one_line("x" * 300) == "x" * 255 + "…"
    assert one_line("x" * 300, longest=300) == "x" * 300
    assert one_line("x" * 301, longest=300) == "x" * 299 + "…"
