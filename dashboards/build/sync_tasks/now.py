"""What is under way now."""

from __future__ import annotations

from typing import Final

from dashboards.build.dashboard import Row
from dashboards.build.looks import (
    NONE_IS_GOOD,
    rising,
)
from dashboards.build.panels import UNSEEN, Stat
from dashboards.build.promql import SITE, grown, tasks, wishes

_SYNC: Final = f'{SITE},operation="sync"'


NOW = Row(
    "Now",
    (
        Stat(
            title="Sync tasks running",
            says="Syncs that somebody asked for and that run now; those driven by an RPO need not"
            " be tasks. None is fine.",
            expr=tasks("running"),
            empty=UNSEEN,
        ),
        Stat(
            title="Sync tasks queued",
            says="Sync tasks that the appliance has taken and not begun. Good is few; a number"
            " that stays means that the appliance is at its limit.",
            expr=tasks("queued"),
            thresholds=rising(10, 50),
            empty=UNSEEN,
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
            expr=wishes("vr_triggers_in_flight"),
            empty=UNSEEN,
        ),
        Stat(
            title="Unknown outcomes",
            says="Wishes of which nobody knows whether they led to a sync. Good is 0; look at the"
            " task list, then close each with vr-exporter state ack.",
            alerts=("VrTriggerAmbiguous",),
            expr=wishes("vr_triggers_ambiguous"),
            thresholds=NONE_IS_GOOD,
            empty=UNSEEN,
        ),
    ),
)
