"""The answers of the routes that look at triggers, at the audit and at what names mean."""

from __future__ import annotations

from collections.abc import Callable

from vr_exporter.domain.snapshot import Snapshot
from vr_exporter.domain.triggers import Target, TriggerState
from vr_exporter.syncing.targets import Fault, Found, Wanted
from vr_exporter.web.api import (
    UnknownError,
    boolean,
    check_filters,
    check_patterns,
    json_response,
    of_sites,
)
from vr_exporter.web.api.triggers import AUDIT_ROW, FAULT, TARGET, TRIGGER, FaultRow, Place
from vr_exporter.web.message import Request, Response
from vr_exporter.web.problems import problem
from vr_exporter.web.sources import Sources

MOST_ROWS = 1000
ROWS_UNASKED = 100
_STATES = tuple(state.value for state in TriggerState)


def triggers(sources: Sources, request: Request) -> Response:
    """The youngest triggers, of a site or in a state."""
    return _list(sources, request, "triggers", _triggers, known=("site", "state", "limit"))


def trigger(sources: Sources, request: Request) -> Response:
    """One trigger by its key."""
    found = sources.desk.trigger(request.captured["key"])
    if found is None:
        return problem(404, "no trigger of this key (one that a guard turned down has no row)")
    return json_response(TRIGGER.of(found))


def audit(sources: Sources, request: Request) -> Response:
    """The last rows of the audit."""
    return _list(sources, request, "audit", _audit, known=("limit", "bridge"))


def targets(sources: Sources, request: Request) -> Response:
    """What names and patterns mean, at the site that would be asked."""
    try:
        wanted = _wanted(request)
    except UnknownError as error:
        return problem(error.status, str(error))
    found = sources.desk.find(wanted)
    return json_response(
        {"generated_timestamp_seconds": sources.now(), **_found(found, sources.snapshot())}
    )


def fault_row(fault: Fault, snapshot: Snapshot) -> FaultRow:
    """A fault with the places of its choices."""
    return FaultRow(fault, _places(fault.choices, snapshot))


_Rows = Callable[[Sources, Request], list[dict[str, object]]]


def _list(
    sources: Sources, request: Request, key: str, rows: _Rows, *, known: tuple[str, ...]
) -> Response:
    try:
        check_filters(request, known)
        listed = rows(sources, request)
    except UnknownError as error:
        return problem(error.status, str(error))
    return json_response({"generated_timestamp_seconds": sources.now(), key: listed})


def _triggers(sources: Sources, request: Request) -> list[dict[str, object]]:
    sites, states = request.values("site"), request.values("state")
    of_sites(sources.snapshot(), sites)
    if not {*states} <= {*_STATES}:
        raise UnknownError(400, f"state: no such state (known: {', '.join(_STATES)})")
    limit = _limit(request)
    chosen = (
        each
        for each in sources.desk.triggers()
        if (not sites or each.target.site in sites) and (not states or each.state in states)
    )
    return [TRIGGER.of(each) for each, _ in zip(chosen, range(limit), strict=False)]


def _audit(sources: Sources, request: Request) -> list[dict[str, object]]:
    of_bridge = any(boolean("bridge", value) for value in request.values("bridge"))
    return AUDIT_ROW.each(sources.desk.audit(limit=_limit(request), of_bridge=of_bridge))


def _limit(request: Request) -> int:
    said = _once(request, "limit")
    if said is None:
        return ROWS_UNASKED
    is_number = said.isascii() and said.isdecimal() and len(said) <= len(str(MOST_ROWS))
    if not is_number or not 1 <= int(said) <= MOST_ROWS:
        raise UnknownError(400, f"limit: no number from 1 to {MOST_ROWS}")
    return int(said)


def _wanted(request: Request) -> Wanted:
    check_filters(request, ("name", "match", "all", "site", "pairing"))
    words, patterns = request.values("name"), request.values("match")
    check_patterns("name", words)
    check_patterns("match", patterns)
    is_all = any(boolean("all", value) for value in request.values("all"))
    if not (words or patterns or is_all):
        raise UnknownError(400, "nothing is asked for: say name, match or all=true")
    site, pairing = _once(request, "site"), _once(request, "pairing")
    return Wanted(words, patterns, site=site, pairing=pairing, is_all=is_all)


def _once(request: Request, name: str) -> str | None:
    values = request.values(name)
    if len(values) > 1:
        raise UnknownError(400, f"{name}: more than once")
    return values[0] if values else None


def _found(found: Found, snapshot: Snapshot) -> dict[str, object]:
    return {
        "targets": TARGET.each(_places(found.targets, snapshot)),
        "faults": FAULT.each(fault_row(fault, snapshot) for fault in found.faults),
        "unread": found.unread,
    }


def _places(targets: tuple[Target, ...], snapshot: Snapshot) -> tuple[Place, ...]:
    names = {
        (site.site, paired.pairing.id): paired.pairing.name
        for site in snapshot.sites.values()
        for paired in site.pairings
    }
    return tuple(Place(each, names.get((each.site, each.pairing_id), "")) for each in targets)
