"""An appliance in our nouns: one method for each operation that is used."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from random import SystemRandom
from typing import TypeVar
from urllib.parse import quote

import httpx

from vr_exporter.appliance import wire
from vr_exporter.appliance.access import Access, Query
from vr_exporter.appliance.answers import excerpt
from vr_exporter.appliance.calls import Calls
from vr_exporter.appliance.errors import Unreadable
from vr_exporter.appliance.lockout import Lockout
from vr_exporter.appliance.pace import Pace
from vr_exporter.appliance.paging import Lister, Rows
from vr_exporter.appliance.parameters import Parameters
from vr_exporter.appliance.redact import Redactor
from vr_exporter.appliance.remote import RemoteSessions
from vr_exporter.appliance.session import Session
from vr_exporter.appliance.syncs import Syncs
from vr_exporter.appliance.transport import Address, Answer, Limits, Line
from vr_exporter.domain.clock import Clock
from vr_exporter.domain.credentials import Credentials
from vr_exporter.domain.events import Endpoint, Event, Surprised
from vr_exporter.domain.inventory import (
    ApplianceFacts,
    Issue,
    IssueScope,
    Pairing,
    Replication,
    ReplicationServer,
)
from vr_exporter.domain.names import PairingId
from vr_exporter.domain.tasks import Task

log = logging.getLogger(__name__)

T = TypeVar("T")

_random = SystemRandom().random

FIRST_DEADLINE_SECONDS = 60.0
"""What operations before the first `begin_poll` have together."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The replications of a pairing; `dropped` counts those beyond the row cap.

    Only a complete listing tells that a replication is gone. `is_far_side_down`: the appliance
    left something out because it does not reach the far side.
    """

    rows: tuple[Replication, ...]
    total: int | None = None
    is_complete: bool = True
    dropped: int = 0
    is_far_side_down: bool = False


class Appliance:
    """One appliance, asked by one thread through one session and one pace.

    Operations raise ApplianceError, and Stopping when the program ends. `credentials` is called
    at every login, so that rotated secrets count. `api` is `v2` or `v1`, empty before the first
    login; `page_limit` is the page size that the appliance granted last for replications.
    `syncs` makes the calls of triggers, for which `between_pages` leaves room in long lists.
    """

    def __init__(
        self,
        address: Address,
        *,
        credentials: Callable[[], Credentials],
        clock: Clock,
        tell: Callable[[Event], None],
        pace: Pace | None = None,
        page_size: int = 1000,
        row_cap: int = 20_000,
        lockout: Lockout | None = None,
        transport: httpx.BaseTransport | None = None,
        limits: Limits | None = None,
        random: Callable[[], float] = _random,
    ) -> None:
        self.page_limit: int | None = None
        self.between_pages: Callable[[], None] = lambda: None
        self._url = address.base
        self._clock = clock
        self._tell = tell
        self._page_size = page_size
        self._row_cap = row_cap
        self._version = ""
        self._parameters = Parameters()
        self._known = wire.KnownRows[Replication]()
        self._redactor = Redactor()
        self._line = Line(address, clock=clock, tell=tell, limits=limits, transport=transport)
        self._calls = Calls(
            self._line,
            clock=clock,
            tell=tell,
            pace=pace or Pace(clock=clock, tell=tell),
            redactor=self._redactor,
            random=random,
        )
        lockout = lockout or Lockout()
        self._session = Session(
            self._calls,
            account=self._url,
            credentials=credentials,
            clock=clock,
            tell=tell,
            lockout=lockout,
            redactor=self._redactor,
        )
        self._access = Access(self._calls, self._session, tell=tell)
        self.syncs = Syncs(self._access, self._line, decode=self._decoded)
        self._remotes = RemoteSessions(
            self._access,
            account=self._url,
            now=clock.now,
            lockout=lockout,
            redactor=self._redactor,
        )
        self.begin_poll(FIRST_DEADLINE_SECONDS)

    @property
    def api(self) -> str:
        """The API version in use."""
        return self._session.api

    @property
    def requests_sent(self) -> int:
        """How many requests were sent in all, logins and retries among them."""
        return self._line.requests_sent

    @property
    def logins_sent(self) -> int:
        """How many of the requests were logins, here and at remote sites."""
        return self._line.logins_sent

    def begin_poll(self, deadline_seconds: float) -> None:
        """Give the operations of a poll so long together, two retries and one new login."""
        self._calls.begin_poll(deadline_seconds)
        self._session.begin_poll()
        self._known.begin_poll()

    def facts(self) -> ApplianceFacts:
        """Read /info; a changed version is logged, and what an older one refused is tried again."""
        answer = self._access.get("info", "/info")
        facts = self._decoded("info", answer, wire.info_of)
        if facts.version != self._version:
            self._parameters.forget()
            log.info(
                "appliance version",
                extra={"url": self._url, "from": self._version, "to": facts.version},
            )
        self._version = facts.version
        return facts

    def pairings(self) -> tuple[Pairing, ...]:
        """List the pairings, named by their remote vCenter; empty where that is not known."""
        rows = self._listed(
            "pairings", "/pairings", wire.pairings_page, lambda row: row.id, sort_by="pairing_id"
        )
        return rows.rows

    def replications(self, pairing: Pairing, *, local_vc_id: str) -> Listing:
        """List both directions of a pairing, each replication once, with extended info."""

        def read(body: bytes, reading: wire.Reading) -> wire.Page[Replication]:
            key = (pairing.id, local_vc_id, reading.api, reading.offset)
            known = self._known.page(key, now=reading.now)
            page = wire.replications_page(body, reading, local_vc_id=local_vc_id, known=known)
            self.page_limit = page.limit or self.page_limit
            return page

        path = f"{_pairing_path(pairing.id)}/replications"
        found = self._listed(
            "replications", path, read, lambda row: row.id, more={"extended_info": "true"}
        )
        return Listing(
            found.rows, found.total, found.is_complete, found.dropped, found.is_far_side_down
        )

    def replication_issues(self, pairing_id: PairingId) -> tuple[Issue, ...]:
        """List the issues of a pairing's replications."""
        path = f"{_pairing_path(pairing_id)}/replications/issues"
        return self._issues("replication_issues", path, "replication")

    def pairing_issues(self, pairing_id: PairingId) -> tuple[Issue, ...]:
        """List the issues of a pairing itself."""
        return self._issues("pairing_issues", f"{_pairing_path(pairing_id)}/issues", "pairing")

    def replication_servers(self) -> tuple[ReplicationServer, ...]:
        """List the replication servers of this site."""
        return self._listed(
            "replication_servers", "/replication-servers", wire.servers_page, lambda row: row.id
        ).rows

    def tasks(self) -> tuple[Task, ...]:
        """List the recent tasks, anybody's and of any kind."""
        return self._listed("tasks", "/tasks", wire.tasks_page, lambda row: row.identity).rows

    def has_remote_session(self, pairing_id: PairingId) -> bool:
        """Whether our session covers the remote site of a pairing."""
        return self._remotes.has(pairing_id)

    def open_remote_session(self, pairing_id: PairingId, credentials: Credentials) -> None:
        """Log in at the remote site of a pairing; it lasts as long as our session does."""
        self._remotes.open(pairing_id, credentials)

    def close(self, timeout_seconds: float = 2.0) -> None:
        """Log out if logged in, within the time given, and close the connection; never raises."""
        self._session.end(timeout_seconds)
        self._remotes.forget()
        self._line.close()

    def _issues(self, endpoint: Endpoint, path: str, scope: IssueScope) -> tuple[Issue, ...]:
        def read(body: bytes, reading: wire.Reading) -> wire.Page[Issue]:
            return wire.issues_page(body, reading, scope=scope)

        return self._listed(endpoint, path, read, lambda _: None, sort_by="timestamp").rows

    def _listed(
        self,
        endpoint: Endpoint,
        path: str,
        read: Callable[[bytes, wire.Reading], wire.Page[T]],
        key_of: Callable[[T], Hashable | None],
        *,
        sort_by: str = "id",
        more: dict[str, str] | None = None,
    ) -> Rows[T]:
        def page_at(offset: int) -> wire.Page[T]:
            if offset:
                self.between_pages()

            def get(query: Query) -> Answer:
                return self._access.get(endpoint, path, query, is_mid_list=offset > 0)

            wanted = {"limit": str(self._page_size), "offset": str(offset), "sort_by": sort_by}
            answer = self._parameters.ask(endpoint, {**wanted, **(more or {})}, get)
            return self._decoded(endpoint, answer, read, offset=offset)

        return Lister(page_at, key_of, self._row_cap, self._tell).read()

    def _decoded(
        self,
        endpoint: Endpoint,
        answer: Answer,
        read: Callable[[bytes, wire.Reading], T],
        *,
        offset: int = 0,
    ) -> T:
        """Read an answer, and tell what was odd in it and tolerated."""
        reading = wire.Reading(self._clock.now(), self._session.api, offset)
        try:
            found = read(answer.body, reading)
        except wire.NotJson as error:
            text = f"{endpoint} answered {answer.status} with no JSON ({error}), {excerpt(answer)}"
            raise Unreadable("not_json", self._redactor.hide(text)) from error
        except wire.WrongShape as error:
            text = f"{endpoint} answered {answer.status} in another shape: {error}"
            raise Unreadable("schema", text) from error
        if answer.content_type not in ("", "application/json"):
            reading.surprises.note("type", "content-type", answer.content_type)
        for kind, count in reading.surprises.counts.items():
            self._tell(Surprised(kind, count))
        return found


def _pairing_path(pairing_id: PairingId) -> str:
    return f"/pairings/{quote(pairing_id, safe='')}"
