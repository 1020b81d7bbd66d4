"""Sync tasks and triggers: how long they take, why they fail, what was asked and what came of it."""

from __future__ import annotations

from typing import Final

from dashboards.build.dashboard import PAIRING_VARIABLES, Dashboard, Row
from dashboards.build.looks import (
    BLUE,
    DEEP_BLUE,
    GREEN,
    GREY,
    NONE_IS_BEST,
    NONE_IS_GOOD,
    OPEN_OR_CLOSED,
    ORANGE,
    PALETTE,
    PURPLE,
    RED,
    rising,
)
from dashboards.build.panels import Chart, Heatmap, Query, Stat, Timeline
from dashboards.build.promql import ANY_SITE, JOB, ONCE, SITE, grown, quantile
from dashboards.build.tables import Column, Label, Table

_UNSEEN: Final = "nothing is scraped"
_SYNC: Final = f'{SITE},operation="sync"'
_QUANTILES: Final = ((0.5, "half", GREEN), (0.95, "95 %", ORANGE), (0.99, "99 %", RED))
_CLASSES: Final = (
    "auth",
    "connectivity",
    "storage",
    "vcenter",
    "conflict",
    "not_found",
    "rpo",
    "internal",
    "other",
)
_OUTCOMES: Final = {
    "accepted": GREEN,
    "joined": BLUE,
    "skipped": GREY,
    "rejected": RED,
    "ambiguous": PURPLE,
}


def _tasks(status: str, operation: str = '="sync"') -> str:
    return (
        f'sum(max by (site, operation) (vr_tasks{{{SITE},operation{operation},status="{status}"}}))'
    )


def _wishes(family: str) -> str:
    return f"sum(max by (site) ({family}{{{SITE}}}))"


_NOW = Row(
    "Now",
    (
        Stat(
            title="Sync tasks running",
            says="Syncs that somebody asked for and that run now; those driven by an RPO need not"
            " be tasks. None is fine.",
            expr=_tasks("running"),
            empty=_UNSEEN,
        ),
        Stat(
            title="Sync tasks queued",
            says="Sync tasks that the appliance has taken and not begun. Good is few; a number"
            " that stays means that the appliance is at its limit.",
            expr=_tasks("queued"),
            thresholds=rising(10, 50),
            empty=_UNSEEN,
        ),
        Stat(
            title="Failed syncs in an hour",
            says="Share of the sync tasks that ended badly in the last hour. Good is 0 %; near"
            " 100 % there is one cause, see the classes below.",
            alerts=("VrSyncFailingRepeatedly",),
            unit="percentunit",
            expr=f"sum({grown('vr_tasks_failed_total', _SYNC, 'site', 'class', over='1h')})"
            f" / (sum({grown('vr_tasks_completed_total', _SYNC, 'site', over='1h')}) > 0)",
            thresholds=rising(0.01, 0.25),
            lowest=0,
            highest=1,
            decimals=0,
            empty="none ended",
        ),
        Stat(
            title="Oldest task",
            says="Age of the oldest unfinished task of any kind. Good is minutes; beyond six hours"
            " it probably hangs.",
            alerts=("VrTaskLong",),
            unit="s",
            expr=f"time() - min(vr_task_oldest_timestamp_seconds{{{SITE}}})",
            thresholds=rising(3600, 21_600),
            empty="no task",
        ),
        Stat(
            title="Triggers in flight",
            says="Wishes for a sync being asked or followed now. None is fine.",
            expr=_wishes("vr_triggers_in_flight"),
            empty=_UNSEEN,
        ),
        Stat(
            title="Triggers of unknown outcome",
            says="Wishes of which nobody knows whether they led to a sync. Good is 0; look at the"
            " task list, then close each with vr-exporter state ack.",
            alerts=("VrTriggerAmbiguous",),
            expr=_wishes("vr_triggers_ambiguous"),
            thresholds=NONE_IS_GOOD,
            empty=_UNSEEN,
        ),
    ),
)

