"""Logins: tokens that die of idleness, and the remote logins that hang on them."""

from __future__ import annotations

import base64
import binascii
import random
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from vr_exporter.simulator.errors import bad_request, no_session
from vr_exporter.simulator.options import Account


@dataclass(slots=True)
class Session:
    """A token; `remote` maps a pairing's id to who is logged in at its far side."""

    token: str
    account: Account
    last_used: float
    remote: dict[str, str] = field(default_factory=dict)


class Sessions:
    """All living tokens; a token unused for longer than the timeout is dead."""

    def __init__(self, *, now: Callable[[], float], idle_timeout_seconds: float, seed: str) -> None:
        self._now = now
        self._idle_timeout_seconds = idle_timeout_seconds
        self._random = random.Random(seed)
        self._by_token: dict[str, Session] = {}

    def open(self, account: Account) -> Session:
        """Begin a session: its token is the base64 of a UUID."""
        identity = uuid.UUID(int=self._random.getrandbits(128), version=4)
        token = base64.b64encode(str(identity).encode()).decode()
        session = Session(token=token, account=account, last_used=self._now())
        self._by_token[token] = session
        return session

    def find(self, token: str | None) -> Session | None:
        """The living session of a token; being asked for keeps it alive."""
        session = self._by_token.get(token or "")
        if session is None:
            return None
        if self._now() - session.last_used > self._idle_timeout_seconds:
            self.close(session)
            return None
        session.last_used = self._now()
        return session

    def close(self, session: Session) -> None:
        """End a session and with it its remote logins."""
        self._by_token.pop(session.token, None)

    def close_all(self) -> None:
        """End every session, as a restart of the appliance does."""
        self._by_token.clear()

    def __len__(self) -> int:
        return len(self._by_token)


def account_of(authorization: str | None, accounts: Iterable[Account]) -> Account:
    """Find the account that a Basic header names; 401 if there is none, 400 if it is garbled."""
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        raise no_session()
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise bad_request("The Authorization header is not readable.") from error
    username, _, password = text.partition(":")
    for account in accounts:
        if (account.username, account.password) == (username, password):
            return account
    raise no_session()
