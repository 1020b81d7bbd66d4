"""How a process ends."""

from __future__ import annotations

from vr_exporter.app.exporter import LAST_ALERTS_SECONDS, LAST_ANSWERS_SECONDS
from vr_exporter.app.fleet import LOGOUT_SECONDS
from vr_exporter.app.running import LAST_LINES_SECONDS


def test_B8_the_waits_of_an_end_leave_a_part_of_the_five_seconds() -> None:
    """Logouts, last alerts, answers and lines, one after the other, each at its longest."""
    waits = (LOGOUT_SECONDS, LAST_ALERTS_SECONDS, LAST_ANSWERS_SECONDS, LAST_LINES_SECONDS)
    assert sum(waits) <= 4.8
