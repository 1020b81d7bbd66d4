"""Alerts as they are posted: times, links and portions."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.alerts import an_alert, an_outgoing
from tests.builders import NOW
from vr_exporter.alerting.messages import MOST_ALERTS, MOST_BYTES, Part, body_of, part_of, portions
from vr_exporter.alerting.turns import Moment, Timing, turn_of
from vr_exporter.domain.alerts import Outgoing, event_alert


def message(row: Outgoing, *, later: float = 0.0) -> dict[str, Any]:
    """What is posted of a row."""
    moment = Moment(NOW + later, later)
    turn = turn_of(row, None, moment=moment, timing=Timing())
    posted: dict[str, Any] = json.loads(part_of(turn, now=moment.now).content)
    return posted


def a_part(content: bytes = b"{}") -> Part:
    """A part of this content."""
    turn = turn_of(an_outgoing(), None, moment=Moment(NOW, 0), timing=Timing())
    return Part(turn, content)


def test_a_firing_alert_has_both_times_in_utc() -> None:
    """RFC 3339 with `Z`: without a zone or a `T` an Alertmanager reads something else."""
    posted = message(an_outgoing())
    assert posted["startsAt"] == "2026-09-21T14:13:20.000Z"
    assert posted["endsAt"] == "2026-09-21T14:17:20.000Z"
    assert dict(an_alert().labels) == posted["labels"]
    assert posted["annotations"] == {"summary": "A sync failed"}


def test_F3_no_start_lies_in_the_future() -> None:
    """Our clock went back: the start is now, or the alert would be refused."""
    assert message(an_outgoing(starts_at=NOW + 3600))["startsAt"] == "2026-09-21T14:13:20.000Z"


def test_an_end_is_told_as_it_was_never_in_the_future() -> None:
    """A resolved alert whose end is to come would stay active."""
    row = an_outgoing(ends_at=NOW + 400, firing_acked_at=NOW)
    assert message(row, later=900)["endsAt"] == "2026-09-21T14:20:00.000Z"
    back = an_outgoing(ends_at=NOW + 400, firing_acked_at=NOW, resolved_acked_at=NOW + 500)
    assert message(back, later=100)["endsAt"] == "2026-09-21T14:15:00.000Z"


def test_start_is_never_after_the_end() -> None:
    """A clock that was set back between them makes no alert that is refused."""
    posted = message(an_outgoing(starts_at=NOW, ends_at=NOW - 60, firing_acked_at=NOW - 900))
    assert posted["startsAt"] <= posted["endsAt"]


def test_a_link_that_is_missing_is_left_out() -> None:
    """An empty `generatorURL` would be refused with a 422."""
    assert "generatorURL" not in message(an_outgoing())
    alert = event_alert(
        "VrEventTest", {"site": "x"}, annotations={}, generator_url="https://vr.example/"
    )
    assert message(an_outgoing(alert=alert))["generatorURL"] == "https://vr.example/"


def test_portions_hold_at_most_so_many_alerts() -> None:
    """In their order, none left out."""
    parts = [a_part() for _ in range(2 * MOST_ALERTS + 1)]
    found = list(portions(parts))
    assert [len(portion) for portion in found] == [MOST_ALERTS, MOST_ALERTS, 1]
    assert [part for portion in found for part in portion] == parts


@given(st.lists(st.integers(1, MOST_BYTES), max_size=20))
def test_portions_hold_at_most_a_mebibyte(sizes: list[int]) -> None:
    """Save one that is larger alone, which has to go somehow."""
    found = list(portions(a_part(b"x" * (size - 2)) for size in sizes if size > 2))
    for portion in found:
        assert len(body_of(portion)) <= MOST_BYTES or len(portion) == 1


def test_a_body_is_a_list() -> None:
    """One alert or many."""
    assert body_of([a_part()]) == b"[{}]"
    assert body_of([a_part(), a_part()]) == b"[{},{}]"
