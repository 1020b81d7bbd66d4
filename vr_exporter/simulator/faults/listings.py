"""Faults of lists: rows that move or stand twice, links that lead astray, odd shapes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from vr_exporter.simulator.faults.fault import (
    LISTS,
    REPLICATION_LIST,
    SYNC,
    TASK_LIST,
    Kind,
    Stage,
    Strike,
)
from vr_exporter.simulator.results import Row, Selection


def _empty(selection: Selection, strike: Strike) -> Selection:
    del strike
    return Selection((), selection.row_of, 0)


def _duplicate(selection: Selection, strike: Strike) -> Selection:
    handles = list(selection.handles)
    edge = min(strike.limit, len(handles))
    doubled = [*handles[:edge], *handles[max(0, edge - 1) : edge], *handles[edge:]]
    return Selection(doubled, selection.row_of, len(doubled))


def _shifted(selection: Selection, strike: Strike) -> Selection:
    handles = list(selection.handles)
    moved = strike.number * strike.value(1) % max(1, len(handles))
    return Selection([*handles[moved:], *handles[:moved]], selection.row_of, selection.total)


def _wrong_total(selection: Selection, strike: Strike) -> Selection:
    return Selection(selection.handles, selection.row_of, selection.total + strike.value(7))


def _many(selection: Selection, strike: Strike) -> Selection:
    handles, row_of = selection.handles, selection.row_of
    wanted = strike.value(100_000) if handles else 0
    return Selection(range(wanted), lambda number: _copy(handles, row_of, number), wanted)


def _copy(handles: Sequence[Any], row_of: Callable[[Any], Row], number: int) -> Row:
    turn, index = divmod(number, len(handles))
    row = row_of(handles[index])
    return {**row, "id": f"{row['id']}-{turn}"} if turn else row


def _link(strike_href: Callable[[str, str], str]) -> Callable[[Row, Strike], Row]:
    def effect(document: Row, strike: Strike) -> Row:
        del strike
        meta = document["_meta"]
        href = meta["links"]["self"]["href"]
        following = (meta["links"]["next"] or {}).get("href", href)
        links = {**meta["links"], "next": {"href": strike_href(href, following)}}
        return {**document, "_meta": {**meta, "links": links}}

    return effect


def _on_other_host(own: str, following: str) -> str:
    del own
    return urlsplit(following)._replace(netloc="elsewhere.example").geturl()


def _without_list(document: Row, strike: Strike) -> Row:
    del strike
    return {key: value for key, value in document.items() if key != "list"}


def _list_for_object(document: Row, strike: Strike) -> Any:
    del strike
    return document.get("list", [document])


def _object_for_list(document: Row, strike: Strike) -> Row:
    del strike
    return {**document, "list": {"0": document.get("list")}}


def _null_list(document: Row, strike: Strike) -> Row:
    del strike
    return {**document, "list": None}


def _id_reused(document: Row, strike: Strike) -> Row:
    del strike
    rows = sorted(document["list"], key=lambda row: row["queued_time"] or 0)
    if len(rows) > 1:
        oldest = rows.pop(0)
        rows[-1] = {**rows[-1], "id": oldest["id"]}
    return {**document, "list": rows}


def _without_id(document: Row, strike: Strike) -> Row:
    del strike
    return {key: value for key, value in document.items() if key != "id"}


def _other_entity(document: Row, strike: Strike) -> Row:
    del strike
    return {**document, "entity": "VirtualMachine:vm-0:elsewhere", "entity_name": "elsewhere"}


def _listing(name: str, summary: str, effect: Callable[[Selection, Strike], Selection]) -> Kind:
    return Kind(name, summary, Stage.LISTING, effect, REPLICATION_LIST)


def _document(
    name: str, summary: str, effect: Callable[[Row, Strike], Any], operations: tuple[str, ...]
) -> Kind:
    return Kind(name, summary, Stage.DOCUMENT, effect, operations)


LISTING_KINDS = (
    _listing("empty_list", "a list without rows", _empty),
    _listing("duplicate_rows", "the last row of the first page stands twice", _duplicate),
    _listing("shifting_pages", "rows move on between pages (value: by how many, 1)", _shifted),
    _listing("wrong_total", "a total that is off (value: by how many, 7)", _wrong_total),
    _listing("many_rows", "a list far too long (value: rows, 100000)", _many),
)

DOCUMENT_KINDS = (
    _document("next_elsewhere", "`next` names another host", _link(_on_other_host), LISTS),
    _document("next_loops", "`next` leads to the same page", _link(lambda own, _: own), LISTS),
    _document("no_list", "the member `list` is missing", _without_list, LISTS),
    _document("null_list", "the member `list` is null", _null_list, LISTS),
    _document("bare_list", "a list stands where an object is due", _list_for_object, ()),
    _document("object_for_list", "an object stands for `list`", _object_for_list, LISTS),
    _document("task_id_reused", "the newest task has the id of the oldest", _id_reused, TASK_LIST),
    _document("sync_without_id", "202 for a sync, its task without id", _without_id, SYNC),
    _document(
        "sync_other_entity", "202 for a sync, its task of something else", _other_entity, SYNC
    ),
)
