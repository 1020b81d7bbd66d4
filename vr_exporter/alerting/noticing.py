"""One look at a site, judged for news: which tasks ended, of what, and who tells of it; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from vr_exporter.alerting.outbound import (
    Form,
    Subject,
    SyncEnd,
    no_longer_failing,
    of_syncs,
    of_task,
    sync_ends,
)
from vr_exporter.domain.alerts import News, Noticed
from vr_exporter.domain.counts import ReplicationTotals, SeenTasks, SiteChanges
from vr_exporter.domain.inventory import Direction, Replication
from vr_exporter.domain.names import ReplicationId, SiteName
from vr_exporter.domain.snapshot import SiteSnapshot, Snapshot
from vr_exporter.domain.tasks import Task


@dataclass(frozen=True, slots=True)
class Known:
    """What was known before the look: tasks counted, totals, failures in a row, the other sites."""

    seen: SeenTasks | None = None
    totals: Mapping[ReplicationId, ReplicationTotals] = field(default_factory=dict)
    failures: Mapping[ReplicationId, int] = field(default_factory=dict)
    fleet: Snapshot = field(default_factory=Snapshot)


def noticed(
    site: SiteSnapshot, changes: SiteChanges, known: Known, *, form: Form, now: float
) -> Noticed:
    """Say what of a look is news, each ended task once; a first start has none."""
    ended = newly_ended(site.tasks or (), changes, known.seen)
    if not ended and not known.failures:
        return Noticed()
    places = Places(site, known.fleet)
    ends = [*sync_ends(ended, places.subject_of), *_synced(site.site, changes, known)]
    news, counts = of_syncs(ends, known.failures, form=form, now=now)
    for task in ended:
        subject = places.subject_of(task)
        begun = of_task(task, subject, form=form, now=now) if subject else None
        if begun is not None:
            news.append(begun)
    news += _gone(site.site, changes, counts, known, now)
    return Noticed(tuple(news), counts)


def newly_ended(
    tasks: Iterable[Task], changes: SiteChanges, seen: SeenTasks | None
) -> tuple[Task, ...]:
    """Return the tasks that this look counts as ended for the first time."""
    ended = changes.ended_tasks
    if ended is None or seen is None:
        return ()
    return tuple(
        task
        for task in tasks
        if task.identity in ended and not seen.has(task.identity, ended[task.identity])
    )


class Places:
    """Finds what a task is about; the tables are made when they are asked for first."""

    def __init__(self, site: SiteSnapshot, fleet: Snapshot) -> None:
        self._site = site
        self._fleet = fleet
        self._rows: dict[ReplicationId, tuple[str, Replication]] | None = None
        self._at_source: set[object] | None = None

    def subject_of(self, task: Task) -> Subject | None:
        """Name what a task is about; None where the source of the replication tells of it.

        Both ends of a pairing list one failure: it is one alert, at the source where that is
        watched, as with the rules.
        """
        found = self._known_rows().get(task.replication_id or ReplicationId(""))
        if found is None:
            return Subject(self._site.site, vm=task.entity_name)
        pairing, row = found
        if row.direction is Direction.INCOMING and self._is_told_at_source(row):
            return None
        return Subject(self._site.site, pairing, row.id, row.vm)

    def _known_rows(self) -> Mapping[ReplicationId, tuple[str, Replication]]:
        if self._rows is None:
            self._rows = {
                each.replication.id: (pairing.pairing.name, each.replication)
                for pairing in self._site.pairings
                for each in pairing.replications
            }
        return self._rows

    def _is_told_at_source(self, row: Replication) -> bool:
        if self._at_source is None:
            self._at_source = set(self._identities())
        return any(identity in self._at_source for identity in _identities(row))

    def _identities(self) -> Iterable[object]:
        for site in self._fleet.sites.values():
            if site.site == self._site.site:
                continue
            for pairing in site.pairings:
                for each in pairing.replications:
                    if each.replication.direction is not Direction.INCOMING:
                        yield from _identities(each.replication)


def _identities(row: Replication) -> tuple[object, ...]:
    """The id, and where the ends show different ones the VM within its vCenter."""
    vm = (row.source_vc_id, row.vm_id)
    return (row.id, vm) if all(vm) else (row.id,)


def _synced(site: SiteName, changes: SiteChanges, known: Known) -> Iterable[SyncEnd]:
    """Syncs by RPO need be no tasks: the last sync time of one that was failing has moved."""
    for replication in known.failures:
        before, after = known.totals.get(replication), changes.replications.get(replication)
        last = after.last_sync_timestamp_seconds if after else None
        then = before.last_sync_timestamp_seconds if before else None
        if last is not None and (then is None or last > then):
            yield SyncEnd(Subject(site, replication=replication), last)


def _gone(
    site: SiteName,
    changes: SiteChanges,
    counts: dict[ReplicationId, int],
    known: Known,
    now: float,
) -> list[News]:
    """End what is about replications that are gone."""
    news: list[News] = []
    for replication in changes.gone & {*known.failures, *counts}:
        counts[replication] = 0
        news.append(no_longer_failing(site, replication, now=now))
    return news
