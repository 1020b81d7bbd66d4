"""The tables of the status page as they leave the server; files/panels.js draws the same ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from vr_exporter.domain.snapshot import PairingSnapshot, SiteSnapshot
from vr_exporter.domain.tasks import Task, TaskState
from vr_exporter.domain.triggers import TABLE, Trigger, TriggerState
from vr_exporter.web.api.status import Refusal, Slot, cut
from vr_exporter.web.overview import Failure, Overview
from vr_exporter.web.rows import ReplicationRow, TaskRow
from vr_exporter.web.status_page.headline import shares
from vr_exporter.web.status_page.markup import Html, markup, table
from vr_exporter.web.status_page.phrases import UNKNOWN, ago, length, moment, size

_NO_TEXT = Html("")
_TASK_LOOKS = {
    TaskState.SUCCESS: "met",
    TaskState.ERROR: "failed",
    TaskState.RUNNING: "running",
    TaskState.CANCELLED: "late",
}
_TRIGGER_LOOKS = {
    TriggerState.POSTING: "running",
    TriggerState.RUNNING: "running",
    TriggerState.JOINED: "running",
    TriggerState.AMBIGUOUS: "late",
    TriggerState.UNRESOLVED: "failed",
    TriggerState.LOST: "failed",
}


def sites(seen: Overview, *, now: float) -> Html:
    """Each site, and below it its pairings."""
    headings = ("Site / pairing", "State", "Replications", "Last read")
    rows: list[Sequence[object]] = []
    for site in seen.sites:
        rows.append(_site_row(site, now=now))
        rows += [_pairing_row(pairing, now=now) for pairing in site.pairings]
    return table(headings, rows, empty="No site is configured.")


def offenders(seen: Overview, *, now: float) -> Html:
    """Replications past their RPO."""
    headings = ("VM", "Against its RPO", "Last sync", "Status", "Site / pairing")
    rows = [
        (
            row.replication.vm,
            _against(row),
            ago(row.replication.last_sync_timestamp_seconds, now=now),
            markup(
                "{status}{text}",
                status=row.replication.status or UNKNOWN,
                text=_text("; ".join(error.message for error in row.replication.errors)),
            ),
            markup("{site}{pairing}", site=row.site.site, pairing=_text(row.pairing.pairing.name)),
        )
        for row in seen.offenders.entries
    ]
    return table(headings, rows, empty="None is past its RPO.")


def running(seen: Overview, *, now: float) -> Html:
    """Syncs under way, each with its bar."""
    headings = ("VM", "Progress", "Last moved")
    rows = [
        (
            markup("{vm}{site}", vm=row.replication.vm, site=_text(row.site.site)),
            markup("{bar}{moved}", bar=_progress(row), moved=_text(_moved(row))),
            ago(row.watched.progress_changed_timestamp_seconds, now=now),
        )
        for row in seen.running.entries
    ]
    return table(headings, rows, empty="None at this moment.")


def triggers(seen: Overview, *, now: float) -> Html:
    """Wishes for a sync that have no end yet, or one that somebody should take note of."""
    headings = ("VM", "State", "Asked", "By")
    rows = [_trigger_row(each, now=now) for each in seen.triggers.entries]
    return table(headings, rows, empty="None at this moment.")


def schedules(slots: Sequence[Slot]) -> Html:
    """What the clock will ask for."""
    headings = ("Schedule", "Next", "Which VMs")
    rows = [
        (
            markup(
                "{name}{cron}",
                name=slot.schedule.name,
                cron=_text(f"{slot.schedule.cron} {slot.schedule.timezone}"),
            ),
            moment(slot.at),
            " at ".join(
                part
                for part in (", ".join(slot.schedule.wanted.patterns), slot.schedule.wanted.site)
                if part
            ),
        )
        for slot in slots
    ]
    return table(headings, rows, empty="None is set.")


def refusals(turned_down: Sequence[Refusal], *, now: float) -> Html:
    """Wishes that came to nothing."""
    headings = ("VM", "Why", "When")
    rows = [
        (
            each.vm or each.row.site or UNKNOWN,
            markup("{what}{why}", what=each.row.what, why=_text(each.row.result)),
            ago(each.row.at, now=now),
        )
        for each in turned_down
    ]
    return table(headings, rows, empty="None that is remembered.")


def failures(seen: Overview, *, now: float) -> Html:
    """What went wrong, in the appliance's words."""
    headings = ("What", "Said", "When")
    rows = [_failure_row(each, now=now) for each in seen.failures.entries]
    return table(headings, rows, empty="None.")


