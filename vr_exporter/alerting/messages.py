"""Alerts as Alertmanager's API v2 takes them, and in which portions; pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from vr_exporter.alerting.turns import Turn, Word

MOST_ALERTS: Final = 500
MOST_BYTES: Final = 1024 * 1024
"""A portion holds no more than these: small enough to be halved until a bad alert is alone."""


@dataclass(frozen=True, slots=True)
class Part:
    """One alert with what is posted of it."""

    turn: Turn
    content: bytes


def part_of(turn: Turn, *, now: float) -> Part:
    """Write an alert; no start and no end of an episode lies in the future (F3).

    Labels, both times and what is there of the rest: a link that is missing is left out.
    """
    row, alert = turn.row, turn.row.alert
    ends_at = min(turn.ends_at, now) if turn.word is Word.RESOLVED else turn.ends_at
    message: dict[str, Any] = {
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "startsAt": _stamp(min(row.starts_at, now, ends_at)),
        "endsAt": _stamp(ends_at),
    }
    if alert.generator_url:
        message["generatorURL"] = alert.generator_url
    return Part(turn, json.dumps(message, separators=(",", ":")).encode())


def portions(parts: Iterable[Part]) -> Iterator[list[Part]]:
    """Portion alerts out, in their order."""
    portion: list[Part] = []
    size = 2
    for part in parts:
        if portion and (len(portion) == MOST_ALERTS or size + len(part.content) > MOST_BYTES):
            yield portion
            portion, size = [], 2
        portion.append(part)
        size += len(part.content) + 1
    if portion:
        yield portion


def body_of(portion: Iterable[Part]) -> bytes:
    """Make the body of a post."""
    return b"[" + b",".join(part.content for part in portion) + b"]"


def _stamp(seconds: float) -> str:
    """RFC 3339 with `Z`, to the millisecond."""
    moment = datetime.fromtimestamp(seconds, tz=UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
