"""What one poll of a site brought, and what failed in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vr_exporter.appliance.errors import ApplianceError
from vr_exporter.domain.inventory import (
    ApplianceFacts,
    Issue,
    IssueScope,
    Pairing,
    Replication,
    ReplicationServer,
)
from vr_exporter.domain.tasks import Task


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that a poll could not read; `where` is the endpoint, with the pairing if any."""

    where: str
    error: ApplianceError


@dataclass(frozen=True, slots=True)
class PairingReading:
    """One pairing as read; `replications` is None where the list could not be read."""

    pairing: Pairing
    replications: tuple[Replication, ...] | None = None
    is_complete: bool = False
    issues: Mapping[IssueScope, tuple[Issue, ...]] = field(default_factory=dict)
    remote_session_up: bool | None = None
    error: ApplianceError | None = None


@dataclass(frozen=True, slots=True)
class SiteReading:
    """All that one poll brought; None stands for what was not read.

    `left_alone` is what failed in an earlier poll and was not tried in this one.
    """

    facts: ApplianceFacts | None = None
    pairings: tuple[PairingReading, ...] | None = None
    servers: tuple[ReplicationServer, ...] | None = None
    tasks: tuple[Task, ...] | None = None
    failures: tuple[Failure, ...] = ()
    left_alone: tuple[Failure, ...] = ()
    stages: Mapping[str, float] = field(default_factory=dict)
    rows_dropped: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether every list of replications was read to its end."""
        lists = self.pairings or ()
        return self.pairings is not None and all(one.replications is not None for one in lists)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why each thing failed, in the order in which it did."""
        return tuple(failure.error.reason for failure in self.failures)
