"""What happens while an appliance is asked, told upwards as values; `metrics/own.py` counts them.

The rooms that tell take one callable, `tell: Callable[[Event], None]`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Endpoint = Literal[
    "session",
    "remote_session",
    "info",
    "pairings",
    "pairing_issues",
    "replications",
    "replication_issues",
    "replication_servers",
    "vrs",
    "tasks",
    "task",
    "sync",
]
RetryReason = Literal["throttled", "timeout", "connect", "5xx", "session_expired"]


@dataclass(frozen=True, slots=True)
class Requested:
    """A request ended; `code` is the HTTP status, or `error` where no answer came."""

    endpoint: Endpoint
    method: str
    code: str
    seconds: float
    received_bytes: int


@dataclass(frozen=True, slots=True)
class Retried:
    """A request is sent again."""

    reason: RetryReason


@dataclass(frozen=True, slots=True)
class Throttled:
    """A 429 or 503 asks us to hold back until then (seconds since 1970); None when it is over."""

    until_timestamp_seconds: float | None


@dataclass(frozen=True, slots=True)
class HeldBack:
    """We waited for our own pace or for a throttle to end."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Budget:
    """Requests that we allow ourselves a minute and session, and what is left of them."""

    allowed: int
    remaining: int


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A login at the appliance was tried."""

    succeeded: bool


@dataclass(frozen=True, slots=True)
class CertificateSeen:
    """The end of validity of the appliance's certificate, also when it was refused."""

    not_after_timestamp_seconds: float


@dataclass(frozen=True, slots=True)
class ClockRead:
    """The appliance's clock less ours in seconds, from its Date header."""

    skew_seconds: float


@dataclass(frozen=True, slots=True)
class Surprised:
    """Something odd was tolerated; `kind` is one of `SURPRISE_KINDS`."""

    kind: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Polled:
    """A poll ended; `reasons` names each failure in it, empty for a good one."""

    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PollsSkipped:
    """Polls whose time passed while another ran or the machine slept."""

    count: int


Event = (
    Requested
    | Retried
    | Throttled
    | HeldBack
    | Budget
    | LoggedIn
    | CertificateSeen
    | ClockRead
    | Surprised
    | Polled
    | PollsSkipped
)