def tasks(seen: Overview, *, now: float) -> Html:
    """The newest tasks."""
    headings = ("What", "State", "Took", "Ended")
    rows = [_task_row(row, now=now) for row in seen.tasks.entries]
    return table(headings, rows, empty="None known.")


def _site_row(site: SiteSnapshot, *, now: float) -> Sequence[object]:
    facts = site.appliance
    about = f"{facts.version} · {facts.api}" if facts else ""
    return (
        markup("{site}{about}", site=site.site, about=_text(about)),
        _state(site.poll.error, is_up=site.up, is_stale=site.stale, was_tried=site.was_tried),
        _counts(site.pairings),
        ago(site.poll.last_success_timestamp_seconds, now=now),
    )


def _pairing_row(pairing: PairingSnapshot, *, now: float) -> Sequence[object]:
    return (
        markup('<span class="nested">↔&nbsp;{name}</span>', name=pairing.pairing.name),
        _state(pairing.error, is_up=pairing.up, is_stale=pairing.stale, was_tried=True),
        _counts((pairing,)),
        ago(pairing.last_success_timestamp_seconds, now=now),
    )


def _counts(pairings: Sequence[PairingSnapshot]) -> Html:
    counts = Counter(row.verdict.value for pairing in pairings for row in pairing.replications)
    return markup("{total} {bar}", total=f"{counts.total():,}", bar=shares(counts, "verdicts"))


def _state(error: str, *, is_up: bool, is_stale: bool, was_tried: bool) -> Html:
    if not was_tried:
        return _badge("unknown", "waiting")
    return markup(
        "{main} {stale}{error}",
        main=_badge("up", "up") if is_up else _badge("down", "down"),
        stale=_badge("stale", "stale") if is_stale else _NO_TEXT,
        error=_text(error),
    )


def _against(row: ReplicationRow) -> Html:
    past, rpo = row.replication.rpo_violation_seconds, row.replication.rpo_seconds
    return markup(
        "{badge} {past}{rpo}",
        badge=_badge(row.watched.verdict.value, row.watched.verdict.value),
        past=f"by {length(past)}" if past and row.is_late else _NO_TEXT,
        rpo=_text("" if rpo is None else f"RPO {length(rpo)}"),
    )


def _progress(row: ReplicationRow) -> Html:
    progress = row.replication.progress
    ratio = progress.ratio if progress else None
    name = f"sync of {row.replication.vm}"
    if ratio is None:
        return markup('<progress aria-label="{name}"></progress>', name=name)
    return markup(
        '<span class="bar"><progress max="1" value="{ratio}" aria-label="{name}"></progress>'
        "{percent} %</span>",
        ratio=f"{ratio:.4f}",
        name=name,
        percent=f"{100 * ratio:.0f}",
    )


def _moved(row: ReplicationRow) -> str:
    progress = row.replication.progress
    if progress is None or progress.transferred_bytes is None:
        return ""
    return f"{size(progress.transferred_bytes)} of {size(progress.transfer_size_bytes)}"


def _trigger_row(trigger: Trigger, *, now: float) -> Sequence[object]:
    name = trigger.target.vm or trigger.target.replication_id
    badge = _badge(_TRIGGER_LOOKS.get(trigger.state, "unknown"), TABLE[trigger.state].word)
    return (
        markup("{name}{site}", name=name, site=_text(trigger.target.site)),
        markup("{badge}{why}", badge=badge, why=_text(trigger.sentence)),
        ago(trigger.asked_at, now=now),
        trigger.origin.value,
    )


def _failure_row(failure: Failure, *, now: float) -> Sequence[object]:
    kind = _text(f"{failure.kind} · {failure.site}")
    return (
        markup("{subject}{kind}", subject=failure.subject or UNKNOWN, kind=kind),
        _text(failure.message),
        "lasts" if failure.timestamp_seconds is None else ago(failure.timestamp_seconds, now=now),
    )


def _task_row(row: TaskRow, *, now: float) -> Sequence[object]:
    task: Task = row.task
    kind = _text(f"{task.operation} · {row.site.site}")
    return (
        markup("{name}{kind}", name=task.entity_name or task.entity or UNKNOWN, kind=kind),
        _badge(_TASK_LOOKS.get(task.state, "unknown"), task.state.value.lower()),
        length(task.duration_seconds),
        ago(task.completed_timestamp_seconds, now=now),
    )


def _badge(look: str, word: str) -> Html:
    return markup('<span class="badge {look}">{word}</span>', look=look, word=word)


def _text(message: str) -> Html:
    return (
        markup('<span class="text">{message}</span>', message=cut(message)) if message else _NO_TEXT
    )
