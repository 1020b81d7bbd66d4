"""How polls of the sites go."""

from __future__ import annotations

from typing import Final

from dashboards.build.dashboard import Row
from dashboards.build.looks import (
    BLUE,
    DEEP_BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    UP_OR_DOWN,
)
from dashboards.build.panels import UNSEEN, Chart, Query, Timeline
from dashboards.build.promql import PAIRING, SITE

_STAGES: Final = {
    "pairings": BLUE,
    "replications": DEEP_BLUE,
    "tasks": ORANGE,
    "servers": GREEN,
    "other": PURPLE,
}
_POLL: Final = f"sum by (site, instance) (vr_poll_duration_seconds{{{SITE}}})"
_INTERVAL: Final = f"max by (site, instance) (vr_poll_interval_seconds{{{SITE}}})"
_AGE: Final = f"time() - max by (site) (vr_poll_last_success_timestamp_seconds{{{SITE}}})"


POLLS = Row(
    "Polls",
    (
        Chart(
            title="Slowest poll by stage",
            says="What the slowest site's poll spends its time on; choose one site to see it"
            " alone. Good is flat and small beside the interval.",
            alerts=("VrPollFailing",),
            unit="s",
            width=8,
            empty=UNSEEN,
            queries=(Query(f"max by (stage) (vr_poll_duration_seconds{{{SITE}}})", "{{stage}}"),),
            colors=_STAGES,
            style="area",
            is_stacked=True,
            lowest=0,
        ),
        Chart(
            title="Poll time as a share of the interval",
            says="How much of its interval each site's poll takes. Good is below a half; at 100 %"
            " polls are skipped: raise the interval, or split the site over two exporters.",
            unit="percentunit",
            width=8,
            empty=UNSEEN,
            queries=(Query(f"max by (site) ({_POLL} / {_INTERVAL})", "{{site}}"),),
            lowest=0,
            soft_highest=1,
        ),
        Chart(
            title="Age of what is shown",
            says="Time since the last good poll of each site. Good is a saw as tall as the poll"
            " interval; a ramp is a site that cannot be read.",
            alerts=("VrSiteDown",),
            unit="s",
            width=8,
            empty="No good poll yet.",
            queries=(Query(_AGE, "{{site}}"),),
            lowest=0,
        ),
        Chart(
            title="Failures and skipped polls",
            says="What failed in polls, by reason, and polls that were skipped. Good is nothing;"
            " vr-exporter check names the remedy for each reason.",
            alerts=("VrPollFailing",),
            empty=UNSEEN,
            queries=(
                Query(
                    "sum by (reason)"
                    f" (increase(vr_poll_failures_total{{{SITE}}}[$__interval])) > 0",
                    "{{reason}}",
                ),
                Query(
                    f"sum(increase(vr_polls_skipped_total{{{SITE}}}[$__interval]))",
                    "skipped",
                    ORANGE,
                ),
            ),
            style="bars",
            is_stacked=True,
            lowest=0,
            height=6,
        ),
        Timeline(
            title="Sessions with remote sites",
            says="Whether the exporter is logged in to the remote site of each pairing. Good is up"
            " throughout; without it the remote half is not seen.",
            alerts=("VrRemoteSessionMissing",),
            words=UP_OR_DOWN,
            empty="No pairing needs a remote session.",
            height=6,
            queries=(
                Query(
                    f"max by (site, pairing) (vr_pairing_remote_session_up{{{PAIRING}}})",
                    "{{site}} to {{pairing}}",
                ),
            ),
        ),
    ),
)
