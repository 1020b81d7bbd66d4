"""One whole reading of a site: everything that one poll asks, each part failing alone."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from vr_exporter.appliance.client import Appliance, Listing
from vr_exporter.appliance.errors import ApplianceError, Stopping
from vr_exporter.domain.clock import Clock
from vr_exporter.domain.credentials import Credentials
from vr_exporter.domain.inventory import (
    ApplianceFacts,
    Issue,
    IssueScope,
    Pairing,
    Replication,
    VcServer,
)
from vr_exporter.domain.names import PairingId, PairingName
from vr_exporter.domain.snapshot import POLL_STAGES
from vr_exporter.watching.left_alone import LeftAlone
from vr_exporter.watching.pairings import named
from vr_exporter.watching.reading import Failure, PairingReading, SiteReading

T = TypeVar("T")

RETRY_CLOSED_SECONDS = 3600.0
"""A side endpoint that is forbidden or missing is asked again after this (fault-matrix A26)."""

RETRY_REMOTE_LOGIN_SECONDS = 300.0
"""A refused remote login is tried again after this (fault-matrix A58)."""

PEER_WAIT_SECONDS = 2.0
"""How long a first poll waits for other sites to say who they are."""

_PEER_STEP_SECONDS = 0.02

_SITE_WIDE = frozenset({"dns", "connect", "tls", "auth", "session", "throttled"})

_ALL = ("*",)


@dataclass(frozen=True, slots=True)
class Scope:
    """What of a site is watched: globs of VM names, and pairings' aliases by remote vCenter."""

    include: tuple[str, ...] = _ALL
    exclude: tuple[str, ...] = ()
    aliases: Mapping[str, PairingName] = field(default_factory=dict)

    def of(self, rows: tuple[Replication, ...]) -> tuple[Replication, ...]:
        """Return those of the replications whose VMs are watched."""
        if self.include == _ALL and not self.exclude:
            return rows
        return tuple(row for row in rows if self._has(row.vm))

    def _has(self, vm: str) -> bool:
        return any(fnmatch.fnmatchcase(vm, glob) for glob in self.include) and not any(
            fnmatch.fnmatchcase(vm, glob) for glob in self.exclude
        )


class FarEnds(Protocol):
    """Knows the remote sites of pairings."""

    def introduce(self, facts: ApplianceFacts | None, pairings: Iterable[Pairing]) -> None:
        """Take in who this site is, once that was read."""

    def credentials(self, pairing: Pairing) -> Credentials | None:
        """Return what a remote login takes, None if nothing is known."""

    def may_learn_more(self) -> bool:
        """Whether another site may still say that it is the far end."""


