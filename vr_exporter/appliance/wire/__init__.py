"""The vendor's shapes under the vendor's names, turned into our nouns in base units.

Tolerant on purpose (fault-matrix A39 to A46): an odd field costs that field, is counted as a
surprise, and never costs its page.
"""

from __future__ import annotations

from vr_exporter.appliance.wire.decoding import NotJson, WrongShape
from vr_exporter.appliance.wire.fields import Reading
from vr_exporter.appliance.wire.known import KnownRows
from vr_exporter.appliance.wire.pages import (
    Page,
    info_of,
    issues_page,
    pairings_page,
    replication_of_body,
    replications_page,
    servers_page,
    task_of_body,
    tasks_page,
)

__all__ = [
    "KnownRows",
    "NotJson",
    "Page",
    "Reading",
    "WrongShape",
    "info_of",
    "issues_page",
    "pairings_page",
    "replication_of_body",
    "replications_page",
    "servers_page",
    "task_of_body",
    "tasks_page",
]
