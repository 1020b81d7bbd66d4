"""Sync tasks and triggers: how long they take, why they fail, who asked for them."""

from __future__ import annotations

from dashboards.build.dashboard import PAIRING_VARIABLES, SITE_ALERTS, Dashboard
from dashboards.build.sync_tasks.durations import DURATIONS
from dashboards.build.sync_tasks.failures import FAILURES
from dashboards.build.sync_tasks.now import NOW
from dashboards.build.sync_tasks.triggers import TRIGGERS

SYNC_TASKS = Dashboard(
    uid="vr-sync-tasks",
    title="vSphere Replication / Sync tasks and triggers",
    says="How long syncs take, what fails and why, who asked for syncs and what came of it.",
    rows=(NOW, DURATIONS, FAILURES, TRIGGERS),
    variables=PAIRING_VARIABLES,
    marks=(SITE_ALERTS,),
)
