"""Lengths of time in words."""

from __future__ import annotations

import pytest

from vr_exporter.syncing.words import span


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "0 s"),
        (0.2, "0 s"),
        (1, "1 s"),
        (45, "45 s"),
        (60, "60 s"),
        (240, "4 min"),
        (119, "119 s"),
        (5400, "90 min"),
        (7300, "2 h"),
        (93_600, "26 h"),
        (259_200, "3 d"),
    ],
)
def test_a_span_has_one_unit_and_no_false_precision(seconds: float, words: str) -> None:
    """The largest unit of which there are two, rounded."""
    assert span(seconds) == words
