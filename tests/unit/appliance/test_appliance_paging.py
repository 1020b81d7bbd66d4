from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import a_pairing
from tests.scripted import Answer, Reader, Script, a_page, reply
from vr_exporter.appliance.client import Listing
from vr_exporter.appliance.errors import Refused, Unreadable
from vr_exporter.appliance.paging import Lister
from vr_exporter.appliance.wire import Page
from vr_exporter.domain.events import Event

PAIRING = a_pairing()
LIST = f"/pairings/{PAIRING.id}/replications"


def rows(*ids: int) -> list[dict[str, Any]]:
    """Replications with these numbers for ids."""
    return [{"id": f"GID-{number:05}", "last_sync_time": 0} for number in ids]


def an_answer(numbers: Any, **meta: Any) -> Answer:
    """A page of replications with these numbers."""
    return reply(a_page(rows(*numbers), **meta))


def link(offset: int, host: str = "vr.madrid.example") -> dict[str, Any]:
    """The links of a page whose next one begins at an offset."""
    return {"next": {"href": f"https://{host}/api/rest/vr/v2/x?limit=2&offset={offset}"}}


def served(count: int, page_size: int) -> Answer:
    """An appliance with so many replications that grants no larger pages."""

    def answer(request: httpx.Request) -> httpx.Response:
        offset = int(request.url.params["offset"])
        end = min(offset + page_size, count)
        links = link(end) if end < count else {"next": None}
        page = an_answer(
            range(offset, end), total=count, offset=offset, limit=page_size, links=links
        )
        return page(request)

    return answer


def listing(*answers: Answer, **options: Any) -> tuple[Listing, Reader, Script]:
    """Read the list of an appliance that answers so."""
    script = Script().on("GET", LIST, *answers)
    reader = Reader(script, **options)
    reader.appliance.begin_poll(36_000)
    return reader.appliance.replications(PAIRING, local_vc_id=""), reader, script


def offsets(script: Script) -> list[int]:
    """The offsets asked for, in order."""
    return [int(r.url.params["offset"]) for r in script.asked("GET", "/replications")]


def test_a_list_of_one_page_costs_one_request() -> None:
    """Everything that fits the page comes with it."""
    found, _, script = listing(served(3, 1000))
    assert (len(found.rows), found.total, found.is_complete) == (3, 3, True)
    assert offsets(script) == [0]


def test_the_page_size_that_is_granted_is_obeyed() -> None:
    """Asked for 1000 and granted 2, the list is read in steps of 2."""
    found, reader, script = listing(served(5, 2))
    assert [row.id for row in found.rows] == [f"GID-{n:05}" for n in range(5)]
    assert offsets(script) == [0, 2, 4]
    assert reader.appliance.page_limit == 2


def test_a_list_without_links_is_followed_by_its_total() -> None:
    """Where the links are missing, total and rows say where to go on."""
    found, _, _ = listing(
        an_answer([0, 1], total=3, limit=2), an_answer([2], total=3, offset=2, limit=2)
    )
    assert (len(found.rows), found.is_complete) == (3, True)


def test_a_list_without_any_metadata_is_one_page() -> None:
    """Nothing said means nothing more."""
    found, _, script = listing(reply({"list": rows(1, 2)}))
    assert (len(found.rows), found.total, found.is_complete) == (2, None, True)
    assert len(offsets(script)) == 1


def test_A24_expired_session_mid_paging_restarts_the_list() -> None:
    """After the re-login the list is read from offset 0, the pages before are thrown away."""
    script = Script().on(
        "GET",
        LIST,
        an_answer([0, 1], total=3, limit=2),
        reply(status=401),
        an_answer([5, 6], total=3, limit=2),
        an_answer([7], total=3, offset=2, limit=2),
    )
    reader = Reader(script)
    found = reader.appliance.replications(PAIRING, local_vc_id="")
    assert [row.id for row in found.rows] == ["GID-00005", "GID-00006", "GID-00007"]
    assert offsets(script) == [0, 2, 0, 2]
    assert len(script.asked("POST", "/session")) == 2
    assert found.is_complete


