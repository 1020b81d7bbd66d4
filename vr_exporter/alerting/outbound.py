"""What we noticed ourselves, as alerts: what a scrape would miss, and no rule covers; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from vr_exporter.domain.alerts import Begun, Ended, Event, EventAlert, News, event_alert, kin_of
from vr_exporter.domain.names import ReplicationId, SiteName
from vr_exporter.domain.snapshot import POLL_FAILURE_REASONS
from vr_exporter.domain.tasks import Task, TaskState
from vr_exporter.domain.triggers import Outcome, Trigger, TriggerState

FAILURES_TO_BE_FAILING: Final = 3
"""So many syncs of one replication failed in a row."""

_REFUSALS: Final = frozenset({*POLL_FAILURE_REASONS, "not_sent", "cut"})
"""The closed set of `error_class` of a refused trigger; what is none of them is `other`."""


@dataclass(frozen=True, slots=True)
class Form:
    """What all our alerts have in common, as the settings want it.

    `external_url` is the one address that links are built from. `hold_seconds` is the shortest
    time that an alert fires: what is over at once is held for so long.
    """

    external_url: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    hold_seconds: float = 360.0

    def alert(
        self, event: str, labels: Mapping[str, str], *, summary: str, description: str
    ) -> EventAlert:
        """Make an alert with the links and the additions of the settings."""
        base = self.external_url.rstrip("/")
        links = {"dashboard": f"{base}/"} if base else {}
        own = {"summary": summary, "description": description, **links}
        return event_alert(
            event,
            labels,
            annotations={**self.annotations, **own},
            added=self.labels,
            generator_url=f"{base}/" if base else "",
        )


@dataclass(frozen=True, slots=True)
class Subject:
    """What an alert is about, in words: `pairing` is its readable name."""

    site: SiteName
    pairing: str = ""
    replication: str = ""
    vm: str = ""

    @property
    def labels(self) -> dict[str, str]:
        """The labels that tell it apart; empty ones are left out on the way."""
        return {
            "site": self.site,
            "pairing": self.pairing,
            "replication": self.replication,
            "vm": self.vm,
        }

    @property
    def name(self) -> str:
        """What people call it."""
        return self.vm or self.replication or "an object that is not watched"


@dataclass(frozen=True, slots=True)
class SyncEnd:
    """A sync of a replication ended: badly if `error_class` says how. `at` only orders them."""

    subject: Subject
    at: float
    error_class: str | None = None
    detail: str = ""
    task_id: str = ""


def sync_ends(tasks: Iterable[Task], subject_of: Callable[[Task], Subject | None]) -> list[SyncEnd]:
    """Say how the sync tasks among these ended; without a subject it is another site's matter."""
    ends = []
    for task in tasks:
        subject = subject_of(task) if task.operation == "sync" else None
        at = task.completed_timestamp_seconds or 0.0
        if subject is None:
            continue
        if task.state is TaskState.SUCCESS:
            ends.append(SyncEnd(subject, at))
        elif task.state in (TaskState.ERROR, TaskState.CANCELLED):
            ends.append(SyncEnd(subject, at, task.error_class or "other", _why(task), str(task.id)))
    return ends


def of_syncs(
    ends: Iterable[SyncEnd], failures: Mapping[ReplicationId, int], *, form: Form, now: float
) -> tuple[list[News], dict[ReplicationId, int]]:
    """Turn syncs that ended into news, and count on how many failed in a row."""
    news: list[News] = []
    counts: dict[ReplicationId, int] = {}
    for end in sorted(ends, key=lambda end: end.at):
        replication = ReplicationId(end.subject.replication)
        before = counts.get(replication, failures.get(replication, 0))
        if end.error_class is None:
            if before:
                news.append(no_longer_failing(end.subject.site, replication, now=now))
                counts[replication] = 0
            continue
        news.append(_failed(end, form, now))
        if replication:
            counts[replication] = before + 1
            if before + 1 >= FAILURES_TO_BE_FAILING:
                news.append(_failing(end, before + 1, form, now))
    return news, counts


def no_longer_failing(site: SiteName, replication: ReplicationId, *, now: float) -> Ended:
    """End the alert on failures in a row: a sync went well, or there is nothing to sync."""
    labels = {"site": site, "replication": replication}
    return Ended(kin_of(Event.SYNC_FAILING, labels), now)


def of_task(task: Task, subject: Subject, *, form: Form, now: float) -> Begun | None:
    """Tell of another task that ended in ERROR; who cancels one knows that it did not end well."""
    if task.operation == "sync" or task.state is not TaskState.ERROR:
        return None
    labels = {
        **subject.labels,
        "operation": task.operation,
        "error_class": task.error_class or "other",
    }
    summary = f"{task.operation} of {subject.name} failed at {subject.site}"
    description = _sentence(f"Task {task.id} ended in ERROR", _why(task))
    alert = form.alert(Event.TASK_FAILED, labels, summary=summary, description=description)
    return Begun(alert, now, now + form.hold_seconds)


def of_trigger(
    before: Trigger | None, after: Trigger, at: float, *, pairing: str, form: Form
) -> tuple[News, ...]:
    """Tell of a trigger whose outcome stays unknown, or that the appliance did not take."""
    if before is not None and before.state is after.state:
        return ()
    target = after.target
    subject = Subject(target.site, pairing, target.replication_id, target.vm)
    if after.state is TriggerState.UNRESOLVED:
        summary = f"It is not known whether the sync of {subject.name} was started"
        alert = form.alert(
            Event.TRIGGER_AMBIGUOUS, subject.labels, summary=summary, description=after.sentence
        )
    elif is_refusal(after):
        reason = after.reason if after.reason in _REFUSALS else "other"
        summary = f"{target.site} did not start the sync of {subject.name}"
        alert = form.alert(
            Event.TRIGGER_REFUSED,
            {**subject.labels, "error_class": reason},
            summary=summary,
            description=after.sentence,
        )
    else:
        return ()
    return (Begun(alert, at, at + form.hold_seconds),)


def is_refusal(trigger: Trigger) -> bool:
    """Whether the appliance did not take a trigger: a 4xx, a 5xx without a task, or never sent."""
    if trigger.state is TriggerState.REFUSED:
        return True
    return trigger.state is TriggerState.FAILED and trigger.outcome is Outcome.REJECTED


def _failed(end: SyncEnd, form: Form, now: float) -> Begun:
    subject = end.subject
    alert = form.alert(
        Event.SYNC_FAILED,
        {**subject.labels, "error_class": end.error_class or ""},
        summary=f"A sync of {subject.name} failed at {subject.site}",
        description=_sentence(f"Task {end.task_id} did not end well", end.detail),
    )
    return Begun(alert, now, now + form.hold_seconds)


def _failing(end: SyncEnd, count: int, form: Form, now: float) -> Begun:
    subject = end.subject
    alert = form.alert(
        Event.SYNC_FAILING,
        {**subject.labels, "error_class": end.error_class or ""},
        summary=f"Syncs of {subject.name} fail at {subject.site}, {count} in a row",
        description=_sentence(f"Task {end.task_id} was the last to fail", end.detail),
    )
    return Begun(alert, now)


def _why(task: Task) -> str:
    word = "cancelled" if task.state is TaskState.CANCELLED else task.error_code or ""
    return ": ".join(part for part in (word, task.error_message) if part)


def _sentence(fact: str, detail: str) -> str:
    return f"{fact}: {detail}" if detail else f"{fact}."
