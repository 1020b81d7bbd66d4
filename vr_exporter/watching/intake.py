"""One poll being taken in: what it read, beside what was known, and what it adds to that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vr_exporter.domain.counts import Addition, ReplicationTotals, SeenTasks, TaskIdentity
from vr_exporter.domain.inventory import Replication
from vr_exporter.domain.names import ReplicationId
from vr_exporter.domain.snapshot import PairingSnapshot, PollFacts, SiteSnapshot, WatchedReplication
from vr_exporter.domain.tasks import Task
from vr_exporter.watching.reading import SiteReading
from vr_exporter.watching.tasks import changes_of_tasks, matched

NOTHING_TO_WATCH = "the site lists no pairing, so that there is nothing to watch"
"""Why a site that answers well is not up all the same (fault-matrix R2)."""


@dataclass(slots=True)
class Intake:
    """One poll being taken in; `additions`, `totals` and `surprises` grow on the way."""

    reading: SiteReading
    before: SiteSnapshot
    now: float
    additions: list[Addition] = field(default_factory=list)
    totals: dict[ReplicationId, ReplicationTotals] = field(default_factory=dict)
    surprises: list[str] = field(default_factory=list)
    _ids: set[ReplicationId] = field(default_factory=set)

    def kept(self, rows: tuple[WatchedReplication, ...]) -> tuple[WatchedReplication, ...]:
        """Keep the last values of a pairing, save what another pairing has shown by now."""
        kept = tuple(row for row in rows if row.replication.id not in self._ids)
        self._ids |= {row.replication.id for row in kept}
        return kept

    def unseen(self, rows: tuple[Replication, ...]) -> tuple[Replication, ...]:
        """Leave out what another pairing of the site has shown: a series may stand but once."""
        fresh = tuple(row for row in rows if row.id not in self._ids)
        self.surprises += ["duplicate"] * (len(rows) - len(fresh))
        self._ids |= {row.id for row in fresh}
        return fresh

    def tasks(
        self, pairings: tuple[PairingSnapshot, ...], seen: SeenTasks | None
    ) -> tuple[tuple[Task, ...] | None, Mapping[TaskIdentity, float] | None]:
        """Return the tasks to show, with their replications, and those that ended by now."""
        before = self.before
        if self.reading.tasks is None:
            return before.tasks, None
        rows = (row.replication for pairing in pairings for row in pairing.replications)
        tasks = matched(self.reading.tasks, rows)
        codes = before.totals.counters.get("vr_task_errors_total", {})
        changes = changes_of_tasks(
            tasks,
            before=before.tasks or (),
            seen=seen,
            known_codes=(labels[0] for labels in codes),
            now=self.now,
        )
        self.additions += changes.additions
        return tasks, changes.ended

    def facts(self, *, is_up: bool, interval_seconds: float) -> PollFacts:
        """Say how the poll itself went; of several things that failed, the last stands for all."""
        reading, succeeded = self.reading, self.before.poll.last_success_timestamp_seconds
        last = reading.failures[-1].error if reading.failures else None
        lack = "" if reading.pairings else NOTHING_TO_WATCH
        return PollFacts(
            interval_seconds=interval_seconds,
            last_attempt_timestamp_seconds=self.now,
            last_success_timestamp_seconds=self.now if is_up else succeeded,
            stages=reading.stages,
            rows_dropped=reading.rows_dropped,
            error=str(last) if last else lack,
            error_reason=last.reason if last else "",
        )