def test_A24_a_second_expiry_in_one_poll_ends_the_list() -> None:
    """A session that dies again and again is the reason `session`, not an endless list."""
    first = an_answer([0, 1], total=3, limit=2)
    script = Script().on("GET", LIST, first, reply(status=401), first, reply(status=401))
    with pytest.raises(Refused) as caught:
        Reader(script).appliance.replications(PAIRING, local_vc_id="")
    assert caught.value.reason == "session"


def test_A34_duplicates_across_pages_are_kept_once() -> None:
    """Of rows with one id the first stays; the rest are counted as surprises."""
    found, reader, _ = listing(
        an_answer([0, 1], total=3, limit=2),
        an_answer([1], total=3, offset=2, limit=2),
        served(3, 1000),
    )
    assert [row.id for row in found.rows] == ["GID-00000", "GID-00001", "GID-00002"]
    assert reader.surprises() == {"duplicate": 1}
    assert found.is_complete


def test_A24_a_list_without_a_total_begins_anew_when_the_session_dies() -> None:
    """No count could tell that the pages before were only a part."""
    found, _, script = listing(
        an_answer([0, 1], total=None, limit=2, links=link(2)),
        reply(status=401),
        an_answer([0, 1], total=None, limit=2, links=link(2)),
        an_answer([2], total=None, offset=2, limit=2),
    )
    assert len(found.rows) == 3
    assert offsets(script) == [0, 2, 0, 2]


def test_A34_of_two_rows_with_one_id_the_first_stands() -> None:
    """Whatever the second says of itself."""
    twice = [{**row, "name": name} for name in ("first", "second") for row in rows(0)]
    found, _, _ = listing(reply(a_page(twice)))
    assert [row.vm for row in found.rows] == ["first"]


def test_A35_a_list_that_does_not_add_up_is_read_once_more() -> None:
    """Rows that moved between pages are found by the second look, quietly."""
    found, reader, _ = listing(an_answer([0, 1], total=3, limit=1000), served(3, 1000))
    assert (len(found.rows), found.is_complete) == (3, True)
    assert not reader.surprises()


def test_A35_a_list_that_never_adds_up_is_published_but_not_complete() -> None:
    """What was read is used, and nothing may be declared removed."""
    short, empty = an_answer([0, 1], total=3, limit=2), an_answer([], total=3, offset=2, limit=2)
    found, reader, script = listing(short, empty, short, empty)
    assert (len(found.rows), found.is_complete) == (2, False)
    assert reader.surprises() == {"count": 1}
    assert offsets(script) == [0, 2, 0, 2]


@pytest.mark.parametrize("loop", ["start", "same", "behind"])
def test_A36_links_that_loop_end_the_list(loop: str) -> None:
    """An offset that does not grow is no next page."""
    target = {"start": 0, "same": 2, "behind": 1}[loop]
    script = Script().on(
        "GET",
        LIST,
        an_answer([0, 1], total=9, limit=2, links=link(2)),
        an_answer([2, 3], total=9, offset=2, limit=2, links=link(target)),
    )
    with pytest.raises(Unreadable) as caught:
        Reader(script).appliance.replications(PAIRING, local_vc_id="")
    assert caught.value.reason == "paging"
    assert len(offsets(script)) == 2


def test_A36_pages_that_bring_nothing_new_end_the_list() -> None:
    """Links that grow for ever over the same rows are given up soon."""

    def stuck(request: httpx.Request) -> httpx.Response:
        offset = int(request.url.params["offset"])
        return an_answer([0, 1], total=10**9, limit=2, links=link(offset + 2))(request)

    script = Script().on("GET", LIST, stuck)
    with pytest.raises(Unreadable) as caught:
        Reader(script).appliance.replications(PAIRING, local_vc_id="")
    assert caught.value.reason == "paging"
    assert len(offsets(script)) == 4