class Reader:
    """Reads one site again and again, on one thread; remembers what is best left alone."""

    def __init__(
        self,
        appliance: Appliance,
        *,
        scope: Scope,
        far_ends: FarEnds,
        clock: Clock,
    ) -> None:
        self._appliance = appliance
        self._scope = scope
        self._far_ends = far_ends
        self._peer_deadline: float | None = None
        self._clock = clock
        self._left_alone = LeftAlone(clock.monotonic)
        self._local_vc_id = ""
        self._last_known: dict[PairingId, Pairing] = {}
        self._begin()

    def read(self) -> SiteReading:
        """Read all of the site; what fails is named in `failures`, and the rest still comes."""
        self._begin()
        facts = self._stage("other", lambda: self._side("info", self._appliance.facts))
        pairings = self._stage("pairings", lambda: self._pairings(facts))
        read = None
        if pairings is not None:
            self._local_vc_id = (facts and facts.vc_id) or self._local_vc_id
            read = tuple(self._pairing(pairing) for pairing in pairings)
        servers = self._stage(
            "servers",
            lambda: self._side("replication_servers", self._appliance.replication_servers),
        )
        tasks = self._stage("tasks", lambda: self._side("tasks", self._appliance.tasks))
        return SiteReading(
            facts=facts,
            pairings=read,
            servers=servers,
            tasks=tasks,
            failures=tuple(self._failures),
            left_alone=self._left_alone.failures(),
            stages=self._stages,
            rows_dropped=self._dropped,
        )

    def _begin(self) -> None:
        self._failures: list[Failure] = []
        self._stages = dict.fromkeys(POLL_STAGES, 0.0)
        self._is_over = False
        self._dropped = 0
        self._remote_up: dict[PairingId, bool] = {}

    def _with_remote(self, pairings: tuple[Pairing, ...]) -> tuple[Pairing, ...]:
        """Fill in a remote vCenter that partial data left out from when it was last seen."""
        filled = tuple(self._filled(pairing) for pairing in pairings)
        self._last_known = {pairing.id: pairing for pairing in filled if _is_named(pairing)}
        return filled

    def _filled(self, pairing: Pairing) -> Pairing:
        known = self._last_known.get(pairing.id)
        if _is_named(pairing) or known is None or known.remote_vc is None:
            return pairing
        connected = pairing.remote_vc.connected if pairing.remote_vc else None
        return replace(pairing, remote_vc=replace(known.remote_vc, connected=connected))

    def _pairings(self, facts: ApplianceFacts | None) -> tuple[Pairing, ...] | None:
        pairings = self._main("pairings", self._appliance.pairings)
        self._far_ends.introduce(facts, pairings or ())
        if pairings is None:
            return None
        had_to_log_in = [self._remote_session(pairing) for pairing in pairings]
        if any(had_to_log_in) and not all(map(_is_named, pairings)):
            pairings = self._main("pairings", self._appliance.pairings) or pairings
        return named(self._with_remote(pairings), self._scope.aliases)

    def _remote_session(self, pairing: Pairing) -> bool:
        """See to the remote session; True if it had to be made."""
        where = f"remote_session {pairing.id}"
        if pairing.is_local:
            return False
        if self._left_alone.has(where):
            self._remote_up[pairing.id] = False
            return False
        try:
            return self._had_to_log_in(pairing)
        except ApplianceError as error:
            failure = self._fail(where, error, ends_poll=error.reason in _SITE_WIDE - {"auth"})
            self._left_alone.add(failure, RETRY_REMOTE_LOGIN_SECONDS)
            self._remote_up[pairing.id] = False
            return False

    def _had_to_log_in(self, pairing: Pairing) -> bool:
        credentials = self._credentials(pairing)
        if credentials is None:
            return False
        had_it = self._appliance.has_remote_session(pairing.id)
        if not had_it:
            self._appliance.open_remote_session(pairing.id, credentials)
        self._remote_up[pairing.id] = True
        return not had_it

    def _credentials(self, pairing: Pairing) -> Credentials | None:
        """Find the far end's account; a first poll waits a little for the site to be known."""
        now = self._clock.monotonic
        if self._peer_deadline is None:
            self._peer_deadline = now() + PEER_WAIT_SECONDS
        while (found := self._far_ends.credentials(pairing)) is None:
            if now() >= self._peer_deadline or not self._far_ends.may_learn_more():
                return None
            if self._clock.wait(_PEER_STEP_SECONDS):
                raise Stopping
        return found

    def _pairing(self, pairing: Pairing) -> PairingReading:
        listing, error = self._stage("replications", lambda: self._listing(pairing))
        issues = self._stage("other", lambda: self._issues(pairing))
        rows = None
        if listing is not None:
            self._dropped += listing.dropped
            pairing = _cut_off(pairing) if listing.is_far_side_down else pairing
            rows = self._scope.of(listing.rows)
        return PairingReading(
            pairing=pairing,
            replications=rows,
            is_complete=listing is not None and listing.is_complete,
            issues=issues,
            remote_session_up=self._remote_up.get(pairing.id),
            error=error,
        )

    def _listing(self, pairing: Pairing) -> tuple[Listing | None, ApplianceError | None]:
        if self._is_over:
            return None, self._failures[-1].error
        local = (pairing.local_vc and pairing.local_vc.id) or self._local_vc_id
        try:
            return self._appliance.replications(pairing, local_vc_id=local), None
        except ApplianceError as error:
            self._fail(f"replications {pairing.name}", error, ends_poll=error.reason in _SITE_WIDE)
            return None, error

    def _issues(self, pairing: Pairing) -> Mapping[IssueScope, tuple[Issue, ...]]:
        calls: dict[IssueScope, Callable[[], tuple[Issue, ...]]] = {
            "replication": lambda: self._appliance.replication_issues(pairing.id),
            "pairing": lambda: self._appliance.pairing_issues(pairing.id),
        }
        answers = {
            scope: self._side(f"{scope}_issues {pairing.name}", call)
            for scope, call in calls.items()
        }
        return {scope: answer for scope, answer in answers.items() if answer is not None}

    def _main(self, where: str, call: Callable[[], T]) -> T | None:
        """Ask what the poll rests on: a failure ends the poll."""
        if self._is_over:
            return None
        try:
            return call()
        except ApplianceError as error:
            self._fail(where, error, ends_poll=True)
            return None

    def _side(self, where: str, call: Callable[[], T]) -> T | None:
        """Ask what the poll can do without: forbidden or missing, it is left alone for an hour."""
        if self._is_over or self._left_alone.has(where):
            return None
        try:
            return call()
        except ApplianceError as error:
            failure = self._fail(where, error, ends_poll=error.reason in _SITE_WIDE)
            if error.reason in {"forbidden", "not_found"}:
                self._left_alone.add(failure, RETRY_CLOSED_SECONDS)
            return None

    def _fail(self, where: str, error: ApplianceError, *, ends_poll: bool) -> Failure:
        failure = Failure(where, error)
        self._failures.append(failure)
        self._is_over = self._is_over or ends_poll
        return failure

    def _stage(self, stage: str, call: Callable[[], T]) -> T:
        began = self._clock.monotonic()
        try:
            return call()
        finally:
            self._stages[stage] += self._clock.monotonic() - began


def _is_named(pairing: Pairing) -> bool:
    """Whether the far end is more than something that is down."""
    remote = pairing.remote_vc
    return remote is not None and bool(remote.id or remote.name)


def _cut_off(pairing: Pairing) -> Pairing:
    """Let the far end be down: the list of replications says so (A57)."""
    remote = pairing.remote_vc or VcServer("", "")
    return replace(pairing, remote_vc=replace(remote, connected=False))
