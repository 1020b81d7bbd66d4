"""Paths of routes: matched byte by byte, save for named segments, which are decoded once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote_to_bytes

_NAMED = re.compile(r"\{([a-z_]+)\}")
_SEGMENT = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Template:
    """The path of a route; `{name}` stands for one whole segment."""

    path: str

    def match(self, path: str) -> dict[str, str] | None:
        """The named segments of a raw path, decoded; None where the path is another."""
        if not self.names:
            return {} if path == self.path else None
        segments = path.split("/")
        if len(segments) != len(self._segments):
            return None
        captured: dict[str, str] = {}
        for (name, text), segment in zip(self._segments, segments, strict=True):
            if name:
                value = decoded(segment)
                if value is None:
                    return None
                captured[name] = value
            elif text != segment:
                return None
        return captured

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names that the path leaves open."""
        return tuple(_NAMED.findall(self.path))

    @cached_property
    def _segments(self) -> tuple[tuple[str, str], ...]:
        parts = ((_NAMED.fullmatch(part), part) for part in self.path.split("/"))
        return tuple((match[1] if match else "", part) for match, part in parts)


def decoded(segment: str) -> str | None:
    """A raw segment decoded once; None where it is none of RFC 3986, or no clean UTF-8.

    The value is for looking up alone: it may hold a slash, as names of VMs may.
    """
    if not _SEGMENT.fullmatch(segment):
        return None
    try:
        value = unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        return None
    return None if _CONTROL.search(value) else value
