from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.asking import Asker, an_asker, body_of


def _path_of(href: str) -> str:
    return href.partition("/api/rest/vr/v2")[2]


def test_page_has_hundred_rows_unless_asked() -> None:
    """Without `limit` a page has 100 rows, and `_meta` says so."""
    asker = an_asker(replications=130)
    page = asker.read(asker.replications)
    assert (len(page["list"]), page["_meta"]["limit"], page["_meta"]["total"]) == (100, 100, 130)


def test_limit_is_cut_to_the_cap() -> None:
    """More rows than the cap are not granted, and `_meta.limit` says what was."""
    asker = an_asker(replications=30, page_size_cap=20)
    page = asker.read(f"{asker.replications}?limit=1000")
    assert (len(page["list"]), page["_meta"]["limit"]) == (20, 20)


def test_links_are_absolute_and_carry_all_parameters() -> None:
    """`next` names the host as asked, and every parameter of the request stands in it."""
    asker = an_asker(replications=10)
    query = "?extended_info=true&sort_by=id&filter_property=name&filter=a&filter=b&limit=2&offset=2"
    links = asker.read(asker.replications + query)["_meta"]["links"]
    address = urlsplit(links["next"]["href"])
    assert (address.scheme, address.netloc) == ("https", "vr.example.com")
    assert parse_qs(address.query) == {
        "extended_info": ["true"],
        "sort_by": ["id"],
        "filter_property": ["name"],
        "filter": ["a", "b"],
        "limit": ["2"],
        "offset": ["4"],
    }
    assert parse_qs(urlsplit(links["previous"]["href"]).query)["offset"] == ["0"]


def test_links_can_name_another_host() -> None:
    """An appliance behind a proxy names itself."""
    asker = an_asker(link_base="https://inner.example:8443")
    links = asker.read(f"{asker.replications}?limit=1")["_meta"]["links"]
    assert links["next"]["href"].startswith("https://inner.example:8443/api/rest/vr/v2/pairings/")


def test_ends_of_a_list_have_null_links() -> None:
    """On the first and last page the keys are there and null."""
    links = an_asker().read("/pairings")["_meta"]["links"]
    assert (links["previous"], links["next"]) == (None, None)


def test_offset_past_the_end_is_an_empty_page() -> None:
    """Nothing is left there, and no next page either."""
    asker = an_asker()
    page = asker.read(f"{asker.replications}?limit=5&offset=99")
    assert (page["list"], page["_meta"]["total"], page["_meta"]["links"]["next"]) == ([], 6, None)


def test_limit_zero_is_an_empty_page_without_a_next_one() -> None:
    """A page of nothing does not lead to itself."""
    asker = an_asker()
    page = asker.read(f"{asker.replications}?limit=0")
    assert (page["list"], page["_meta"]["links"]["next"]) == ([], None)


@pytest.mark.parametrize(
    "query",
    [
        "offset=5",
        "limit=ten",
        "limit=-1",
        "limit=",
        "limit=1&limit=2",
        "limit=99999999999999999999",
        "limit=1&offset=1.5",
        "sort_by=nothing",
        "order_by=asc",
        "sort_by=name&order_by=down",
        "filter=a",
        "filter_property=name",
        "filter_property=nothing&filter=a",
        "filter_property=status&filter=OK",
        "source_vc_guid=madrid",
        "extended_info=perhaps",
        "filter_property=name&filter=%zz",
        "filter_property=name&filter=%ff",
    ],
)
def test_bad_parameters_are_a_bad_request(query: str) -> None:
    """A bad value, an unknown field or a missing partner answers 400 with a ResponseError."""
    asker = an_asker()
    response = asker.get(f"{asker.replications}?{query}")
    assert response.status == 400
    assert set(body_of(response)) == {"error_code", "message", "op_id"}


@pytest.mark.parametrize(
    ("word", "is_descending"),
    [("asc", False), ("ascending", False), ("desc", True), ("descending", True)],
)
def test_four_words_of_order(word: str, is_descending: bool) -> None:  # noqa: FBT001 a case of the table
    """Both short and long words sort, ascending if none is given."""
    asker = an_asker(replications=40)
    names = [row["name"] for row in asker.rows(f"?sort_by=name&order_by={word}")]
    assert names == sorted(names, reverse=is_descending)


def test_sorting_is_stable() -> None:
    """Rows that are equal keep the order of the list."""
    asker = an_asker(replications=40)
    plain = [row["id"] for row in asker.rows()]
    by_rpo = [(row["rpo"], plain.index(row["id"])) for row in asker.rows("?sort_by=rpo")]
    assert by_rpo == sorted(by_rpo)


def test_filter_keeps_rows_with_a_fragment_of_any_value() -> None:
    """Values are OR-ed and match anywhere in the field, nested fields with dots."""
    asker = an_asker(replications=60)
    rows = asker.rows("?filter_property=name&filter=db&filter=web")
    assert rows
    assert all("db" in row["name"] or "web" in row["name"] for row in rows)
    nested = asker.rows("?filter_property=status.rpo_violation&filter=true")
    assert all(row["status"]["rpo_violation"] for row in nested)


def test_filter_rule_and_separator_are_switches() -> None:
    """The whole value, any case, and another separator can be asked for."""
    asker = an_asker(
        replications=60, filter_match="whole", filter_ignores_case=True, nested_separator="/"
    ).log_in_remotely()
    name = asker.rows()[0]["name"]
    found = asker.rows(f"?filter_property=name&filter={name.upper()}")
    assert {row["name"] for row in found} == {name}
    assert asker.rows(f"?filter_property=name&filter={name[:2]}") == []
    assert asker.rows("?filter_property=status/status&filter=ok")


def test_source_filter_keeps_one_direction() -> None:
    """`source_vc_guid` keeps what comes from that vCenter Server."""
    asker = an_asker(replications=20)
    guid = asker.read("/info")["vc_guid"]
    rows = asker.rows(f"?source_vc_guid={guid}")
    assert {row["source_vc_id"] for row in rows} == {guid}
    assert 0 < len(rows) < 20


@pytest.fixture(scope="module")
def large() -> Asker:
    """An appliance with many rows."""
    return an_asker(replications=73)


@given(limit=st.integers(1, 90), sort_by=st.sampled_from(["id", "name", "rpo", "last_sync_time"]))
@settings(max_examples=25, deadline=None)
def test_following_next_reads_every_row_once(large: Asker, limit: int, sort_by: str) -> None:
    """Whatever the page size and order, the links lead through the whole list."""
    path: str | None = f"{large.replications}?limit={limit}&sort_by={sort_by}"
    seen: list[str] = []
    while path:
        page = large.read(path)
        seen += [row["id"] for row in page["list"]]
        following = page["_meta"]["links"]["next"]
        path = _path_of(following["href"]) if following else None
    assert sorted(seen) == [row["id"] for row in large.rows("?limit=100&sort_by=id")]


def test_last_page_that_is_full_has_no_next_one() -> None:
    """Where the rows end with a page, no empty page follows."""
    asker = an_asker(replications=6)
    links = asker.read(f"{asker.replications}?limit=3&offset=3")["_meta"]["links"]
    assert links["next"] is None
    assert "offset=0" in links["previous"]["href"]


def test_previous_page_of_an_odd_offset_begins_at_the_start() -> None:
    """A link never asks for less than 0."""
    asker = an_asker(replications=6)
    links = asker.read(f"{asker.replications}?limit=4&offset=2")["_meta"]["links"]
    assert links["previous"]["href"].endswith("limit=4&offset=0")
