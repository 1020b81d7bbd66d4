"""Panels that may be empty on a good day; whoever proves the queries asks these on a bad one."""

from __future__ import annotations

from typing import Final

QUIET: Final[dict[str, dict[str, str]]] = {
    "vr-fleet": {
        "Past their RPO, the worst first": "on a good day nothing is past its RPO",
        "Alerts firing": "on a good day none fires; ALERTS is written by Prometheus itself",
        "Running syncs, the stillest first": "there is time between two syncs",
        "Expected, missing": "only with expected_vms in the settings",
        "Longest outside RPO in this range": "on a good day nothing is breached",
        "Failed in the last day": "on a good day no task fails",
    },
    "vr-replication": {
        "Sync now": "only while the chosen replication syncs",
        "Time left, estimated": "only while the chosen replication syncs and moves",
        "Points in time": "only with the option switched on",
        "Live progress": "syncs that fall between two polls are not met",
        "Bytes of the running sync": "as above",
    },
    "vr-sync-tasks": {
        "Oldest task": "only while there is an unfinished task",
        "The appliance's own error codes in this range": "on a good day no task fails",
        "Skips by reason in this range": "only where a guard turned a wish away",
    },
    "vr-exporter": {
        "Sessions with remote sites": "only with credentials for the remote site",
        "Answers that were no success": "on a good day every request is a success",
        "Alerts sent and lost": "only with an Alertmanager configured",
        "Alerts waiting": "only with an Alertmanager configured",
        "Webhooks of Alertmanager": "only with the alert bridge",
    },
}
"""By dashboard and panel, with the reason."""

QUIET_QUERIES: Final[dict[str, dict[str, dict[int, str]]]] = {
    "vr-fleet": {
        "Pairings now": {3: "only with credentials for the remote site"},
    },
    "vr-replication": {
        "Live progress": {1: "its sync need not be a task"},
        "States and errors": {2: "on a good day there is no error"},
        "Options": {1: "only with points in time", 2: "only with points in time"},
        "Bytes of the running sync": {
            2: "only in a sync that compares checksums",
            3: "only in a sync that compares checksums",
        },
    },
    "vr-exporter": {
        "Failures and skipped polls": {0: "on a good day no poll fails"},
        "Throttles and retries": {1: "on a good day nothing is sent again"},
        "Writes to the ledger": {1: "on a good day no write fails"},
        "Sites": {5: "only over TLS"},
    },
}
"""Single queries of panels that are not quiet as a whole, by their place in the panel."""

QUIET_MARKS: Final[dict[str, str]] = {
    "Critical alerts": "on a good day none fires",
    "Its alerts": "on a good day none fires",
    "Exporter restarts": "on a good day it does not restart",
    "Outside RPO": "on a good day nothing is breached",
    "Its tasks": "only while a task of the chosen replication is unfinished",
    "Triggers at its sites": "only where a sync was asked for",
}
"""Marks on the time axis."""
