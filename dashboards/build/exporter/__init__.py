"""The exporter itself: does it see, is what it shows fresh, and what does that cost."""

from __future__ import annotations

from dashboards.build.dashboard import PAIRING_VARIABLES, SITE_ALERTS, Dashboard
from dashboards.build.exporter.now import NOW
from dashboards.build.exporter.polls import POLLS
from dashboards.build.exporter.requests import REQUESTS
from dashboards.build.exporter.upkeep import LEDGER, PAGE, PROCESS

EXPORTER = Dashboard(
    uid="vr-exporter",
    title="vSphere Replication / Exporter",
    says="The exporter itself: polls, requests, page, ledger, alerts on their way, process.",
    rows=(NOW, POLLS, REQUESTS, PAGE, LEDGER, PROCESS),
    variables=PAIRING_VARIABLES,
    marks=(SITE_ALERTS,),
    since="now-6h",
)
