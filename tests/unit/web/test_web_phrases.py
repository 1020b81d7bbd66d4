"""Numbers as people read them."""

from __future__ import annotations

import pytest

from vr_exporter.web.status_page.phrases import UNKNOWN, ago, length, moment, size


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, UNKNOWN),
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (12_000, "3 h 20 min"),
        (86_400, "1 d"),
        (190_000, "2 d 4 h"),
    ],
)
def test_length_has_two_units(seconds: float | None, said: str) -> None:
    """Seconds, minutes, hours with minutes, days with hours."""
    assert length(seconds) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (None, UNKNOWN),
        (0, "0 B"),
        (999, "999 B"),
        (1500, "1.5 kB"),
        (2e12, "2.0 TB"),
        (5e18, "5000.0 PB"),
    ],
)
def test_size_is_decimal(count: float | None, said: str) -> None:
    """Bytes in powers of a thousand."""
    assert size(count) == said


def test_moment_is_utc_and_survives_nonsense() -> None:
    """A time that no calendar has is unknown."""
    assert moment(1_790_000_000) == "2026-09-21 14:13:20 UTC"
    assert moment(None) == moment(1e20) == moment(float("nan")) == UNKNOWN


def test_time_ahead_of_ours_is_now() -> None:
    """A clock that is ahead does not give a negative age."""
    assert "0 s ago" in ago(100.0, now=50.0)
    assert ago(None, now=50.0) == UNKNOWN
