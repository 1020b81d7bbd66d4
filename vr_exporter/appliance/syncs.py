"""What a trigger needs of an appliance: one replication read anew, the one POST, its task."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar
from urllib.parse import quote

from vr_exporter.appliance import wire
from vr_exporter.appliance.access import Access
from vr_exporter.appliance.errors import ApplianceError, Refused, Unreachable
from vr_exporter.appliance.transport import Answer, Ask, Line
from vr_exporter.domain.events import Endpoint
from vr_exporter.domain.inventory import Replication
from vr_exporter.domain.names import PairingId, ReplicationId, TaskId
from vr_exporter.domain.tasks import Task

T = TypeVar("T")


class Decode(Protocol):
    """Reads an answer, telling what was odd in it; raises Unreadable."""

    def __call__(
        self, endpoint: Endpoint, answer: Answer, read: Callable[[bytes, wire.Reading], T], /
    ) -> T:
        """Read it."""


CALL_SECONDS = 30.0
"""What one step of a trigger may take, whatever a poll around it has left."""

CHECKED_SECONDS = 5.0
"""A session that was answered so lately counts as checked (fault-matrix 6, T2)."""

MOST_IDS = 50
"""So many replications are asked for in one request: a URL is not endless."""

_NOT_FOUND = 404
_BEFORE_THE_FIRST_BYTE = frozenset({"dns", "connect", "tls"})


class NotSent(ApplianceError):  # noqa: N818 - named for what is known
    """The request for a sync never left: there was no connection."""


class UnknownOutcome(ApplianceError):  # noqa: N818 - as above
    """The request for a sync may have been taken; `was_answered` tells whether a 5xx came back."""

    def __init__(self, reason: str, text: str, *, was_answered: bool) -> None:
        super().__init__(reason, text)
        self.was_answered = was_answered


class Syncs:
    """The calls of triggers, made through the same session and pace as the polls of a site."""

    def __init__(self, access: Access, line: Line, *, decode: Decode) -> None:
        self._access = access
        self._line = line
        self._decode = decode

    @contextmanager
    def step(self) -> Iterator[None]:
        """Give the calls inside their own time and retries, also in the midst of a poll."""
        with self._access.calls.apart(CALL_SECONDS):
            yield

    def room(self) -> int:
        """Return how many requests may leave at once, by pace and throttle."""
        return self._access.calls.room()

    def replication(
        self, pairing_id: PairingId, replication_id: ReplicationId, *, local_vc_id: str
    ) -> Replication | None:
        """Read one replication as it is now; None where the appliance has none of that id."""
        path = _replication_path(pairing_id, replication_id)
        try:
            answer = self._access.get("replications", path)
        except Refused as refusal:
            if refusal.status == _NOT_FOUND:
                return None
            raise
        return self._decode(
            "replications",
            answer,
            lambda body, reading: wire.replication_of_body(body, reading, local_vc_id=local_vc_id),
        )

    def replications(
        self, pairing_id: PairingId, ids: Iterable[ReplicationId], *, local_vc_id: str
    ) -> tuple[Replication, ...]:
        """Read some replications of a pairing in one request; those that are gone are left out."""
        wanted = tuple(ids)[:MOST_IDS]
        query = (
            ("extended_info", "true"),
            ("limit", str(len(wanted))),
            ("offset", "0"),
            ("filter_property", "id"),
            *(("filter", replication_id) for replication_id in wanted),
        )
        path = f"/pairings/{quote(pairing_id, safe='')}/replications"
        answer = self._access.get("replications", path, query)
        page = self._decode(
            "replications",
            answer,
            lambda body, reading: wire.replications_page(body, reading, local_vc_id=local_vc_id),
        )
        return tuple(row for row in page.rows if row.id in wanted)

    def task(self, task_id: TaskId) -> Task | None:
        """Read one task; None where the appliance no longer knows it."""
        try:
            answer = self._access.get("task", f"/tasks/{quote(task_id, safe='')}")
        except Refused as refusal:
            if refusal.status == _NOT_FOUND:
                return None
            raise
        return self._decode("task", answer, wire.task_of_body)

    def await_turn(self) -> None:
        """Wait until the one POST may leave: for throttle, pace and session, before the claim."""
        self._access.session.token()
        if self._access.calls.seconds_since_answer() > CHECKED_SECONDS:
            self._check_session()
        self._access.calls.await_turn()

    def _check_session(self) -> None:
        """Have a session that died of idleness replaced now: the POST is not sent twice for it."""
        try:
            self._access.get("info", "/info")
        except Refused as refusal:
            if refusal.reason != "session":
                raise
            self._access.session.forget()
            self._access.session.token()

    def post(self, pairing_id: PairingId, replication_id: ReplicationId) -> Task | None:
        """Ask for a sync, once, on a fresh connection; its turn must have come.

        Returns the task, None where the 202 names none. Raises Refused for a definite no, NotSent
        where nothing left, UnknownOutcome where the appliance may have acted. Never sends twice.
        """
        session = self._access.session
        path = f"{session.base}{_replication_path(pairing_id, replication_id)}/actions/sync"
        self._line.close()
        try:
            answer = self._access.calls.send_now(Ask("sync", path, "POST", token=session.token()))
        except Refused as refusal:
            if refusal.reason == "server_error":
                raise UnknownOutcome("server_error", str(refusal), was_answered=True) from refusal
            if refusal.reason == "session":
                session.forget()
            raise
        except Unreachable as error:
            if error.reason in _BEFORE_THE_FIRST_BYTE:
                raise NotSent(error.reason, str(error)) from error
            raise UnknownOutcome(error.reason, str(error), was_answered=False) from error
        except ApplianceError as error:
            raise UnknownOutcome(error.reason, str(error), was_answered=False) from error
        return self._task_of(answer)

    def _task_of(self, answer: Answer) -> Task | None:
        try:
            return self._decode("sync", answer, wire.task_of_body)
        except ApplianceError as error:
            raise UnknownOutcome(error.reason, str(error), was_answered=False) from error


def _replication_path(pairing_id: PairingId, replication_id: ReplicationId) -> str:
    return f"/pairings/{quote(pairing_id, safe='')}/replications/{quote(replication_id, safe='')}"
