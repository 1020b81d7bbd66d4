"""What syncs were asked for, by whom, and what came of it."""

from __future__ import annotations

from typing import Final

from dashboards.build.dashboard import Row
from dashboards.build.looks import (
    BLUE,
    GREEN,
    GREY,
    NONE_IS_BEST,
    OPEN_OR_CLOSED,
    ORANGE,
    PLAIN,
    PURPLE,
    RED,
)
from dashboards.build.panels import BAR_STEP, UNSEEN, Chart, Query, Timeline
from dashboards.build.promql import ANY_SITE, JOB, SITE, grown, quantile, wishes
from dashboards.build.tables import Column, Label, Table

_OUTCOMES: Final = {
    "accepted": GREEN,
    "joined": BLUE,
    "skipped": GREY,
    "rejected": RED,
    "ambiguous": PURPLE,
}

_UNWELCOME: Final = ("rejected", "ambiguous")

TRIGGERS = Row(
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
                    thresholds=NONE_IS_BEST if outcome in _UNWELCOME else PLAIN,
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
            width=12,
            height=9,
            has_long_legend=True,
            empty=UNSEEN,
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
            width=6,
            height=9,
            empty=UNSEEN,
            queries=(
                Query(wishes("vr_triggers_queued"), "waiting", ORANGE),
                Query(wishes("vr_triggers_in_flight"), "in flight", BLUE),
                Query(wishes("vr_triggers_ambiguous"), "unknown", PURPLE),
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
            width=6,
            height=9,
            least_step=BAR_STEP,
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
            empty=UNSEEN,
            queries=(
                Query(f"max by (site) (vr_trigger_circuit_open{{{SITE}}})", "{{site}}"),
                Query(f"max(vr_trigger_kill_switch{{{JOB}}})", "triggers by alert"),
            ),
        ),
    ),
)
