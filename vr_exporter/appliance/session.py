"""The one session that we hold at an appliance: made when needed, renewed once a poll, ended."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

import msgspec

from vr_exporter.appliance.answers import excerpt
from vr_exporter.appliance.calls import Calls
from vr_exporter.appliance.errors import ApplianceError, Refused, Unreadable
from vr_exporter.appliance.lockout import Lockout
from vr_exporter.appliance.redact import Redactor
from vr_exporter.appliance.transport import Answer, Ask
from vr_exporter.appliance.wire.decoders import decoder_of
from vr_exporter.domain.clock import Clock
from vr_exporter.domain.credentials import Credentials
from vr_exporter.domain.events import Event, LoggedIn

log = logging.getLogger(__name__)

BASES = {"v2": "/api/rest/vr/v2", "v1": "/api/rest/vr/v1"}
"""Where each version of the API lives, in the order in which they are tried."""

_TOKEN = re.compile(r"[!-~]{1,4096}")
_NOT_FOUND = 404


class SessionIdData(msgspec.Struct):
    """The vendor's answer to a login."""

    session_id: str


class Session:
    """Logs in when a token is wanted and there is none; asks for the credentials each time.

    `api` is the version that answered the last login, empty before the first; `logins` counts
    those that worked.
    """

    def __init__(
        self,
        calls: Calls,
        *,
        account: str,
        credentials: Callable[[], Credentials],
        clock: Clock,
        tell: Callable[[Event], None],
        lockout: Lockout,
        redactor: Redactor,
    ) -> None:
        self.api = ""
        self.logins = 0
        self._calls = calls
        self._account = account
        self._credentials = credentials
        self._clock = clock
        self._tell = tell
        self._lockout = lockout
        self._redactor = redactor
        self._token = ""
        self._renewals_left = 0

    @property
    def base(self) -> str:
        """The path that every operation begins with."""
        return BASES[self.api]

    @property
    def is_open(self) -> bool:
        """Whether we hold a token; the appliance may have dropped it all the same."""
        return bool(self._token)

    def begin_poll(self) -> None:
        """Allow one renewal."""
        self._renewals_left = 1

    def token(self) -> str:
        """Return the token, logging in when there is none."""
        if not self._token:
            self._log_in()
        return self._token

    def renew(self, cause: ApplianceError) -> None:
        """Log in anew because the session died; raises the cause the second time in a poll."""
        if not self._renewals_left:
            raise cause
        self._renewals_left -= 1
        self.forget()
        self._log_in()

    def forget(self) -> None:
        """Take the session for dead: the next request logs in, and looks for the API anew."""
        self._token = ""

    def end(self, timeout_seconds: float) -> None:
        """Log out, if we are logged in; a failure is logged and goes no further."""
        if not self._token:
            return
        ask = Ask("session", f"{self.base}/session", "DELETE", token=self._token)
        self.forget()
        try:
            self._calls.send_out_of_turn(ask, seconds=timeout_seconds)
        except ApplianceError as error:
            log.warning(
                "logout failed",
                extra={"url": self._account, "reason": error.reason, "error": str(error)},
            )

    def _log_in(self) -> None:
        credentials = self._credentials()
        self._redactor.learn(credentials)
        self._heed_lockout(credentials)
        try:
            api, answer = self._first_api(credentials)
            token = self._token_of(answer)
        except ApplianceError as error:
            self._note_failure(credentials, error)
            raise
        self._lockout.accepted(self._account, credentials, now=self._clock.now())
        self._tell(LoggedIn(succeeded=True))
        if self.api and api != self.api:
            log.info(
                "API version changed", extra={"url": self._account, "from": self.api, "to": api}
            )
        self.api, self._token = api, token
        self.logins += 1

    def _heed_lockout(self, credentials: Credentials) -> None:
        left = self._lockout.left_seconds(self._account, credentials, now=self._clock.now())
        if left:
            raise Refused("auth", _waiting(left), status=401)

    def _first_api(self, credentials: Credentials) -> tuple[str, Answer]:
        """Log in at the newest version that is there (fault-matrix A59)."""
        for api, base in BASES.items():
            ask = Ask("session", f"{base}/session", "POST", credentials=credentials)
            try:
                return api, self._calls.send(ask)
            except Refused as refusal:
                if refusal.status != _NOT_FOUND:
                    raise
        raise Unreadable(
            "schema",
            f"no {' and no '.join(BASES.values())} there: not a vSphere Replication appliance, "
            "or a version that is not known here",
        )

    def _token_of(self, answer: Answer) -> str:
        try:
            token = decoder_of(SessionIdData).decode(answer.body).session_id
        except (ValueError, RecursionError) as error:
            text = self._redactor.hide(f"login answered {answer.status} {excerpt(answer)}")
            reason = "schema" if isinstance(error, msgspec.ValidationError) else "not_json"
            raise Unreadable(reason, text) from error
        if not _TOKEN.fullmatch(token):
            raise Unreadable("schema", "login answered a session_id that no header can carry")
        self._redactor.learn_token(token)
        return token

    def _note_failure(self, credentials: Credentials, error: ApplianceError) -> None:
        if error.reason == "auth":
            self._lockout.refused(self._account, credentials, now=self._clock.now())
        if isinstance(error, (Refused, Unreadable)) and error.reason != "throttled":
            self._tell(LoggedIn(succeeded=False))


def _waiting(seconds: float) -> str:
    return (
        "the password was refused: to spare the account it is tried again in "
        f"{seconds:.0f} s, or as soon as it changes"
    )