def test_A36_a_link_to_another_host_gives_its_offset_and_nothing_else() -> None:
    """The token never leaves for the host that a link names."""
    _, _, script = listing(
        an_answer([0, 1], total=3, limit=2, links=link(2, "evil.example")),
        an_answer([2], total=3, offset=2, limit=2),
    )
    assert {request.url.host for request in script.requests} == {"vr.madrid.example"}
    assert offsets(script) == [0, 2]


@pytest.mark.parametrize("href", ["", "::", "https://[/?offset=2", "?offset=-1", "?offset=9e9", 7])
def test_A36_a_link_that_says_nothing_is_ignored(href: Any) -> None:
    """Where a link cannot be read, total and rows say where to go on."""
    found, _, script = listing(
        an_answer([0, 1], total=3, limit=2, links={"next": {"href": href}}),
        an_answer([2], total=3, offset=2, limit=2),
    )
    assert len(found.rows) == 3
    assert offsets(script) == [0, 2]


def test_A45_rows_beyond_the_cap_are_counted_not_kept() -> None:
    """The first of the list are published, the rest are `dropped`, and no more is read."""
    found, _, script = listing(served(100_000, 10), row_cap=25)
    assert [row.id for row in found.rows] == [f"GID-{n:05}" for n in range(25)]
    assert (found.dropped, found.is_complete, found.total) == (99_975, False, 100_000)
    assert offsets(script) == [0, 10, 20]


def test_A45_a_list_that_grows_for_ever_ends_at_the_cap() -> None:
    """Without a total the rows read beyond the cap are what is known to be dropped."""

    def endless(request: httpx.Request) -> httpx.Response:
        offset = int(request.url.params["offset"])
        page = {"list": rows(*range(offset, offset + 10)), "_meta": {"limit": 10}}
        return reply(page)(request)

    found, _, _ = listing(endless, row_cap=25)
    assert (len(found.rows), found.dropped, found.is_complete) == (25, 5, False)


def test_a_list_exactly_as_long_as_the_cap_is_whole() -> None:
    """The cap drops only what is beyond it."""
    found, _, _ = listing(served(20, 10), row_cap=20)
    assert (len(found.rows), found.dropped, found.is_complete) == (20, 0, True)


def test_A41_a_row_without_an_id_makes_the_list_incomplete() -> None:
    """A row that cannot be told apart is dropped, and nobody is declared gone for it."""
    page = a_page([{"id": None, "last_sync_time": 0}, *rows(1)])
    found, reader, script = listing(reply(page))
    assert (len(found.rows), found.is_complete) == (1, False)
    assert reader.surprises() == {"null": 1}
    assert len(offsets(script)) == 1


def test_issues_have_no_ids_and_are_all_kept() -> None:
    """Two issues of the same words are two issues."""
    issue = {"timestamp": 1_760_000_000_000, "status": "ERROR", "entity_name": "db-01"}
    script = Script().on("GET", f"/pairings/{PAIRING.id}/issues", reply(a_page([issue, issue])))
    assert len(Reader(script).appliance.pairing_issues(PAIRING.id)) == 2


@given(
    pages=st.lists(
        st.tuples(
            st.lists(st.integers(0, 30), max_size=5),
            st.one_of(st.none(), st.integers(0, 40)),
            st.one_of(st.none(), st.integers(0, 40)),
            st.one_of(st.none(), st.integers(0, 40)),
        ),
        min_size=1,
        max_size=8,
    ),
    cap=st.integers(1, 20),
)
def test_whatever_pages_say_reading_ends(
    pages: list[tuple[list[int], int | None, int | None, int | None]], cap: int
) -> None:
    """Lying totals, limits and links end in a list without duplicates within the cap, or paging."""
    asked: list[int] = []

    def page_at(offset: int) -> Page[int]:
        asked.append(offset)
        numbers, total, limit, following = pages[len(asked) % len(pages)]
        return Page(tuple(numbers), len(numbers), total, limit, following)

    events: list[Event] = []
    try:
        found = Lister(page_at, lambda row: row, cap, events.append).read()
    except Unreadable as error:
        assert error.reason == "paging"  # noqa: PT017 either end is good
    else:
        assert len(set(found.rows)) == len(found.rows) <= cap
    assert len(asked) < 1000
