"""Takes our own secrets out of what an appliance says back to us."""

from __future__ import annotations

import base64
from collections import deque
from contextlib import suppress
from urllib.parse import quote

from vr_exporter.domain.credentials import Credentials

_SHORTEST_SECRET = 4
_SECRETS_KEPT = 256


class Redactor:
    """Knows the live secrets of one appliance, in the forms in which they travel."""

    def __init__(self) -> None:
        self._secrets: deque[str] = deque(maxlen=_SECRETS_KEPT)

    def learn_token(self, token: str) -> None:
        """Hide a session token from now on."""
        self._learn(token)

    def learn(self, credentials: Credentials) -> None:
        """Hide a password from now on: plain, percent-encoded, and as Basic sends it."""
        password = credentials.password
        pair = f"{credentials.username}:{password}".encode("utf-8", "replace")
        for form in (base64.b64encode(pair).decode(), quote(password, safe=""), password):
            self._learn(form)

    def hide(self, text: str) -> str:
        """Return the text without the secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "[hidden]")
        return text

    def _learn(self, secret: str) -> None:
        """Put a secret last in line to be forgotten, also one that is known."""
        if len(secret) < _SHORTEST_SECRET:
            return
        with suppress(ValueError):
            self._secrets.remove(secret)
        self._secrets.append(secret)
