"""Rows that come again byte for byte are not read again, and nothing else may show that."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import a_pairing
from tests.scripted import Reader, Script, a_page, reply
from vr_exporter.appliance import wire
from vr_exporter.appliance.wire import known as known_rows
from vr_exporter.appliance.wire.known import LONGEST_ROW_BYTES
from vr_exporter.domain.inventory import Direction, Replication

NOW = 1_790_000_000.0
TOMORROW_MS = int(NOW * 1000) + 100_000_000
PAIRING = a_pairing()
LIST = f"/pairings/{PAIRING.id}/replications"


def row(number: int, **changes: Any) -> dict[str, Any]:
    """A replication with nothing odd."""
    return {"id": f"GID-{number}", "name": f"vm-{number}", "last_sync_time": 0, **changes}


ODDITIES: tuple[dict[str, Any], ...] = (
    {},
    {"rpo": 15},
    {"type": "NEW_TYPE"},
    {"rpo": -1},
    {"rpo": None},
    {"name": "a\nb"},
    {"last_sync_time": TOMORROW_MS},
    {"id": ""},
)
ROWS = st.builds(
    lambda number, odd: row(number, **odd), st.integers(0, 9), st.sampled_from(ODDITIES)
)
POLLS = st.lists(st.lists(ROWS, max_size=6), max_size=5)


def page_of(
    *rows: dict[str, Any], known: wire.KnownRows[Replication] | None = None, now: float = NOW
) -> tuple[wire.Page[Replication], dict[str, int]]:
    """Read a page in a poll of its own; what surprised comes beside it."""
    reading = wire.Reading(now)
    body = json.dumps({"list": rows}).encode()
    if known is None:
        return wire.replications_page(body, reading, local_vc_id=""), reading.surprises.counts
    known.begin_poll()
    page = wire.replications_page(body, reading, local_vc_id="", known=known.page(0, now=now))
    return page, reading.surprises.counts


@given(POLLS, st.data())
def test_what_is_known_changes_nothing_but_the_work(
    polls: list[list[dict[str, Any]]], data: st.DataObject
) -> None:
    """Rows and surprises of every poll are those of a reader that remembers nothing."""
    known = wire.KnownRows[Replication]()
    for rows in polls:
        now = NOW + data.draw(st.sampled_from((-90_000.0, 0.0, 90_000.0)))
        assert page_of(*rows, known=known, now=now) == page_of(*rows, now=now)


def test_a_row_that_comes_again_is_the_same_noun() -> None:
    """Wherever on its page it stands by now."""
    known = wire.KnownRows[Replication]()
    first = page_of(row(1), row(2), known=known)[0].rows
    again = page_of(row(2), row(3), row(1), known=known)[0].rows
    assert again[0] is first[1]
    assert again[2] is first[0]


def test_a_row_that_changed_is_read() -> None:
    """One other byte is another row."""
    known = wire.KnownRows[Replication]()
    page_of(row(1, rpo=15), known=known)
    assert page_of(row(1, rpo=16), known=known)[0].rows[0].rpo_seconds == 960


def test_A40_an_odd_row_surprises_in_every_poll() -> None:
    """What is tolerated is counted as often as it comes."""
    known = wire.KnownRows[Replication]()
    odd = [row(1), row(2, type="NEW_TYPE")]
    assert [page_of(*odd, known=known)[1] for _ in range(3)] == [{"enum": 1}] * 3


def test_A39_a_clock_set_back_makes_times_be_judged_again() -> None:
    """A sync that lies after tomorrow by now was good an hour ago, and is good no more."""
    known = wire.KnownRows[Replication]()
    late = row(1, last_sync_time=TOMORROW_MS)
    good = page_of(late, known=known, now=NOW + 90_000)[0].rows[0]
    bad, surprises = page_of(late, known=known, now=NOW)
    assert good.last_sync_timestamp_seconds == TOMORROW_MS / 1000
    assert bad.rows == (good._replace(last_sync_timestamp_seconds=None),)
    assert surprises == {"time": 1}


def test_a_page_that_a_poll_did_not_ask_for_is_forgotten() -> None:
    """What is kept never outgrows what one poll reads."""
    known = wire.KnownRows[Replication]()
    first = page_of(row(1), known=known)[0].rows[0]
    known.begin_poll()
    again = page_of(row(1), known=known)[0].rows[0]
    assert again == first
    assert again is not first


@pytest.mark.parametrize("nonsense", [[1], ["x"], [None], [[]]])
def test_A42_a_row_that_is_no_object_is_left_out(nonsense: list[Any]) -> None:
    """The page is read leniently then, with what is known or without."""
    known = wire.KnownRows[Replication]()
    page_of(row(1), known=known)
    body = json.dumps({"list": [row(1), *nonsense]}).encode()
    reading = wire.Reading(NOW)
    page = wire.replications_page(body, reading, local_vc_id="", known=known.page(0, now=NOW))
    assert (page.sent, len(page.rows), reading.surprises.counts) == (2, 1, {"type": 1})


def listings(*vc_ids: str, **meta: Any) -> list[tuple[Replication, ...]]:
    """The lists of polls of one appliance, whose own vCenter has these ids, poll by poll."""
    rows = [row(1, source_vc_id="a", target_vc_id="b"), row(2)]
    reader = Reader(Script().on("GET", LIST, reply(a_page(rows, **meta))))
    found = []
    for vc_id in vc_ids:
        reader.appliance.begin_poll(60)
        found.append(reader.appliance.replications(PAIRING, local_vc_id=vc_id).rows)
    return found


def test_a_poll_hands_on_what_it_read_to_the_next() -> None:
    """An appliance that shows what it showed is not read a second time."""
    first, second = listings("a", "a")
    assert [now is before for now, before in zip(second, first, strict=True)] == [True, True]


def test_a_poll_that_did_not_read_a_list_forgets_it() -> None:
    """What is kept is what the last poll read."""
    reader = Reader(Script().on("GET", LIST, reply(a_page([row(1)]))))
    (first,) = reader.appliance.replications(PAIRING, local_vc_id="").rows
    for _ in range(2):
        reader.appliance.begin_poll(60)
    (again,) = reader.appliance.replications(PAIRING, local_vc_id="").rows
    assert again == first
    assert again is not first


def test_what_was_seen_from_another_vcenter_is_not_known() -> None:
    """The direction of a replication rests on who is asked."""
    first, second = listings("a", "b")
    assert [rows[0].direction for rows in (first, second)] == [
        Direction.OUTGOING,
        Direction.INCOMING,
    ]


def test_a_list_read_twice_in_a_poll_knows_its_own_rows() -> None:
    """A count that is off makes us read once more, from what was just learned (A35)."""
    ((one, other),) = listings("a", total=3)
    assert (one.id, other.id) == ("GID-1", "GID-2")


def test_R8_a_row_of_absurd_length_is_not_kept() -> None:
    """What is kept of a page stays within what honest rows take."""
    known = wire.KnownRows[Replication]()
    long = row(1, unread="x" * LONGEST_ROW_BYTES)
    first, again = (page_of(long, row(2), known=known)[0].rows for _ in range(2))
    assert [old is new for old, new in zip(first, again, strict=True)] == [False, True]


def test_R8_no_page_is_kept_beyond_so_many_rows_odd_ones_included(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A fleet of any size costs no more memory than one of that many."""
    monkeypatch.setattr(known_rows, "MOST_ROWS", 2)
    known = wire.KnownRows[Replication]()
    pages = [[row(1, rpo=-1), row(2, rpo=-1)], [row(3), row(4)]]

    def poll() -> list[tuple[Replication, ...]]:
        known.begin_poll()
        return [
            wire.replications_page(
                json.dumps({"list": rows}).encode(),
                wire.Reading(NOW),
                local_vc_id="",
                known=known.page(number, now=NOW),
            ).rows
            for number, rows in enumerate(pages)
        ]

    first, second = poll(), poll()
    assert first == second
    assert [old is new for old, new in zip(first[1], second[1], strict=True)] == [False, False]
