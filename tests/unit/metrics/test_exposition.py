"""How names, labels and numbers are written."""

from __future__ import annotations

import pytest

from vr_exporter.metrics.exposition import (
    further_labels,
    header,
    label_column,
    label_text,
    name_of,
    number,
    number_column,
    stem_of,
    unit_of,
)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0"),
        (True, "1"),
        (2**53 + 1, "9007199254740993"),
        (0.1, "0.1"),
        (1e300, "1e+300"),
        (-0.0, "-0.0"),
        (float("inf"), "+Inf"),
        (float("-inf"), "-Inf"),
        (float("nan"), "NaN"),
    ],
)
def test_numbers_are_written_so_that_both_formats_read_them(value: float, written: str) -> None:
    """Integers and flags have no fraction, floats round-trip, the rest has its fixed words."""
    assert number(value) == written
    assert number_column([value]) == [f"}} {written}".encode()]


def test_a_column_of_odd_numbers_is_written_one_by_one() -> None:
    """One infinity in a column does not change how its neighbours are written."""
    assert number_column([1, 2.5, float("inf")]) == [b"} 1", b"} 2.5", b"} +Inf"]


def test_one_name_to_escape_leaves_its_neighbours_as_they_are() -> None:
    """Backslash, quote and newline are escaped wherever they stand in a column."""
    rows = [("plain",), ('a\\b"c\nd',), ("ß 🙂 \u2028",)]
    assert label_column(("vm",), rows, opening="{") == [
        b'{vm="plain"',
        b'{vm="a\\\\b\\"c\\nd"',
        '{vm="ß 🙂 \u2028"'.encode(),
    ]


def test_a_lone_surrogate_becomes_a_question_mark() -> None:
    """What has no UTF-8 must not take the page away."""
    assert label_column(("vm",), [("a\ud800b",)], opening="{") == [b'{vm="a?b"']


def test_no_rows_make_no_labels() -> None:
    """An empty column is written as nothing."""
    assert label_column(("vm",), [], opening="{") == []
    assert number_column([]) == []


def test_openmetrics_header_has_type_unit_and_help_in_order() -> None:
    """The suffix of a counter is no part of its family's name; the unit is the name's end."""
    written = header(
        "vr_x_seconds", "counter", description='a "b"\\\n', unit="seconds", openmetrics=True
    )
    assert written.decode().splitlines() == [
        "# TYPE vr_x_seconds counter",
        "# UNIT vr_x_seconds seconds",
        r"# HELP vr_x_seconds a \"b\"\\\n",
    ]


@pytest.mark.parametrize(
    ("stem", "kind", "lines"),
    [
        ("vr_x", "counter", ["# HELP vr_x_total h", "# TYPE vr_x_total counter"]),
        ("vr_x", "info", ["# HELP vr_x_info h", "# TYPE vr_x_info gauge"]),
        ("vr_x", "histogram", ["# HELP vr_x h", "# TYPE vr_x histogram"]),
        ("vr_x", "unknown", ["# HELP vr_x h", "# TYPE vr_x untyped"]),
    ],
)
def test_text_header_names_the_samples(stem: str, kind: str, lines: list[str]) -> None:
    """In text the family is named as its samples, and an info is a gauge."""
    written = header(stem, kind, description="h", unit="", openmetrics=False)
    assert written.decode().splitlines() == lines


@pytest.mark.parametrize(
    ("stem", "unit"), [("vr_a_bytes", "bytes"), ("vr_a_ratio", "ratio"), ("vr_a_requests", "")]
)
def test_unit_is_the_base_unit_that_ends_the_name(stem: str, unit: str) -> None:
    """What is counted is no unit."""
    assert unit_of(stem) == unit


def test_text_header_escapes_what_would_end_its_line() -> None:
    """Backslash and newline; a quote stands as it is there."""
    written = header("vr_x", "gauge", description='a "b"\\\n', unit="seconds", openmetrics=False)
    assert written.decode().splitlines() == [
        '# HELP vr_x a "b"\\\\\\n',
        "# TYPE vr_x gauge",
    ]


@pytest.mark.parametrize(
    ("name", "kind", "stem"),
    [
        ("vr_x_total", "counter", "vr_x"),
        ("vr_x_info", "info", "vr_x"),
        ("vr_x_total", "gauge", "vr_x_total"),
    ],
)
def test_stem_is_the_name_without_the_suffix_of_its_kind(name: str, kind: str, stem: str) -> None:
    """And the name is the stem with it again."""
    assert stem_of(name, kind) == stem
    assert name_of(stem, kind) == name


def test_labels_that_follow_others_begin_with_a_comma() -> None:
    """Each is escaped; none of them is nothing."""
    assert further_labels(("a", "b"), ('x"', "y\\\n")) == b',a="x\\"",b="y\\\\\\n"'
    assert further_labels((), ()) == b""
    with pytest.raises(ValueError, match="shorter"):
        label_text(("a", "b"), ("x",))


def test_a_column_between_opening_and_closing_is_escaped_row_by_row() -> None:
    """A quote, a backslash or a newline alone is enough; what has none is written as it is."""
    rows = [('a"',), ("b\\",), ("c\n",), ("d",)]
    assert label_column(("l",), rows, opening=",", closing="} 1") == [
        b',l="a\\""} 1',
        b',l="b\\\\"} 1',
        b',l="c\\n"} 1',
        b',l="d"} 1',
    ]
    assert label_column(("k", "l"), [("x", "y")], opening="{") == [b'{k="x",l="y"']


def test_a_column_of_plain_numbers_is_written_at_once() -> None:
    """Whole ones, and floats beside them; flags are written as numbers."""
    assert number_column([1, 2]) == [b"} 1", b"} 2"]
    assert number_column([1, 2.5]) == [b"} 1", b"} 2.5"]
    assert number_column([1, True, 2.5]) == [b"} 1", b"} 1", b"} 2.5"]
    assert number_column([1.5, float("nan"), -1]) == [b"} 1.5", b"} NaN", b"} -1"]
