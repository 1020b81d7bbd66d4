"""What previews ask of Prometheus is what Grafana would ask."""

from __future__ import annotations

from typing import Any

import pytest

from tests.preview.answers import _spans, step_of

DAY_SECONDS = 86_400.0


@pytest.mark.parametrize(
    ("columns", "least", "seconds", "step"),
    [
        (12, "", DAY_SECONDS, 120),
        (6, "", DAY_SECONDS, 300),
        (24, "", DAY_SECONDS, 60),
        (12, "10m", DAY_SECONDS, 600),
        (12, "10m", 30 * DAY_SECONDS, 3600),
        (8, "", DAY_SECONDS / 4, 60),
    ],
)
def test_points_are_about_a_pixel_apart(
    columns: int, least: str, seconds: float, step: int
) -> None:
    """The step is a round one, no less than the scrape interval or the panel's own."""
    panel: dict[str, Any] = {"gridPos": {"w": columns}} | ({"interval": least} if least else {})
    assert step_of(panel, seconds) == step


def test_neighbouring_events_are_one_span() -> None:
    """A value of 0 is no event, and a missing minute parts two spans."""
    points = [[60, "1"], [120, "1"], [180, "0"], [240, "1"], [360, "2"]]
    assert _spans(points) == [[60, 120], [240, 240], [360, 360]]
