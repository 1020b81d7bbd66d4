"""Rows of a table are told apart by their identity."""

from __future__ import annotations

from operator import itemgetter

from vr_exporter.metrics.family import Rows, unique


def test_rows_with_one_identity_leave_the_first() -> None:
    """Two samples of one series are illegal; order is kept."""
    keys = [("a", "1"), ("b", "2"), ("c", "1"), ("d", "3")]
    rows = unique(Rows(keys, [10, 20, 30, 40]), itemgetter(1))
    assert (rows.keys, rows.nouns) == ([("a", "1"), ("b", "2"), ("d", "3")], [10, 20, 40])


def test_different_rows_are_left_as_they_are() -> None:
    """The usual case costs no copy."""
    rows = Rows([("a", "1"), ("a", "2")], [10, 20])
    assert unique(rows, itemgetter(1)) is rows
