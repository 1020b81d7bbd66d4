"""What fails and why, and what the appliance is busy with."""

from __future__ import annotations

from typing import Final

from dashboards.build.dashboard import Row
from dashboards.build.looks import (
    BLUE,
    BROWN,
    DEEP_BLUE,
    ORANGE,
    PALETTE,
    PURPLE,
    rising,
)
from dashboards.build.panels import UNSEEN, Chart, Query
from dashboards.build.promql import SITE, counted_in_range, grown_in_steps, tasks
from dashboards.build.tables import Column, Label, Table

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


FAILURES = Row(
    "What fails, and what is under way",
    (
        Chart(
            title="Failures by class",
            says="Tasks that failed or were cancelled, by class of error. Good is nothing; auth and"
            " connectivity concern a site, storage its target, conflict passes by itself.",
            alerts=("VrSyncFailingRepeatedly",),
            empty=UNSEEN,
            queries=(
                Query(
                    "sum by (class) ("
                    + grown_in_steps("vr_tasks_failed_total", SITE, "site", "operation", "class")
                    + ")",
                    "{{class}}",
                ),
            ),
            colors=dict(zip(_CLASSES, (*PALETTE, BROWN), strict=True)),
            style="bars",
            is_stacked=True,
            has_long_legend=True,
            lowest=0,
        ),
        Chart(
            title="Tasks under way",
            says="Unfinished tasks at each poll. Good is few queued; a queue that never empties"
            " delays syncs beyond their RPO.",
            alerts=("VrTaskLong",),
            empty=UNSEEN,
            queries=(
                Query(tasks("running"), "syncs running", DEEP_BLUE),
                Query(tasks("queued"), "syncs queued", ORANGE),
                Query(tasks("running", '!="sync"'), "others running", BLUE),
                Query(tasks("queued", '!="sync"'), "others queued", PURPLE),
            ),
            style="area",
            has_long_legend=True,
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
                    + grown_in_steps("vr_tasks_completed_total", SITE, "site", "operation")
                    + ")",
                    "{{operation}}",
                ),
            ),
            style="bars",
            is_stacked=True,
            has_long_legend=True,
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
                    + counted_in_range("vr_task_errors_total", SITE, "site", "code")
                    + " > 0)",
                    "Failed",
                    thresholds=rising(1, 10),
                ),
            ),
        ),
    ),
)
