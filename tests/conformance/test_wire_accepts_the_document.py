from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conformance.documents import conforming, page_of, schema_of, spoiled
from vr_exporter.appliance import wire
from vr_exporter.appliance.answers import refusal_of
from vr_exporter.appliance.redact import Redactor
from vr_exporter.appliance.transport import Answer, Ask
from vr_exporter.domain.snapshot import POLL_FAILURE_REASONS, SURPRISE_KINDS
from vr_exporter.simulator.v1 import to_v1

NOW = 1_790_000_000.0
Read = Callable[[bytes, wire.Reading], wire.Page[Any]]
LISTS: dict[str, tuple[Read, str]] = {
    "ReplicationInfo": (lambda b, r: wire.replications_page(b, r, local_vc_id="vc"), "id"),
    "Task": (wire.tasks_page, "id"),
    "Pairing": (wire.pairings_page, "pairing_id"),
    "ReplicationServerInfo": (wire.servers_page, "id"),
    "IssueInfo": (lambda b, r: wire.issues_page(b, r, scope="pairing"), "timestamp"),
}
ODD_VALUES = {"range", "time", "name"}
"""What the document allows and no base unit can express: sizes below 0, times before 2000, …"""

documents = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def read(name: str, document: Any, api: str = "v2") -> tuple[wire.Page[Any], Counter[str]]:
    """Read a page; returns it with what surprised."""
    reading = wire.Reading(NOW, api)
    body = json.dumps(document, default=str).encode()
    return LISTS[name][0](body, reading), reading.surprises.counts


def is_whole(name: str, row: Any) -> bool:
    """Whether a row has what tells it from others."""
    return bool(row.get(LISTS[name][1]) not in (None, "") or row.get("uuid"))


@pytest.mark.parametrize("name", LISTS)
@documents
@given(data=st.data())
def test_every_page_that_the_document_allows_is_read(name: str, data: st.DataObject) -> None:
    """All rows with an id are there; no type, no null and no enumeration surprises."""
    document = data.draw(page_of(name))
    page, surprises = read(name, document)
    whole = [row for row in document["list"] if is_whole(name, row)]
    assert len(page.rows) == len(whole)
    assert page.sent == len(document["list"])
    nameless = len(document["list"]) - len(whole)
    assert surprises.pop("null", 0) == nameless
    assert surprises.keys() <= ODD_VALUES


@pytest.mark.parametrize("name", LISTS)
@documents
@given(data=st.data())
def test_every_page_is_read_in_v1_too(name: str, data: st.DataObject) -> None:
    """With times as strings the same rows come, and no type surprises."""
    document = data.draw(page_of(name).filter(_has_datable_times))
    page, surprises = read(name, to_v1(document), "v1")
    assert len(page.rows) == sum(is_whole(name, row) for row in document["list"])
    assert surprises.keys() <= {*ODD_VALUES, "null"}


@pytest.mark.parametrize("name", LISTS)
@documents
@given(data=st.data())
def test_R3_no_spoiled_member_costs_the_page(name: str, data: st.DataObject) -> None:
    """Whatever is wrong in rows, their page is read, and each surprise is of a known kind."""
    document = data.draw(page_of(name))
    document["list"] = data.draw(spoiled(st.just(document["list"])).filter(_is_list))
    page, surprises = read(name, document)
    assert page.sent == len(document["list"])
    assert len(page.rows) <= page.sent
    assert surprises.keys() <= set(SURPRISE_KINDS)
    for row in page.rows:
        _check_is_fit(row)


@pytest.mark.parametrize("name", LISTS)
@documents
@given(data=st.data())
def test_a_spoiled_page_is_read_or_refused_by_name(name: str, data: st.DataObject) -> None:
    """A page whose very frame is broken is one of two failures, never another exception."""
    document = data.draw(spoiled(page_of(name)))
    try:
        read(name, document)
    except (wire.NotJson, wire.WrongShape):
        return


@pytest.mark.parametrize("name", LISTS)
@documents
@given(data=st.data())
def test_bytes_gone_wrong_are_read_or_refused_by_name(name: str, data: st.DataObject) -> None:
    """So it is with a page of which some bytes were changed, cut off or doubled."""
    body = json.dumps(data.draw(page_of(name))).encode()
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(len(body), start + 8)))
    body = body[:start] + data.draw(st.binary(max_size=8)) + body[end:]
    try:
        LISTS[name][0](body, wire.Reading(NOW))
    except (wire.NotJson, wire.WrongShape):
        return


@documents
@given(conforming(schema_of("VrmsInfoDrResponseEntity")))
def test_every_info_that_the_document_allows_is_read(document: Any) -> None:
    """/info never surprises by its types."""
    reading = wire.Reading(NOW)
    wire.info_of(json.dumps(document).encode(), reading)
    assert reading.surprises.counts.keys() <= ODD_VALUES


@documents
@given(
    conforming(schema_of("ResponseError")) | spoiled(conforming(schema_of("ResponseError"))),
    st.integers(300, 599),
)
def test_every_error_answer_becomes_a_refusal(document: Any, status: int) -> None:
    """With any body, good or bad, an error is of a known reason and one line."""
    body = json.dumps(document, default=str).encode()
    refusal = refusal_of(Ask("tasks", "/tasks"), Answer(status, httpx.Headers(), body), Redactor())
    assert refusal.reason in POLL_FAILURE_REASONS
    assert str(refusal).isprintable()


def _is_list(document: Any) -> bool:
    return isinstance(document, list)


def _has_datable_times(document: Any) -> bool:
    """Whether the simulator can write every time as ISO 8601."""
    try:
        to_v1(document)
    except (ValueError, OverflowError, OSError):
        return False
    return True


def _check_is_fit(noun: Any) -> None:
    """What leaves the wire can be encoded, and no number is NaN, infinite or negative."""
    for name in noun.__slots__:
        value = getattr(noun, name)
        if isinstance(value, str):
            value.encode()
            assert len(value) <= 256
        elif isinstance(value, (int, float)):
            assert math.isfinite(value)
            assert value >= 0
