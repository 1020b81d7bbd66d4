"""Logins at the remote sites of pairings: they live and die with our one session."""

from __future__ import annotations

import logging
from collections.abc import Callable
from urllib.parse import quote

from vr_exporter.appliance.access import Access
from vr_exporter.appliance.errors import ApplianceError, Refused
from vr_exporter.appliance.lockout import Lockout
from vr_exporter.appliance.redact import Redactor
from vr_exporter.appliance.throttle import TOO_MANY_REQUESTS, UNAVAILABLE
from vr_exporter.appliance.transport import Ask
from vr_exporter.domain.credentials import Credentials
from vr_exporter.domain.names import PairingId

log = logging.getLogger(__name__)

_UNAUTHORIZED = 401


class RemoteSessions:
    """Makes remote sessions, and makes them again when our session was renewed."""

    def __init__(
        self,
        access: Access,
        *,
        account: str,
        now: Callable[[], float],
        lockout: Lockout,
        redactor: Redactor,
    ) -> None:
        self._access = access
        self._account = account
        self._now = now
        self._lockout = lockout
        self._redactor = redactor
        self._opened: dict[PairingId, Credentials] = {}
        access.after_renewal = self._reopen

    def has(self, pairing_id: PairingId) -> bool:
        """Whether we are logged in at the remote site; an error answer says that we are not."""
        token = self._access.session.token()
        path = self._path(pairing_id)
        try:
            self._access.calls.send_once(Ask("remote_session", path, token=token))
        except Refused as refusal:
            if refusal.status in (TOO_MANY_REQUESTS, UNAVAILABLE):
                raise
            return False
        return True

    def open(self, pairing_id: PairingId, credentials: Credentials) -> None:
        """Log in at the remote site; a refused password waits as a local one does (A58)."""
        account = f"{self._account} {pairing_id}"
        if left := self._lockout.left_seconds(account, credentials, now=self._now()):
            text = f"the remote password was refused: it is tried again in {left:.0f} s"
            raise Refused("auth", text, status=_UNAUTHORIZED)
        try:
            self._post_with_live_session(pairing_id, credentials)
        except Refused as refusal:
            if refusal.status == _UNAUTHORIZED:
                self._lockout.refused(account, credentials, now=self._now())
            raise
        self._lockout.accepted(account, credentials, now=self._now())
        self._opened[pairing_id] = credentials

    def forget(self) -> None:
        """Take all of them for gone, as they are with the session that they belonged to."""
        self._opened.clear()

    def _post_with_live_session(self, pairing_id: PairingId, credentials: Credentials) -> None:
        """Log in, and once more where a 401 turns out to be about our own session."""
        try:
            self._post(pairing_id, credentials)
        except Refused as refusal:
            if refusal.status != _UNAUTHORIZED or not self._was_session_dead():
                raise
            self._post(pairing_id, credentials)

    def _was_session_dead(self) -> bool:
        logins = self._access.session.logins
        try:
            self._access.get("session", "/session")
        except ApplianceError:
            return False
        return self._access.session.logins > logins

    def _post(self, pairing_id: PairingId, credentials: Credentials) -> None:
        token = self._access.session.token()
        self._redactor.learn(credentials)
        self._access.calls.send(
            Ask(
                "remote_session",
                self._path(pairing_id),
                "POST",
                token=token,
                credentials=credentials,
            )
        )

    def _reopen(self) -> None:
        opened, self._opened = self._opened, {}
        for pairing_id, credentials in opened.items():
            try:
                self._post(pairing_id, credentials)
            except ApplianceError as error:
                log.debug("remote login not redone", extra={"error": str(error)})
            else:
                self._opened[pairing_id] = credentials

    def _path(self, pairing_id: PairingId) -> str:
        base = self._access.session.base
        return f"{base}/pairings/{quote(pairing_id, safe='')}/remote-session"
