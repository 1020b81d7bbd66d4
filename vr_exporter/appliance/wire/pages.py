"""Whole answers into pages of nouns: what each endpoint brings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qs, urlsplit

import msgspec
from msgspec import UNSET, UnsetType

from vr_exporter.appliance.wire.decoders import UNSOUND
from vr_exporter.appliance.wire.decoding import (
    decode_entity,
    decode_list,
    row_decoder,
    split_list,
)
from vr_exporter.appliance.wire.fields import Reading
from vr_exporter.appliance.wire.known import KnownPage
from vr_exporter.appliance.wire.pairings import (
    facts_of,
    issue_of,
    pairing_of,
    server_of,
    without_far_side,
)
from vr_exporter.appliance.wire.partial import is_far_side_down, rows_cut_off
from vr_exporter.appliance.wire.replications import ReplicationRows
from vr_exporter.appliance.wire.shapes import (
    IssueInfo,
    MetadataList,
    PairingInfo,
    ReplicationInfo,
    ReplicationServerInfo,
    ResponseList,
    TaskInfo,
    VrmsInfo,
)
from vr_exporter.appliance.wire.tasks import task_of
from vr_exporter.domain.inventory import (
    ApplianceFacts,
    Issue,
    IssueScope,
    Pairing,
    Replication,
    ReplicationServer,
)
from vr_exporter.domain.tasks import Task

S = TypeVar("S", bound=msgspec.Struct)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list: its sound rows, how many were sent, and what it says of the whole.

    `next_offset` is taken from the link to the next page, of which nothing else is used.
    `is_far_side_down`: the appliance left something out because it does not reach the far side.
    """

    rows: tuple[T, ...]
    sent: int
    total: int | None = None
    limit: int | None = None
    next_offset: int | None = None
    is_far_side_down: bool = False


def replications_page(
    body: bytes,
    reading: Reading,
    *,
    local_vc_id: str,
    known: KnownPage[Replication] | None = None,
) -> Page[Replication]:
    """Read a page of /pairings/{id}/replications, save the rows that are known of the last poll."""
    noun_of = ReplicationRows(reading, local_vc_id=local_vc_id).noun_of
    try:
        answer = split_list(body)
        rows = (known or KnownPage()).read(
            list(map(bytes, answer.rows)),
            reading.surprises,
            decode=row_decoder(ReplicationInfo),
            noun_of=noun_of,
        )
    except UNSOUND:
        return _page(body, ReplicationInfo, reading, noun_of)
    return _page_of(rows, len(answer.rows), _meta(answer))


def tasks_page(body: bytes, reading: Reading) -> Page[Task]:
    """Read a page of /tasks."""
    return _page(body, TaskInfo, reading, lambda info: task_of(info, reading))


def pairings_page(body: bytes, reading: Reading) -> Page[Pairing]:
    """Read a page of /pairings; a far end withheld because it is down is one in ERROR (A57)."""
    answer, sent = decode_list(body, PairingInfo, reading.surprises)
    if sent == len(answer.rows):
        for number in rows_cut_off(_meta(answer), sent):
            without_far_side(answer.rows[number])
    return _page_of(_nouns(answer, lambda info: pairing_of(info, reading)), sent, _meta(answer))


def servers_page(body: bytes, reading: Reading) -> Page[ReplicationServer]:
    """Read a page of /replication-servers."""
    return _page(body, ReplicationServerInfo, reading, lambda info: server_of(info, reading))


def issues_page(body: bytes, reading: Reading, *, scope: IssueScope) -> Page[Issue]:
    """Read a page of issues."""
    return _page(body, IssueInfo, reading, lambda info: issue_of(info, reading, scope=scope))


def info_of(body: bytes, reading: Reading) -> ApplianceFacts:
    """Read /info."""
    return facts_of(decode_entity(body, VrmsInfo, reading.surprises), reading)


def replication_of_body(body: bytes, reading: Reading, *, local_vc_id: str) -> Replication | None:
    """Read /pairings/{id}/replications/{id}; None where it names none."""
    info = decode_entity(body, ReplicationInfo, reading.surprises)
    return ReplicationRows(reading, local_vc_id=local_vc_id).noun_of(info)


def task_of_body(body: bytes, reading: Reading) -> Task | None:
    """Read /tasks/{id}, and the answer to a sync; None where it names no task."""
    return task_of(decode_entity(body, TaskInfo, reading.surprises), reading)


def _page(
    body: bytes, shape: type[S], reading: Reading, noun_of: Callable[[S], T | None]
) -> Page[T]:
    answer, sent = decode_list(body, shape, reading.surprises)
    return _page_of(_nouns(answer, noun_of), sent, _meta(answer))


def _nouns(answer: ResponseList[S], noun_of: Callable[[S], T | None]) -> tuple[T, ...]:
    return tuple(noun for row in answer.rows if (noun := noun_of(row)) is not None)


def _page_of(rows: tuple[T, ...], sent: int, meta: MetadataList) -> Page[T]:
    return Page(
        rows=rows,
        sent=sent,
        total=_natural(meta.total),
        limit=_natural(meta.limit),
        next_offset=_next_offset(meta),
        is_far_side_down=is_far_side_down(meta),
    )


def _meta(answer: ResponseList[Any]) -> MetadataList:
    return MetadataList() if answer.meta is UNSET else answer.meta


def _natural(number: int | UnsetType) -> int | None:
    return number if number is not UNSET and number >= 0 else None


def _next_offset(meta: MetadataList) -> int | None:
    """Return the offset that the next link names; host and path of the link are ignored (A36)."""
    links = meta.links
    link = links.next if links is not UNSET else UNSET
    if link is UNSET or link is None or link.href is UNSET:
        return None
    try:
        values = parse_qs(urlsplit(link.href).query, max_num_fields=100).get("offset", [])
    except ValueError:
        return None
    text = values[-1] if values else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None  # noqa: PLR2004 so many digits fit 64 bits
