"""No secret that is known leaves in a log line or on the screen, in plain or in disguise (C26)."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

MASK = "<secret>"
_SHORTEST = 4
"""Shorter secrets would mask half of every text."""


class Redactor:
    """Knows the live secrets and masks them in texts; values are learnt and never forgotten."""

    def __init__(self) -> None:
        self._forms: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def learn(self, secret: str) -> None:
        """Mask this secret from now on, in every form that a program would give it."""
        if len(secret) < _SHORTEST or secret in self._forms:
            return
        self._forms |= {form for form in _forms(secret) if len(form) >= _SHORTEST}
        longest_first = sorted(self._forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def clean(self, text: str) -> str:
        """Mask every known secret in a text."""
        return self._pattern.sub(MASK, text) if self._pattern else text


def _forms(secret: str) -> Iterator[str]:
    content = secret.encode("utf-8", "surrogatepass")
    yield secret
    yield repr(secret)[1:-1]
    yield json.dumps(secret)[1:-1]
    yield quote(content, safe="")
    yield quote_plus(content)
    yield content.hex()
    yield content.hex().upper()
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield _stable_base64(encode(bytes(shift) + content).decode(), shift, len(content))


def _stable_base64(encoded: str, shift: int, length: int) -> str:
    """The signs that the secret alone decides, whatever stands before and after it."""
    first = -(-shift * 8 // 6)
    last = (shift + length) * 8 // 6
    return encoded[first:last]


redactor = Redactor()
"""The one of this process."""
