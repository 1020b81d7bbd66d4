from __future__ import annotations

import json
import logging
import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vr_exporter.logs import one_line
from vr_exporter.logs.lines import JsonFormatter, LogfmtFormatter

any_text = st.text(
    alphabet=st.characters() | st.sampled_from('\n\r\t\0\x1b\x7f\x85\u2028\u2029\ud800"\\= '),
    max_size=400,
)
any_value = any_text | st.none() | st.booleans() | st.integers() | st.floats() | st.binary()


def a_record(message: str = "sync skipped", **facts: object) -> logging.LogRecord:
    """A record as `log.info(message, extra=facts)` makes it."""
    record = logging.makeLogRecord(
        {"msg": message, "levelname": "INFO", "levelno": logging.INFO, "created": 1790000000.25}
    )
    record.__dict__.update(facts)
    return record


def parsed(line: str) -> list[tuple[str, str]]:
    """Read logfmt: bare or quoted values, JSON's escapes."""
    pattern = re.compile(r'([A-Za-z0-9_.]+)=("(?:[^"\\]|\\.)*"|[^ "]*)(?: |$)')
    found, at = [], 0
    while at < len(line):
        match = pattern.match(line, at)
        assert match, line[at:]
        value = match[2]
        found.append((match[1], json.loads(value) if value.startswith('"') else value))
        at = match.end()
    return found


def test_logfmt_has_time_level_message_then_the_facts_in_order() -> None:
    """Every extra is printed, in the order in which it was given."""
    record = a_record(site="north", reason="cooldown", left_seconds=240, ok=True, none=None)
    assert LogfmtFormatter().format(record) == (
        'ts=2026-09-21T14:13:20.250Z level=info msg="sync skipped" '
        "site=north reason=cooldown left_seconds=240 ok=true none=null"
    )


def test_json_has_the_same_and_keeps_types() -> None:
    """Numbers and truth stay what they are."""
    line = json.loads(JsonFormatter().format(a_record(site="nörd", left_seconds=1.5, ok=False)))
    assert list(line) == ["ts", "level", "msg", "site", "left_seconds", "ok"]
    assert (line["site"], line["left_seconds"], line["ok"]) == ("nörd", 1.5, False)


@pytest.mark.parametrize(
    ("level", "word"),
    [("DEBUG", "debug"), ("WARNING", "warn"), ("ERROR", "error"), ("CRITICAL", "error")],
)
def test_levels_are_the_four_of_the_flag(level: str, word: str) -> None:
    """debug, info, warn, error."""
    record = a_record()
    record.levelname = level
    assert f" level={word} " in LogfmtFormatter().format(record)


@given(message=any_text, facts=st.dictionaries(any_text, any_value, max_size=4))
def test_C13_one_event_is_one_printable_line_in_logfmt(
    message: str, facts: dict[str, object]
) -> None:
    """Whatever is logged, one line comes out, without control characters, and can be parsed."""
    line = LogfmtFormatter().format(a_record(message, **{f"f_{key}": facts[key] for key in facts}))
    assert line.isprintable()
    assert len(line.splitlines()) == 1
    pairs = parsed(line)
    assert len(pairs) == 3 + len({f"f_{key}" for key in facts})
    assert all(len(value) <= 256 for _, value in pairs)


@given(message=any_text, facts=st.dictionaries(any_text, any_value, max_size=4))
def test_C13_one_event_is_one_printable_line_in_json(
    message: str, facts: dict[str, object]
) -> None:
    """Whatever is logged, one line of valid ASCII JSON comes out."""
    line = JsonFormatter().format(a_record(message, **{f"f_{key}": facts[key] for key in facts}))
    assert line.isprintable()
    assert line.isascii()
    values = json.loads(line, parse_constant=pytest.fail)
    assert all(len(value) <= 256 for value in values.values() if isinstance(value, str))


@given(any_text)
def test_R5_one_line_makes_any_text_safe_to_print(text: str) -> None:
    """At most 256 characters of any text, on one line."""
    assert one_line(text).isprintable()
    assert one_line("x" * 1000) == "x" * 255 + "…"


def test_facts_cannot_pose_as_ours() -> None:
    """An extra named like one of the first keys is told apart."""
    line = LogfmtFormatter().format(a_record(level="error", msg_="x", ts="y"))
    assert dict(parsed(line))["ts_"] == "y"


def test_message_that_does_not_fit_its_arguments_is_logged_all_the_same() -> None:
    """A wrong call of ours costs the arguments, not the line."""
    record = a_record("%d sites")
    record.args = ("no number",)
    assert 'msg="%d sites"' in LogfmtFormatter().format(record)


def test_C26_traceback_is_one_line_without_locals() -> None:
    """A traceback names places and the error, never values of variables."""
    hidden = "a-local-value"
    try:
        int("x" + hidden[:0])
    except ValueError:
        record = a_record()
        record.exc_info = sys.exc_info()
    line = LogfmtFormatter().format(record)
    assert len(line.splitlines()) == 1
    assert "ValueError: invalid literal" in line
    assert hidden not in line
