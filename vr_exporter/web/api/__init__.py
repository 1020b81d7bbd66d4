"""The JSON API: the snapshot in the shapes that `routes` documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from vr_exporter.domain.snapshot import SiteSnapshot, Snapshot
from vr_exporter.web.api.bridge import BRIDGE, EXPLAINED, FINDING, HOP
from vr_exporter.web.api.replications import REPLICATION, TASK
from vr_exporter.web.api.shape import Shape
from vr_exporter.web.api.sites import ISSUE, PAIRING, SERVER, SITE, VC_SERVER
from vr_exporter.web.api.status import (
    FACT,
    FAILURE,
    REFUSAL,
    SCHEDULE,
    STATUS,
    STATUS_PAIRING,
    STATUS_ROW,
    STATUS_SITE,
)
from vr_exporter.web.api.triggers import AUDIT_ROW, FAULT, PREVIEW, TARGET, TRIGGER
from vr_exporter.web.message import Headers, Request, Response
from vr_exporter.web.problems import encoded, problem
from vr_exporter.web.rows import ReplicationRow, called, replication_rows, task_rows

SHAPES: tuple[Shape[Any], ...] = (
    *(SITE, PAIRING, VC_SERVER, ISSUE, SERVER, REPLICATION, TASK),
    *(TRIGGER, PREVIEW, TARGET, FAULT, AUDIT_ROW),
    *(BRIDGE, EXPLAINED, FINDING, HOP),
    *(STATUS, FACT, STATUS_SITE, STATUS_PAIRING, FAILURE, SCHEDULE, REFUSAL, STATUS_ROW),
)
"""Every object of the API, in the order in which it is documented."""

_PATTERN_CHARACTERS = 256
_BOOLEANS = {"true": True, "false": False}


class UnknownError(Exception):
    """A request that names something that does not exist, or a filter that is none."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


@dataclass(frozen=True, slots=True)
class Listing:
    """A list under its own key, beside the time at which it was made."""

    key: str
    filters: tuple[str, ...]
    objects: Callable[[Snapshot, Request], list[dict[str, object]]]

    def answer(self, snapshot: Snapshot, request: Request, *, now: float) -> Response:
        """The list as JSON; 400 for an unknown filter, 404 for an unknown site."""
        try:
            check_filters(request, self.filters)
            objects = self.objects(of_sites(snapshot, request.values("site")), request)
        except UnknownError as error:
            return problem(error.status, str(error))
        return json_response({"generated_timestamp_seconds": now, self.key: objects})


def json_response(
    shape: Mapping[str, object], *, status: int = 200, headers: Headers = ()
) -> Response:
    """An answer of JSON that no cache keeps."""
    own = (
        ("Content-Type", "application/json"),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
    )
    return Response(status, (*own, *headers), (encoded(shape), b"\n"))


def check_filters(request: Request, known: tuple[str, ...]) -> None:
    """A misspelt filter would silently list everything: it is refused."""
    for name, _ in request.query:
        if name not in known:
            raise UnknownError(400, f"unknown parameter (known: {', '.join(known)})")


def of_sites(snapshot: Snapshot, names: tuple[str, ...]) -> Snapshot:
    """The snapshot of the named sites alone, of all when none is named."""
    if not names:
        return snapshot
    by_name: dict[str, SiteSnapshot] = {site.site: site for site in snapshot.sites.values()}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise UnknownError(404, f"no such site (known: {', '.join(by_name) or 'none'})")
    return Snapshot({site.site: site for name, site in by_name.items() if name in names})


def _sites(snapshot: Snapshot, _request: Request) -> list[dict[str, object]]:
    return SITE.each(snapshot.sites.values())


def _replications(snapshot: Snapshot, request: Request) -> list[dict[str, object]]:
    wanted = _wanted(request)
    return REPLICATION.each(row for row in replication_rows(snapshot) if wanted(row))


def _tasks(snapshot: Snapshot, _request: Request) -> list[dict[str, object]]:
    return TASK.each(task_rows(snapshot))


def _wanted(request: Request) -> Callable[[ReplicationRow], bool]:
    pairings, patterns = request.values("pairing"), request.values("match")
    late = [boolean("late", value) for value in request.values("late")]
    check_patterns("match", patterns)
    is_called = called(patterns)
    return lambda row: (
        (not pairings or row.pairing.pairing.name in pairings)
        and (not late or row.is_late in late)
        and (not patterns or is_called(row.replication))
    )


def boolean(name: str, value: str) -> bool:
    """A parameter that is written out as `true` or `false`."""
    if value not in _BOOLEANS:
        raise UnknownError(400, f"{name}: neither true nor false")
    return _BOOLEANS[value]


def check_patterns(name: str, patterns: Iterable[str]) -> None:
    """A pattern that nobody types would only cost time: it is refused."""
    if any(len(pattern) > _PATTERN_CHARACTERS for pattern in patterns):
        raise UnknownError(400, f"{name}: over {_PATTERN_CHARACTERS} characters")


SITES = Listing("sites", ("site",), _sites)
REPLICATIONS = Listing("replications", ("site", "pairing", "late", "match"), _replications)
TASKS = Listing("tasks", ("site",), _tasks)
