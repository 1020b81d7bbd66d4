"""Logins by HTTP basic authentication against bcrypt hashes (fault-matrix C5)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import threading
from collections.abc import Mapping

import bcrypt

_REMEMBERED = 256
_AT_ONCE = 2
_PASSWORD_BYTES = 72  # bcrypt reads no more, and the library refuses longer ones
_WAIT_SECONDS = 2.0


class Logins:
    """Who may read, and which good logins need not be hashed again.

    A hash costs some 50 ms of a core: it runs in the connection's own thread, two at once, so
    that a flood of guesses leaves cores to those who are remembered. A good result is kept under
    a keyed digest in which no text can stand for another; a bad one is not kept.
    """

    def __init__(self, users: Mapping[str, str]) -> None:
        self._hashes = {name.encode(): hashed.encode() for name, hashed in users.items()}
        cost = max((int(hashed[4:6]) for hashed in users.values()), default=10)
        self._nobody = f"$2b${cost:02}${'.' * 53}".encode()
        self._key = secrets.token_bytes(32)
        self._good: set[bytes] = set()
        self._turn = threading.BoundedSemaphore(_AT_ONCE)

    def admits(self, authorization: str) -> bool:
        """Whether the value of an Authorization field names a user with their password."""
        pair = _user_and_password(authorization)
        if pair is None:
            return False
        user, password = pair
        expected = self._hashes.get(user, self._nobody)
        digest = self._digest(user, expected, password)
        if digest in self._good:
            return True
        is_good = self._matches(password, expected) and user in self._hashes
        if is_good:
            self._remember(digest)
        return is_good

    def _matches(self, password: bytes, expected: bytes) -> bool:
        if not self._turn.acquire(timeout=_WAIT_SECONDS):
            return False
        try:
            return hmac.compare_digest(hash_password(password, expected), expected)
        finally:
            self._turn.release()

    def _remember(self, digest: bytes) -> None:
        if len(self._good) >= _REMEMBERED:
            self._good = set()
        self._good.add(digest)

    def _digest(self, *parts: bytes) -> bytes:
        digest = hashlib.blake2b(key=self._key, digest_size=32)
        for part in parts:
            digest.update(len(part).to_bytes(8, "big") + part)
        return digest.digest()


def hash_password(password: bytes, salt: bytes) -> bytes:
    """The bcrypt hash of a password under the salt of a given hash."""
    return bcrypt.hashpw(password[:_PASSWORD_BYTES], salt)


def _user_and_password(authorization: str) -> tuple[bytes, bytes] | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    user, colon, password = decoded.partition(b":")
    return (user, password) if colon else None
