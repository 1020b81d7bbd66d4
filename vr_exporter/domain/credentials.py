"""A user name with its password, never shown."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a login needs; the password stays out of every repr."""

    username: str
    password: str = field(repr=False)
