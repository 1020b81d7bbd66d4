"""What is known of every site at one moment: values that are replaced whole, never edited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from vr_exporter.domain.counts import SiteTotals
from vr_exporter.domain.inventory import (
    ApplianceFacts,
    Issue,
    IssueScope,
    Pairing,
    Replication,
    ReplicationServer,
)
from vr_exporter.domain.names import SiteName
from vr_exporter.domain.rpo import Verdict
from vr_exporter.domain.tasks import Task
from vr_exporter.domain.triggers import Trigger


class WatchedReplication(NamedTuple):
    """A replication as read, with what watching it from poll to poll has shown (decision 21).

    `counted_bytes` are those of the sync under way that `vr_transferred_bytes_total` has by now.
    """

    replication: Replication
    verdict: Verdict
    breached_seconds_total: float = 0.0
    synced_bytes_total: int = 0
    progress_changed_timestamp_seconds: float | None = None
    counted_bytes: int = 0


@dataclass(frozen=True, slots=True)
class PairingSnapshot:
    """One pairing of a site.

    `up`: its replication list was read in the last poll. `stale`: its detail is withheld.
    `issues` lacks a scope whose endpoint did not answer. `error` is the last failure's text.
    """

    pairing: Pairing
    up: bool
    stale: bool = False
    replications: tuple[WatchedReplication, ...] = ()
    issues: Mapping[IssueScope, tuple[Issue, ...]] = field(default_factory=dict)
    remote_session_up: bool | None = None
    last_success_timestamp_seconds: float | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class PollFacts:
    """How reading a site went.

    `stages` holds the seconds of the last poll by pairings, replications, tasks, servers, other.
    `error` and `error_reason` (one of `POLL_FAILURE_REASONS`) are the last poll's, empty if good.
    """

    interval_seconds: float
    last_attempt_timestamp_seconds: float | None = None
    last_success_timestamp_seconds: float | None = None
    stages: Mapping[str, float] = field(default_factory=dict)
    rows_dropped: int = 0
    error: str = ""
    error_reason: str = ""


@dataclass(frozen=True, slots=True)
class SiteSnapshot:
    """One site. Detail of a stale site stays here for people, and is withheld from the page.

    `up`: login, pairings and at least one replication list worked in the last poll.
    `tasks` is None until GET /tasks answered once. `triggers` are those of this site that are not
    closed: without an end, or with one that nobody has acknowledged as unknown.
    """

    site: SiteName
    poll: PollFacts
    up: bool = False
    stale: bool = False
    url: str = ""
    appliance: ApplianceFacts | None = None
    pairings: tuple[PairingSnapshot, ...] = ()
    servers: tuple[ReplicationServer, ...] = ()
    tasks: tuple[Task, ...] | None = None
    totals: SiteTotals = field(default_factory=SiteTotals)
    triggers: tuple[Trigger, ...] = ()
    is_circuit_open: bool = False

    @property
    def was_tried(self) -> bool:
        """Whether a first poll has ended, well or not."""
        return self.poll.last_attempt_timestamp_seconds is not None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Every site, in the order of the settings."""

    sites: Mapping[SiteName, SiteSnapshot] = field(default_factory=dict)


POLL_STAGES = ("pairings", "replications", "tasks", "servers", "other")

POLL_FAILURE_REASONS = (
    "dns",
    "connect",
    "tls",
    "timeout",
    "deadline",
    "reset",
    "too_large",
    "encoding",
    "not_json",
    "schema",
    "auth",
    "forbidden",
    "not_found",
    "throttled",
    "server_error",
    "redirect",
    "paging",
    "session",
    "internal",
)
"""Why a poll failed, a closed set (fault-matrix R9)."""

SURPRISE_KINDS = ("enum", "null", "type", "range", "duplicate", "name", "time", "count", "body")
"""Oddities that are tolerated and counted, a closed set (fault-matrix R10)."""
