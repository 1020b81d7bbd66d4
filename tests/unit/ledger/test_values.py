"""Values as SQLite takes them."""

from __future__ import annotations

import math

import pytest

from vr_exporter.ledger.values import LARGEST, labels, number, text, texts


@pytest.mark.parametrize("value", ["", "plain", "grüß 🙂", "a\ud800b", "\x00"])
def test_a_text_comes_back_as_it_was(value: str) -> None:
    """What has no UTF-8 goes as bytes."""
    assert texts(text(value)) == value
    assert isinstance(text(value), bytes) == ("\ud800" in value)


@pytest.mark.parametrize(
    ("value", "bound"),
    [
        (5, 5),
        (LARGEST, LARGEST),
        (-LARGEST, -LARGEST),
        (LARGEST + 1, float(LARGEST + 1)),
        (-LARGEST - 1, float(-LARGEST - 1)),
        (2.5, 2.5),
        (math.inf, math.inf),
        (math.nan, 0.0),
    ],
)
def test_a_number_is_bound_as_sqlite_holds_it(value: float, bound: float) -> None:
    """Too large an int goes as a float, what is no number as 0."""
    found = number(value)
    assert (found, type(found)) == (bound, type(bound))


def test_labels_are_one_text() -> None:
    """JSON, so that no value can end another."""
    assert labels(('a"', "b,c")) == '["a\\"", "b,c"]'
