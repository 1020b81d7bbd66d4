"""The tables of the status page."""

from __future__ import annotations

from collections.abc import Sequence

from vr_exporter.domain.snapshot import PairingSnapshot, SiteSnapshot
from vr_exporter.domain.tasks import Task, TaskState
from vr_exporter.domain.triggers import TABLE, TriggerState
from vr_exporter.web.rows import ReplicationRow, TaskRow
from vr_exporter.web.status_page.markup import Html, markup, table
from vr_exporter.web.status_page.overview import Failure, Overview
from vr_exporter.web.status_page.phrases import UNKNOWN, ago, length, size

_TEXT_CHARACTERS = 300
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
    headings = ("Site / pairing", "State", "Appliance", "Replications", "Last good poll", "Error")
    rows: list[Sequence[object]] = []
    for site in seen.sites:
        rows.append(_site_row(site, now=now))
        rows += [_pairing_row(pairing, now=now) for pairing in site.pairings]
    return table(headings, rows, empty="No site is configured.")


def offenders(seen: Overview, *, now: float) -> Html:
    """Replications past their RPO."""
    headings = (
        "VM",
        "Past RPO by",
        "Verdict",
        "RPO",
        "Last sync",
        "Status",
        "Site / pairing",
        "Error",
    )
    rows = [
        (
            row.replication.vm,
            length(row.replication.rpo_violation_seconds),
            _badge(row.watched.verdict.value, row.watched.verdict.value),
            length(row.replication.rpo_seconds),
            ago(row.replication.last_sync_timestamp_seconds, now=now),
            row.replication.status or UNKNOWN,
            _where(row),
            _text("; ".join(error.message for error in row.replication.errors)),
        )
        for row in seen.offenders.entries
    ]
    return table(headings, rows, empty="None: every judged replication meets its RPO.")


def running(seen: Overview, *, now: float) -> Html:
    """Syncs under way, each with its bar."""
    headings = ("VM", "Progress", "Moved", "Last moved", "Status", "Site / pairing")
    rows = [
        (
            row.replication.vm,
            _progress(row),
            _moved(row),
            ago(row.watched.progress_changed_timestamp_seconds, now=now),
            row.replication.status or UNKNOWN,
            _where(row),
        )
        for row in seen.running.entries
    ]
    return table(headings, rows, empty="None at this moment.")


def triggers(seen: Overview, *, now: float) -> Html:
    """Wishes for a sync that have no end yet, or one that somebody should take note of."""
    headings = ("VM", "State", "Asked", "By", "Site", "Why")
    rows = [
        (
            each.target.vm or each.target.replication_id,
            _badge(_TRIGGER_LOOKS.get(each.state, "unknown"), TABLE[each.state].word),
            ago(each.asked_at, now=now),
            each.origin.value,
            each.target.site,
            _text(each.sentence),
        )
        for each in seen.triggers.entries
    ]
    return table(headings, rows, empty="None at this moment.")


def failures(seen: Overview, *, now: float) -> Html:
    """What went wrong, in the appliance's words."""
    headings = ("What", "Kind", "Site", "When", "Said")
    return table(
        headings, [_failure_row(each, now=now) for each in seen.failures.entries], empty="None."
    )


def tasks(seen: Overview, *, now: float) -> Html:
    """The newest tasks."""
    headings = ("What", "Operation", "State", "Site", "Took", "Ended")
    return table(
        headings, [_task_row(row, now=now) for row in seen.tasks.entries], empty="None known."
    )


def _site_row(site: SiteSnapshot, *, now: float) -> Sequence[object]:
    facts = site.appliance
    return (
        site.site,
        _state(is_up=site.up, is_stale=site.stale, was_tried=site.was_tried),
        f"{facts.version} · {facts.api}" if facts else UNKNOWN,
        f"{sum(len(pairing.replications) for pairing in site.pairings):,}",
        ago(site.poll.last_success_timestamp_seconds, now=now),
        _text(site.poll.error),
    )


def _pairing_row(pairing: PairingSnapshot, *, now: float) -> Sequence[object]:
    remote = pairing.pairing.remote_vc
    return (
        markup('<span class="nested">↔ {name}</span>', name=pairing.pairing.name),
        _state(is_up=pairing.up, is_stale=pairing.stale, was_tried=True),
        _text(remote.name if remote else UNKNOWN),
        f"{len(pairing.replications):,}",
        ago(pairing.last_success_timestamp_seconds, now=now),
        _text(pairing.error),
    )


def _state(*, is_up: bool, is_stale: bool, was_tried: bool) -> Html:
    if not was_tried:
        return _badge("unknown", "waiting")
    main = _badge("up", "up") if is_up else _badge("down", "down")
    return markup(
        "{main} {stale}", main=main, stale=_badge("stale", "stale") if is_stale else _NO_TEXT
    )


def _where(row: ReplicationRow) -> str:
    return f"{row.site.site} / {row.pairing.pairing.name}"


def _progress(row: ReplicationRow) -> Html:
    progress = row.replication.progress
    ratio = progress.ratio if progress else None
    if ratio is None:
        return markup("<progress></progress>")
    return markup(
        '<progress max="1" value="{ratio}"></progress>{percent} %',
        ratio=f"{ratio:.4f}",
        percent=f"{100 * ratio:.0f}",
    )


def _moved(row: ReplicationRow) -> str:
    progress = row.replication.progress
    if progress is None or progress.transferred_bytes is None:
        return UNKNOWN
    return f"{size(progress.transferred_bytes)} of {size(progress.transfer_size_bytes)}"


def _failure_row(failure: Failure, *, now: float) -> Sequence[object]:
    return (
        failure.subject or UNKNOWN,
        failure.kind,
        failure.site,
        ago(failure.timestamp_seconds, now=now),
        _text(failure.message),
    )


def _task_row(row: TaskRow, *, now: float) -> Sequence[object]:
    task: Task = row.task
    return (
        task.entity_name or task.entity or UNKNOWN,
        task.operation,
        _badge(_TASK_LOOKS.get(task.state, "unknown"), task.state.value.lower()),
        row.site.site,
        length(task.duration_seconds),
        ago(task.completed_timestamp_seconds, now=now),
    )


def _badge(look: str, word: str) -> Html:
    return markup('<span class="badge {look}">{word}</span>', look=look, word=word)


def _text(message: str) -> Html:
    if not message:
        return _NO_TEXT
    shown = message if len(message) <= _TEXT_CHARACTERS else f"{message[:_TEXT_CHARACTERS]}…"
    return markup('<span class="text">{message}</span>', message=shown)
