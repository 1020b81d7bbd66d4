from __future__ import annotations

import pytest

from vr_exporter.cli.plain import size, span


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0s"),
        (0.4, "0s"),
        (59.6, "1m"),
        (61, "1m1s"),
        (3600, "1h"),
        (3660, "1h1m"),
        (3601, "1h"),
        (90_000, "1d1h"),
        (86_400 + 59, "1d"),
        (-61, "1m1s"),
    ],
)
def test_a_span_has_its_two_largest_units_at_most(seconds: float, expected: str) -> None:
    """Smaller units than the next one down are left out."""
    assert span(seconds) == expected


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (10 * 1024, "10 KiB"),
        (1536 * 1024, "1.5 MiB"),
        (5 * 2**60, "5120 PiB"),
    ],
)
def test_bytes_are_told_in_the_largest_unit_that_fits(count: int, expected: str) -> None:
    """One decimal below ten, none above."""
    assert size(count) == expected
