"""Each endpoint of a poll read once: what is there, what is refused, and what that costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from vr_exporter.appliance.client import Appliance, Listing
from vr_exporter.appliance.errors import ApplianceError, Refused
from vr_exporter.cli.check.connection import ROWS_WANTED, TIME_SECONDS
from vr_exporter.cli.check.privileges import READINGS, Reading
from vr_exporter.cli.check.report import Finding, about, fail, ok, warn
from vr_exporter.domain.inventory import Issue, Pairing
from vr_exporter.domain.names import PairingId

T = TypeVar("T")

PAIRINGS = "pairings"
REPLICATIONS = "replications"
ISSUES = "issues"
SERVERS = "servers"
TASKS = "tasks"


class Readings:
    """Reads one site with the session that it has; `sizes` holds the replications found."""

    def __init__(self, appliance: Appliance, *, username: str) -> None:
        self.sizes: dict[PairingId, int] = {}
        self._appliance = appliance
        self._username = username

    def pairings(self) -> tuple[tuple[Pairing, ...], Finding]:
        """The pairings, none where they are refused."""
        pairings, found = self._read("pairings", PAIRINGS, self._appliance.pairings)
        return pairings or (), found or _pairings(pairings or ())

    def of_pairing(self, pairing: Pairing, *, local_vc_id: str) -> Iterator[Finding]:
        """The first page of its replications, then its issues of both scopes."""
        listing, found = self._read(
            "replications",
            REPLICATIONS,
            lambda: self._appliance.replications(pairing, local_vc_id=local_vc_id),
            where=pairing.name,
        )
        if listing is not None:
            self.sizes[pairing.id] = _count(listing)
            found = ok(REPLICATIONS, f"{pairing.name}: {_count(listing)} replications")
        if found is not None:
            yield found
        yield from self._issues(pairing)

    def of_site(self) -> Iterator[Finding]:
        """Replication servers and tasks."""
        servers, found = self._read(
            "replication_servers", SERVERS, self._appliance.replication_servers
        )
        yield found or ok(SERVERS, f"{_many(servers)} replication servers")
        tasks, found = self._read("tasks", TASKS, self._appliance.tasks)
        yield found or ok(TASKS, f"{_many(tasks)} recent tasks")

    def _issues(self, pairing: Pairing) -> Iterator[Finding]:
        calls = {
            "replication_issues": self._appliance.replication_issues,
            "pairing_issues": self._appliance.pairing_issues,
        }
        issues: list[Issue] = []
        is_whole = True
        for endpoint, call in calls.items():
            read, refused = self._read(
                endpoint, ISSUES, partial(call, pairing.id), where=pairing.name
            )
            issues += read or ()
            if refused is not None:
                is_whole = False
                yield refused
        if is_whole:
            errors = sum(issue.severity == "error" for issue in issues)
            yield ok(ISSUES, f"{pairing.name}: {_many(issues)} open, {errors} of them errors")

    def _read(
        self, endpoint: str, subject: str, call: Callable[[], T], *, where: str = ""
    ) -> tuple[T | None, Finding | None]:
        """Ask one endpoint: its answer, or what to say of its refusal."""
        self._appliance.begin_poll(TIME_SECONDS)
        try:
            return call(), None
        except ApplianceError as error:
            found = _unread(subject, READINGS[endpoint], error, self._username)
            return None, about(where, found) if where else found


def _unread(subject: str, reading: Reading, error: ApplianceError, username: str) -> Finding:
    """Say what a refused or failed endpoint costs, and what would open it."""
    cost = f"without it there is no {', '.join(reading.families)}"
    if isinstance(error, Refused) and error.reason == "forbidden":
        lacking = " and ".join(reading.privileges) or "a privilege"
        return fail(
            subject,
            f"{reading.path} is forbidden: {username} lacks {lacking}; {cost}",
            "give its role that privilege; `vr-exporter check --print-role` makes one",
        )
    if isinstance(error, Refused) and error.reason == "not_found" and not reading.essential:
        return warn(
            subject,
            f"{reading.path} is not there; {cost}",
            "this release of the appliance does not have it: upgrade, or live without",
        )
    return fail(subject, f"{error}; {cost}", "look at the appliance's own health")


def _pairings(pairings: tuple[Pairing, ...]) -> Finding:
    if not pairings:
        return warn(PAIRINGS, "none", "pair the appliance with another site, or with itself")
    return ok(PAIRINGS, f"{len(pairings)}: {', '.join(_ends(pairing) for pairing in pairings)}")


def _ends(pairing: Pairing) -> str:
    local, remote = pairing.local_vc, pairing.remote_vc
    return f"{local.name if local else '?'} to {(remote and remote.name) or 'an unknown vCenter'}"


def _many(rows: Sequence[object] | None) -> str:
    """How many there are, as far as they were read."""
    count = len(rows or ())
    return f"{count} or more" if count >= ROWS_WANTED else str(count)


def _count(listing: Listing) -> int:
    return len(listing.rows) + listing.dropped if listing.total is None else listing.total
