"""Reading with a session: made when needed, renewed once a poll, never trusted to live on."""

from __future__ import annotations

from collections.abc import Callable

from vr_exporter.appliance.calls import Calls
from vr_exporter.appliance.errors import Refused
from vr_exporter.appliance.paging import SessionRenewed
from vr_exporter.appliance.session import Session
from vr_exporter.appliance.throttle import UNAVAILABLE
from vr_exporter.appliance.transport import Answer, Ask
from vr_exporter.domain.events import Endpoint, Event, Retried

Query = tuple[tuple[str, str], ...]

_NOT_FOUND = 404
_ALWAYS_THERE = frozenset({"info", "pairings"})
"""Endpoints of every version: where one is missing, that version of the API is gone (A59).

Where one of them is unavailable the appliance is (A31): its sessions count as dead. Another one
that answers 503 must not cost a login in each poll.
"""


class Access:
    """GETs that carry our token. `after_renewal` redoes what the lost session had."""

    def __init__(self, calls: Calls, session: Session, *, tell: Callable[[Event], None]) -> None:
        self.calls = calls
        self.session = session
        self.after_renewal: Callable[[], None] = lambda: None
        self._tell = tell

    def get(
        self, endpoint: Endpoint, path: str, query: Query = (), *, is_mid_list: bool = False
    ) -> Answer:
        """Ask, and after a dead session once more (A23); in the middle of a list that begins anew.

        Raises SessionRenewed instead of asking again when `is_mid_list`.
        """
        try:
            return self._ask(endpoint, path, query)
        except Refused as refusal:
            if refusal.reason != "session":
                raise
            self.session.renew(refusal)
        self._tell(Retried("session_expired"))
        self.after_renewal()
        if is_mid_list:
            raise SessionRenewed
        return self._ask(endpoint, path, query)

    def _ask(self, endpoint: Endpoint, path: str, query: Query) -> Answer:
        try:
            return self._ask_once(endpoint, path, query)
        except Refused as refusal:
            if endpoint not in _ALWAYS_THERE or refusal.status not in (_NOT_FOUND, UNAVAILABLE):
                raise
            self.session.forget()
            if refusal.status == UNAVAILABLE or not self._has_other_version():
                raise
        return self._ask_once(endpoint, path, query)

    def _has_other_version(self) -> bool:
        """Log in anew, and say whether that was at another version of the API (A59)."""
        before = self.session.api
        self.session.token()
        return self.session.api != before

    def _ask_once(self, endpoint: Endpoint, path: str, query: Query) -> Answer:
        token = self.session.token()
        ask = Ask(endpoint, self.session.base + path, query=query, token=token)
        return self.calls.send(ask)
