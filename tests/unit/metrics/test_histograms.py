"""Histograms as lines, with their exemplars."""

from __future__ import annotations

import pytest

from vr_exporter.domain.counts import Exemplar, Histogram
from vr_exporter.metrics.family import Declaration
from vr_exporter.metrics.histograms import histogram_lines

FAMILY = Declaration("vr_x_seconds", "histogram", "Help.", ("operation",), buckets=(0.5, 1))


def lines(histogram: Histogram) -> tuple[list[str], list[str]]:
    """The lines of one histogram in OpenMetrics and in text."""
    rich, plain = histogram_lines(FAMILY, [b'{site="madrid"'], [((("sync",), histogram),)])
    return rich.decode().splitlines(), plain.decode().splitlines()


def test_buckets_are_cumulative_and_end_at_infinity() -> None:
    """Bounds are written as floats; count and sum follow."""
    labels = 'site="madrid",operation="sync"'
    _, plain = lines(Histogram((1, 0, 2), 7.5))
    assert plain == [
        f'vr_x_seconds_bucket{{{labels},le="0.5"}} 1',
        f'vr_x_seconds_bucket{{{labels},le="1.0"}} 1',
        f'vr_x_seconds_bucket{{{labels},le="+Inf"}} 3',
        f"vr_x_seconds_count{{{labels}}} 3",
        f"vr_x_seconds_sum{{{labels}}} 7.5",
    ]


def test_formats_share_the_lines_without_exemplars() -> None:
    """Where there is nothing to tell apart there is one fragment."""
    rich, plain = lines(Histogram((1, 0, 2), 7.5))
    assert rich == plain


@pytest.mark.parametrize(("length", "is_shown"), [(121, True), (122, False)])
def test_exemplar_longer_than_allowed_is_left_out(length: int, is_shown: bool) -> None:  # noqa: FBT001
    """Names and values of an exemplar's labels have 128 characters between them."""
    exemplar = Exemplar((("task_id", "t" * length),), 0.25, 5.5)
    rich, plain = lines(Histogram((1, 0, 0), 0.25, (exemplar, None, None)))
    shown = f' # {{task_id="{"t" * length}"}} 0.25 5.5'
    assert rich[0] == plain[0] + (shown if is_shown else "")
    assert rich[1:] == plain[1:]


def test_exemplar_without_labels_is_an_exemplar() -> None:
    """A value and a time alone are legal."""
    rich, _ = lines(Histogram((1, 0, 0), 0.25, (Exemplar((), 0.25, 5.5),)))
    assert rich[0].endswith(" 1 # {} 0.25 5.5")
