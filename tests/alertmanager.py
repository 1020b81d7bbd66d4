"""An Alertmanager in this process, on a clock moved by hand: API v2 as it was measured on 0.25."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import httpx

from tests.simulated import ManualClock

LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")

Labels = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Held:
    """An alert as the Alertmanager holds it."""

    labels: Labels
    annotations: Mapping[str, str]
    starts_at: float
    ends_at: float


@dataclass(frozen=True, slots=True)
class Heard:
    """One alert in a notification: what a person is told."""

    at: float
    labels: Labels
    status: str


@dataclass(slots=True)
class Group:
    """Alerts that are notified together, and what was told of them last."""

    flush_at: float
    members: set[Labels] = field(default_factory=set)
    firing: frozenset[Labels] | None = None
    resolved: frozenset[Labels] = frozenset()


class Alertmanager(httpx.BaseTransport):
    """Takes posts as an httpx transport; `tick` sends the notifications that are due.

    While `is_away` nothing connects. `status` answers every post with this status instead;
    `token` is the bearer token it asks for. `ahead` is its clock less the given one.
    """

    def __init__(
        self,
        clock: ManualClock,
        *,
        group_wait: float = 30.0,
        group_interval: float = 300.0,
        group_by: tuple[str, ...] = ("alertname", "site", "pairing"),
    ) -> None:
        self.clock = clock
        self.group_wait = group_wait
        self.group_interval = group_interval
        self.group_by = group_by
        self.is_away = False
        self.status = 0
        self.token = ""
        self.ahead = 0.0
        self.posts: list[list[dict[str, Any]]] = []
        self.requests: list[httpx.Request] = []
        self.held: dict[Labels, Held] = {}
        self.notifications: list[list[Heard]] = []
        self.silences: Any = []
        self._groups: dict[Labels, Group] = {}

    @property
    def now(self) -> float:
        """Its own clock."""
        return self.clock.now() + self.ahead

    @property
    def heard(self) -> list[Heard]:
        """All that people were told, in order."""
        return [heard for notification in self.notifications for heard in notification]

    def firing(self) -> set[Labels]:
        """The alerts that are active now."""
        return {labels for labels, held in self.held.items() if held.ends_at > self.now}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        if self.is_away:
            raise httpx.ConnectError("[Errno 111] Connection refused", request=request)
        self.requests.append(request)
        status, text = self._answer(request)
        date = format_datetime(datetime.fromtimestamp(self.now, tz=UTC), usegmt=True)
        body = httpx.ByteStream(text.encode())
        return httpx.Response(status, stream=body, headers={"date": date}, request=request)

    def tick(self) -> None:
        """Send what is due to be sent by now."""
        for group in self._groups.values():
            while group.flush_at <= self.now:
                self._flush(group)
                group.flush_at += self.group_interval

    def _answer(self, request: httpx.Request) -> tuple[int, str]:
        if self.status:
            return self.status, "as told"
        if self.token and request.headers.get("authorization") != f"Bearer {self.token}":
            return 401, "Unauthorized"
        if request.method == "GET" and request.url.path.endswith("/api/v2/silences"):
            return 200, json.dumps(self.silences)
        if not request.url.path.endswith("/api/v2/alerts"):
            return 404, "page not found"
        if request.headers.get("content-type") != "application/json":
            return 415, "unsupported media type"
        return self._take(request.read())

    def _take(self, body: bytes) -> tuple[int, str]:
        try:
            alerts = json.loads(body)
            parsed = [_parsed(alert, self.now) for alert in alerts]
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            return 400, f"parsing alerts body failed: {error}"
        if any(not alert["labels"] for alert in alerts):
            return 422, "labels in body is required"
        self.posts.append(alerts)
        bad = [held for held in parsed if not _is_valid(held)]
        for held in parsed:
            if held not in bad:
                self._put(held)
        return (400, f"invalid label set: {len(bad)}") if bad else (200, "")

    def _put(self, new: Held) -> None:
        """Merge as measured: the earlier start, and no shorter end, win while it is active."""
        old = self.held.get(new.labels)
        if old is not None and old.ends_at > self.now:
            is_resolved = new.ends_at <= self.now
            ends_at = new.ends_at if is_resolved else max(new.ends_at, old.ends_at)
            starts_at = min(new.starts_at, old.starts_at)
            new = Held(new.labels, new.annotations, starts_at, ends_at)
        self.held[new.labels] = new
        self._join_group(new)

    def _join_group(self, held: Held) -> None:
        key = frozenset(pair for pair in held.labels if pair[0] in self.group_by)
        group = self._groups.get(key)
        if group is None:
            is_old = held.starts_at + self.group_wait < self.now
            flush_at = self.now if is_old else self.now + self.group_wait
            group = self._groups[key] = Group(flush_at)
        group.members.add(held.labels)

    def _flush(self, group: Group) -> None:
        """Notify when somebody has something to hear; then forget what is over."""
        firing = frozenset(self.firing() & group.members)
        resolved = frozenset(group.members) - firing
        if _is_news(group, firing, resolved):
            words = [("firing", firing), ("resolved", resolved)]
            self.notifications.append(
                [Heard(self.now, labels, word) for word, some in words for labels in some]
            )
            group.firing, group.resolved = firing, resolved
        for labels in resolved:
            group.members.discard(labels)
            self.held.pop(labels, None)


def _is_news(group: Group, firing: frozenset[Labels], resolved: frozenset[Labels]) -> bool:
    if group.firing is None:
        return bool(firing)
    if firing - group.firing:
        return True
    if not firing:
        return bool(group.firing)
    return bool(resolved - group.resolved)


def _parsed(alert: dict[str, Any], now: float) -> Held:
    for pairs in (alert["labels"], alert.get("annotations", {})):
        if any(not isinstance(value, str) for value in pairs.values()):
            raise TypeError("cannot unmarshal into a string")
    ends_at = _instant(alert.get("endsAt"), now + 300)
    return Held(
        labels=frozenset((name, value) for name, value in alert["labels"].items() if value),
        annotations=alert.get("annotations", {}),
        starts_at=_instant(alert.get("startsAt"), min(now, ends_at)),
        ends_at=ends_at,
    )


def _instant(text: str | None, default: float) -> float:
    if text is None:
        return default
    if "T" not in text:
        raise ValueError(text)
    return datetime.fromisoformat(text).timestamp()


def _is_valid(held: Held) -> bool:
    names = [*(name for name, _ in held.labels), *held.annotations]
    return held.starts_at <= held.ends_at and all(map(LABEL_NAME.fullmatch, names))


def with_labels(found: Iterable[Labels], **wanted: str) -> list[Labels]:
    """Those that have these labels."""
    return [labels for labels in found if wanted.items() <= dict(labels).items()]
