"""The answers of the status page and of the JSON it lives on, made once per change."""

from __future__ import annotations

from collections.abc import Callable

from vr_exporter.domain.snapshot import Snapshot
from vr_exporter.domain.triggers import TriggerState
from vr_exporter.metrics.expected import unreplicated
from vr_exporter.web.api.status import STATUS, Refusal, Status, rows_of, slots_of
from vr_exporter.web.kept import Document, document
from vr_exporter.web.message import Headers, Request, Response
from vr_exporter.web.overview import Inventory, inventory, overview
from vr_exporter.web.problems import encoded, problem
from vr_exporter.web.sources import Sources
from vr_exporter.web.status_page import FILES, POLICY, status_page

RENEWED_SECONDS = 5
"""What does not hang on the snapshot (schedules, refusals, the token) is looked at so often."""

MOST_REFUSALS = 10
_AUDIT_ROWS = 200
_NOTHING_CAME_OF = frozenset(
    {TriggerState.SKIPPED.value, TriggerState.REFUSED.value, TriggerState.EXPIRED.value}
)
_NO_STORE = ("Cache-Control", "no-store")
_HTML: Headers = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Security-Policy", POLICY),
    _NO_STORE,
    ("Referrer-Policy", "no-referrer"),
)
_JSON: Headers = (("Content-Type", "application/json"), _NO_STORE)


def page_for_people(sources: Sources, request: Request) -> Response:
    """The status page."""
    return _made(sources, "page", _page).answer(request, _HTML)


def status(sources: Sources, request: Request) -> Response:
    """All that the page shows beside the replications."""
    return _made(sources, "status", _status_document).answer(request, _JSON)


def replications(sources: Sources, request: Request) -> Response:
    """Every replication in a short form."""
    snapshot = sources.snapshot()
    known = _inventory(sources, snapshot)
    kept = sources.kept.get("rows", (known,), lambda: _timed(rows_of(known), sources.now()))
    return kept.answer(request, _JSON)


def file(_sources: Sources, request: Request) -> Response:
    """A style, a script or a picture of the page."""
    found = FILES.get(request.captured["file"])
    if found is None:
        return problem(404, "the status page has no such file")
    headers = (("Content-Type", found.content_type), ("Cache-Control", "no-cache"))
    return found.document.answer(request, headers)


def _made(sources: Sources, name: str, make: Callable[[Sources, Status], Document]) -> Document:
    snapshot = sources.snapshot()
    basis = (snapshot, int(sources.now() // RENEWED_SECONDS))
    return sources.kept.get(name, basis, lambda: make(sources, _status(sources, snapshot, basis)))


def _status(sources: Sources, snapshot: Snapshot, basis: tuple[object, ...]) -> Status:
    return sources.kept.get("seen", basis, lambda: _look(sources, snapshot))


def _look(sources: Sources, snapshot: Snapshot) -> Status:
    known = _inventory(sources, snapshot)
    missing = unreplicated(sources.expected_vms(), snapshot.sites.values())
    acting = sources.acting
    return Status(
        version=sources.version,
        can_sync=acting is not None and bool(acting.token()),
        overview=sources.kept.get(
            "overview",
            (snapshot, *missing),
            lambda: overview(snapshot, known, missing=missing),
        ),
        schedules=slots_of(sources.schedules(), now=sources.now()),
        refusals=_refusals(sources, known),
    )


def _inventory(sources: Sources, snapshot: Snapshot) -> Inventory:
    """The same object until a poll reads replications anew, or some grow stale."""
    basis = [part for site in snapshot.sites.values() for part in (site.pairings, site.stale)]
    return sources.kept.get("inventory", basis, lambda: inventory(snapshot))


def _refusals(sources: Sources, known: Inventory) -> tuple[Refusal, ...]:
    if sources.acting is None:
        return ()
    rows = [row for row in sources.acting.audit(limit=_AUDIT_ROWS) if row.what in _NOTHING_CAME_OF]
    rows = rows[:MOST_REFUSALS]
    wanted = {row.replication for row in rows if row.replication}
    names: dict[str, str] = {
        row.replication.id: row.replication.vm for row in known.rows if row.replication.id in wanted
    }
    return tuple(Refusal(row, names.get(row.replication, "")) for row in rows)


def _page(sources: Sources, seen: Status) -> Document:
    return document(status_page(seen, now=sources.now()))


def _status_document(sources: Sources, seen: Status) -> Document:
    return _timed(STATUS.of(seen), sources.now())


def _timed(shape: dict[str, object], now: float) -> Document:
    """Its tag leaves the time out, so that a look that finds nothing new says so."""
    said = encoded(shape)
    stamp = encoded({"generated_timestamp_seconds": now})
    return document(stamp[:-1] + b"," + said[1:], said=said)
