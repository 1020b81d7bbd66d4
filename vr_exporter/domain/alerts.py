"""Events that become alerts: what they are called, what they say, and what is told to whom."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from vr_exporter.domain.names import ReplicationId


class Event(StrEnum):
    """The five events of alerting.md 1; a state that a rule can see is none of them."""

    SYNC_FAILED = "VrEventSyncFailed"
    SYNC_FAILING = "VrEventSyncFailing"
    TASK_FAILED = "VrEventTaskFailed"
    TRIGGER_AMBIGUOUS = "VrEventTriggerAmbiguous"
    TRIGGER_REFUSED = "VrEventTriggerRefused"


TEST_ALERT: Final = "VrEventTest"
"""Proves the way out, and means nothing; not one of the five."""

SEVERITIES: Final[Mapping[str, str]] = {
    Event.SYNC_FAILED: "info",
    Event.SYNC_FAILING: "warning",
    Event.TASK_FAILED: "warning",
    Event.TRIGGER_AMBIGUOUS: "warning",
    Event.TRIGGER_REFUSED: "warning",
    TEST_ALERT: "info",
}
"""What concerns one VM is a warning at most; one failure alone is told again by its RPO."""

ORIGIN: Final = ("vr_origin", "bridge")
"""Stands on all we send, so that the way in knows its own alerts and starts nothing."""

RESERVED_LABELS: Final = frozenset(
    {"alertname", "severity", ORIGIN[0], "vr_action"}
    | {"site", "pairing", "replication", "vm", "operation", "error_class"}
)
"""What our alerts are told apart and routed by: no label of the settings may stand in for one
that is empty. `vr_action` asks for a sync, which no event does."""

LONGEST_LABEL: Final = 256
LONGEST_ANNOTATION: Final = 1024

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_KIN: Final = ("alertname", "site", "replication", "operation")
"""What an alert is about. `error_class` is none of it: while the same thing goes wrong a new
class is news. Nor is what may be renamed: the VM counts only where no replication is known."""

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class EventAlert:
    """An alert as Alertmanager knows it: its labels are its identity, all else may change.

    `fingerprint` is our own hash of the labels. `kin` is one of what it is about: of one kin only
    one alert is active.
    """

    labels: Pairs
    annotations: Pairs
    generator_url: str
    fingerprint: str
    kin: str

    @property
    def name(self) -> str:
        """The value of `alertname`."""
        return dict(self.labels).get("alertname", "")


def event_alert(
    name: str,
    labels: Mapping[str, str],
    *,
    annotations: Mapping[str, str],
    added: Mapping[str, str] | None = None,
    generator_url: str = "",
) -> EventAlert:
    """Make an alert of what is data and nothing else: cut, cleaned, never read as a template.

    `added` are the labels of the settings; where they share a name with ours, ours stand. Names
    outside the grammar that every Alertmanager takes, and empty values, are left out (C14).
    """
    own = {**labels, "alertname": name, "severity": SEVERITIES[name], ORIGIN[0]: ORIGIN[1]}
    ours = _fit(own, LONGEST_LABEL)
    every = tuple(sorted((dict(_fit(added or {}, LONGEST_LABEL)) | dict(ours)).items()))
    return EventAlert(
        labels=every,
        annotations=_fit(annotations, LONGEST_ANNOTATION),
        generator_url=generator_url,
        fingerprint=_hash(every),
        kin=kin_of(name, labels),
    )


def kin_of(name: str, labels: Mapping[str, str]) -> str:
    """Say what an alert of this name and these labels is about."""
    own = {**labels, "alertname": name}
    about = {part: own[part] for part in _KIN if own.get(part)}
    if "replication" not in about:
        about["vm"] = own.get("vm", "")
    return _hash(_fit(about, LONGEST_LABEL))


def _fit(pairs: Mapping[str, str], longest: int) -> Pairs:
    fit = ((name, _clean(value, longest)) for name, value in pairs.items())
    return tuple(sorted((n, v) for n, v in fit if v and _NAME.fullmatch(n)))


def _clean(value: str, longest: int) -> str:
    """Cut a text from outside, and replace what would end a line or turn it around."""
    cut = value if len(value) <= longest else value[: longest - 1] + "…"
    return _UNFIT.sub("\ufffd", cut).strip()


def _hash(pairs: Iterable[tuple[str, str]]) -> str:
    digest = hashlib.sha256()
    for part in (part for pair in pairs for part in pair):
        content = part.encode()
        digest.update(b"%d:" % len(content) + content)
    return digest.hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Begun:
    """An alert fires from `at` on, or still does; without `ends_at` until it is told to end."""

    alert: EventAlert
    at: float
    ends_at: float | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """What alerts of this kin were about is over."""

    kin: str
    at: float


News = Begun | Ended


@dataclass(frozen=True, slots=True)
class Noticed:
    """What one look at a site brought: news, and the syncs that failed in a row, 0 for none."""

    news: tuple[News, ...] = ()
    failures: Mapping[ReplicationId, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One alert to one receiver: a row of the outbox. Times are our clock's.

    `starts_at` is fixed for an episode. `ends_at` is None while nobody knows the end. One that
    `is_superseded` gave way to an alert of its kin and need not be held. The acknowledgements
    are the receiver's first yes to the alert as firing, and as resolved.
    """

    receiver: str
    alert: EventAlert
    starts_at: float
    ends_at: float | None = None
    is_superseded: bool = False
    firing_acked_at: float | None = None
    resolved_acked_at: float | None = None

    def going_on(self, news: Begun) -> Outgoing:
        """The same episode with what was heard of it since."""
        return replace(self, alert=news.alert, ends_at=news.ends_at, is_superseded=False)