_DURATIONS = Row(
    "How long syncs take",
    (
        Heatmap(
            title="Durations of all syncs",
            says="Every sync seen to end, driven by its RPO or asked for, by how long it took."
            " Good is one bright band; a second one above it is a slow link, server or target.",
            alerts=("VrSyncCannotKeepUp",),
            empty="No sync has ended.",
            expr="sum by (le) (max by (site, pairing, direction, le)"
            f" (increase(vr_sync_duration_seconds_bucket{{{ONCE}}}[$__rate_interval])))",
        ),
        Heatmap(
            title="Durations of sync tasks",
            says="Sync tasks, those that were asked for, by how long they took from start to end."
            " Good is the band of all syncs at the left.",
            alerts=("VrTaskLong",),
            empty="No sync task has ended.",
            expr="sum by (le) (max by (site, le)"
            f" (increase(vr_task_duration_seconds_bucket{{{_SYNC}}}[$__rate_interval])))",
        ),
        Chart(
            title="Quantiles of all syncs",
            says="How long half, 95 % and 99 % of the syncs took at most. Good is flat; when only"
            " the top rises a few VMs are the cause, when all rise the link is.",
            alerts=("VrSyncCannotKeepUp",),
            unit="s",
            width=8,
            empty="No sync has ended.",
            queries=tuple(
                Query(
                    quantile(
                        share, "vr_sync_duration_seconds", ONCE, "site", "pairing", "direction"
                    ),
                    name,
                    color,
                )
                for share, name, color in _QUANTILES
            ),
            lowest=0,
        ),
        Chart(
            title="Quantiles of sync tasks",
            says="How long half, 95 % and 99 % of the sync tasks took at most, from start to end.",
            alerts=("VrTaskLong",),
            unit="s",
            width=8,
            empty="No sync task has ended.",
            queries=tuple(
                Query(quantile(share, "vr_task_duration_seconds", _SYNC, "site"), name, color)
                for share, name, color in _QUANTILES
            ),
            lowest=0,
        ),
        Chart(
            title="Wait in the appliance's queue",
            says="How long sync tasks waited before they began. Good is seconds; minutes mean that"
            " the appliance is asked for more at once than it does.",
            unit="s",
            width=8,
            empty="No sync task has begun.",
            queries=tuple(
                Query(quantile(share, "vr_task_queue_wait_seconds", _SYNC, "site"), name, color)
                for share, name, color in _QUANTILES
            ),
            lowest=0,
        ),
    ),
)

_FAILURES = Row(
    "What fails, and what is under way",
    (
        Chart(
            title="Failures by class",
            says="Tasks that failed or were cancelled, by class of error. Good is nothing; auth and"
            " connectivity concern a site, storage its target, conflict passes by itself.",
            alerts=("VrSyncFailingRepeatedly",),
            empty=_UNSEEN,
            queries=(
                Query(
                    "sum by (class) ("
                    + grown("vr_tasks_failed_total", SITE, "site", "operation", "class")
                    + ")",
                    "{{class}}",
                ),
            ),
            colors=dict(zip(_CLASSES, (*PALETTE, "#000000"), strict=True)),
            style="bars",
            is_stacked=True,
            lowest=0,
        ),
        Chart(
            title="Tasks under way",
            says="Unfinished tasks at each poll. Good is few queued; a queue that never empties"
            " delays syncs beyond their RPO.",
            alerts=("VrTaskLong",),
            empty=_UNSEEN,
            queries=(
                Query(_tasks("running"), "syncs running", DEEP_BLUE),
                Query(_tasks("queued"), "syncs queued", ORANGE),
                Query(_tasks("running", '!="sync"'), "others running", BLUE),
                Query(_tasks("queued", '!="sync"'), "others queued", PURPLE),
            ),
            style="area",
            lowest=0,
            decimals=0,
        ),
        Chart(
            title="Tasks ended",
            says="Tasks of each kind that ended, well or badly. Good is the rhythm that you know;"
            " a kind that nobody ordered is somebody at work.",
            empty="No task has ended.",
            queries=(
                Query(
                    "sum by (operation) ("
                    + grown("vr_tasks_completed_total", SITE, "site", "operation")
                    + ")",
                    "{{operation}}",
                ),
            ),
            style="bars",
            is_stacked=True,
            lowest=0,
        ),
        Table(
            title="The appliance's own error codes in this range",
            says="Failed tasks by the code that the appliance gave, for a search in its maker's"
            " knowledge base. Good is an empty table.",
            empty="No task has failed.",
            height=8,
            labels=(Label("site", "Site"), Label("code", "Code")),
            sort="Failed",
            columns=(
                Column(
                    "topk(20, "
                    + grown("vr_task_errors_total", SITE, "site", "code", over="$__range")
                    + " > 0)",
                    "Failed",
                    thresholds=rising(1, 10),
                ),
            ),
        ),
    ),
)

