"""Every table in the order of the page: what is rendered, documented and tested."""

from __future__ import annotations

from typing import Any

from vr_exporter.domain.snapshot import SiteSnapshot
from vr_exporter.metrics.counts import COUNTS, SYNCS
from vr_exporter.metrics.expected import EXPECTED
from vr_exporter.metrics.family import Table
from vr_exporter.metrics.pairings import PAIRINGS, PAIRINGS_UP, SERVERS
from vr_exporter.metrics.replications import REPLICATIONS
from vr_exporter.metrics.running_syncs import RUNNING_SYNCS
from vr_exporter.metrics.sites import SITES
from vr_exporter.metrics.tasks import TASK_TOTALS, TASKS
from vr_exporter.metrics.triggers import TRIGGERS

SITE_TABLES: tuple[Table[SiteSnapshot, Any], ...] = (
    SITES,
    PAIRINGS_UP,
    PAIRINGS,
    SERVERS,
    COUNTS,
    REPLICATIONS,
    RUNNING_SYNCS,
    SYNCS,
    TASKS,
    TASK_TOTALS,
    TRIGGERS,
)
"""The tables that are read from one site."""

TABLES: tuple[Table[Any, Any], ...] = (*SITE_TABLES, EXPECTED)
"""All tables that are read from snapshots; our own counters stand in `own.TABLES`."""
