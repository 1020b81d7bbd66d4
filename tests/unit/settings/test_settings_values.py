from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from vr_exporter.settings import values
from vr_exporter.settings.cron import cron_fault


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("5m", 300),
        ("1h30m", 5400),
        ("1d", 86_400),
        ("2w", 1_209_600),
        ("250ms", 0.25),
        ("1m500ms", 60.5),
    ],
)
def test_duration_is_read_as_prometheus_reads_it(text: str, seconds: float) -> None:
    """Units follow each other from the longest to the shortest."""
    assert values.parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "1", "1.5h", "30m1h", "-5s", " 5s", "5 s", "1y", "m", "٣s"])
def test_anything_else_is_no_duration(text: str) -> None:
    """No sign, no fraction, no blank, no unit out of order."""
    with pytest.raises(ValueError, match="duration"):
        values.parse_duration(text)


@given(st.integers(min_value=0, max_value=10**12))
def test_duration_survives_writing_and_reading(milliseconds: int) -> None:
    """parse(format(x)) == x for whole milliseconds."""
    seconds = milliseconds / 1000
    assert values.parse_duration(values.format_duration(seconds)) == pytest.approx(seconds)


def accepts(kind: Any, value: object) -> bool:
    """Whether a kind of value takes this one."""
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    ("address", "is_accepted"),
    [
        ("https://vr.example.com", True),
        ("https://vr.example.com:8043/", True),
        ("https://[fd00::1]", True),
        ("http://localhost:8080", True),
        ("http://127.0.0.1:8080", True),
        ("http://[::1]:8080", True),
        ("http://vr.example.com", False),
        ("http://localhost.evil.example", False),
        ("http://127.0.0.1.evil.example", False),
        ("https://user@vr.example.com", False),
        ("https://vr.example.com?x=1", False),
        ("https://vr.example.com#x", False),
        ("https://vr example.com", False),
        ("ftp://vr.example.com", False),
        ("https://", False),
        ("https://[::1", False),
    ],
)
def test_C22_appliance_is_asked_by_https_only(address: str, *, is_accepted: bool) -> None:
    """Plain http is for loopback only (fault-matrix C22)."""
    assert accepts(values.ApplianceAddress, address) is is_accepted


@pytest.mark.parametrize(
    ("name", "is_accepted"),
    [("madrid", True), ("dc-1.north_2", True), ("", False), ("-x", False), ("a" * 65, False)],
)
def test_site_name_is_a_plain_label(name: str, *, is_accepted: bool) -> None:
    """Letters, digits, dot, underscore and hyphen; 64 at most."""
    assert accepts(values.SiteKey, name) is is_accepted


def test_fingerprint_is_taken_with_and_without_colons() -> None:
    """Both forms mean the same, and are kept as lower case without colons."""
    kind = TypeAdapter[str](values.Fingerprint)
    assert kind.validate_python(":".join(["AB"] * 32)) == "ab" * 32


@pytest.mark.parametrize("line", ["0 2 * * *", "*/5 0-6,22 1 jan-mar mon,5", "0 0 * * 7"])
def test_cron_line_is_accepted(line: str) -> None:
    """Numbers, ranges, lists, steps and names."""
    assert cron_fault(line) == ""


@pytest.mark.parametrize(
    "line",
    ["", "@daily", "* * * *", "60 * * * *", "*/0 * * * *", "5-1 * * * *", "* * 0 * *", "x * * * *"],
)
def test_cron_line_is_refused(line: str) -> None:
    """What no clock can follow is said in words."""
    assert cron_fault(line)


@given(st.text(max_size=30))
def test_any_text_as_cron_line_gets_an_answer(line: str) -> None:
    """Checking a cron line never fails."""
    assert isinstance(cron_fault(line), str)