_TRIGGERS = Row(
    "Triggers: what was asked, and what came of it",
    (
        Table(
            title="By origin and outcome in this range",
            says="Wishes for a sync by who asked. Good is accepted and joined; skipped has its"
            " reason beside, rejected is the appliance's no, ambiguous wants a look.",
            alerts=("VrTriggerAmbiguous",),
            empty="No sync was asked for.",
            labels=(Label("source", "Asked by"),),
            columns=tuple(
                Column(
                    "sum by (source) ("
                    + grown(
                        "vr_trigger_requests_total",
                        f'{ANY_SITE},outcome="{outcome}"',
                        "site",
                        "source",
                        over="$__range",
                    )
                    + ")",
                    outcome.capitalize(),
                    thresholds=NONE_IS_BEST
                    if outcome in ("rejected", "ambiguous")
                    else rising(1e9, 1e10),
                )
                for outcome in _OUTCOMES
            ),
        ),
        Table(
            title="Skips by reason in this range",
            says="Why wishes were turned away. cooldown and fresh are good news; budget and storm"
            " mean that the cause is larger than single replications; kill_switch was somebody.",
            alerts=("VrTriggersHeldBack",),
            empty="Nothing was skipped.",
            labels=(Label("site", "Site"), Label("reason", "Reason")),
            sort="Skipped",
            columns=(
                Column(
                    "topk(30, "
                    + grown("vr_trigger_skips_total", ANY_SITE, "site", "reason", over="$__range")
                    + " > 0)",
                    "Skipped",
                ),
            ),
        ),
        Chart(
            title="Triggers over time",
            says="Wishes for a sync by what came of them. Good is none, or the rhythm of your"
            " schedules; a burst of skips is a storm that the guards held back.",
            alerts=("VrTriggersHeldBack",),
            width=8,
            empty=_UNSEEN,
            queries=(
                Query(
                    "sum by (outcome) ("
                    + grown("vr_trigger_requests_total", ANY_SITE, "site", "source", "outcome")
                    + ")",
                    "{{outcome}}",
                ),
            ),
            colors=_OUTCOMES,
            style="bars",
            is_stacked=True,
            lowest=0,
        ),
        Chart(
            title="Waiting, in flight, unknown",
            says="Wishes that wait for their turn, are under way, or whose outcome is unknown."
            " Good is a wait that empties and no unknown ones.",
            alerts=("VrTriggerAmbiguous",),
            width=8,
            empty=_UNSEEN,
            queries=(
                Query(_wishes("vr_triggers_queued"), "waiting", ORANGE),
                Query(_wishes("vr_triggers_in_flight"), "in flight", BLUE),
                Query(_wishes("vr_triggers_ambiguous"), "unknown", PURPLE),
            ),
            style="steps",
            lowest=0,
            decimals=0,
        ),
        Chart(
            title="From wish to end",
            says="How long 95 % of the wishes of each origin took at most, from wish to the end of"
            " the task. Good is near the duration of a sync; the rest is waiting for its turn.",
            unit="s",
            width=8,
            empty="No wish has come to its end.",
            queries=(
                Query(
                    quantile(
                        0.95, "vr_trigger_duration_seconds", SITE, "site", "source", by="source"
                    ),
                    "{{source}}",
                ),
            ),
            lowest=0,
        ),
        Timeline(
            title="Held back",
            says="Sites whose wishes are held after failures in a row, and the kill switch of all"
            " triggers by alert. Good is sending; a circuit closes by itself, a switch does not.",
            alerts=("VrTriggerCircuitOpen", "VrKillSwitchLong"),
            width=24,
            height=6,
            words=OPEN_OR_CLOSED,
            empty=_UNSEEN,
            queries=(
                Query(f"max by (site) (vr_trigger_circuit_open{{{SITE}}})", "{{site}}"),
                Query(f"max(vr_trigger_kill_switch{{{JOB}}})", "triggers by alert"),
            ),
        ),
    ),
)

SYNC_TASKS = Dashboard(
    uid="vr-sync-tasks",
    title="vSphere Replication / Sync tasks and triggers",
    says="How long syncs take, what fails and why, who asked for syncs and what came of it.",
    rows=(_NOW, _DURATIONS, _FAILURES, _TRIGGERS),
    variables=PAIRING_VARIABLES,
)
