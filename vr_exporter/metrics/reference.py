"""The reference of the metrics in Markdown, made from the tables that the page is made from."""

from __future__ import annotations

from collections.abc import Iterator

from vr_exporter.metrics.catalogue import TABLES
from vr_exporter.metrics.family import Declaration
from vr_exporter.metrics.own_families import TABLES as OWN_TABLES

_INTRODUCTION = """\
# Metrics

<!-- Made by `vr-exporter metrics`; a test holds this file to the program. -->

Every family that the exporter exposes, by what it is about. Times are in seconds, timestamps in
seconds since 1970, sizes in bytes. What is not known has no sample: there is no 0 in its place.

- `site` is the name of the site in the settings, `pairing` its alias there or else the name of the
  remote vCenter Server.
- `replication` is the appliance's id. It tells replications of a site apart, so joins are
  `on(site, replication)`; `vm` rides along for people.
- `direction` is `outgoing`, `incoming` or `local`, seen from the site that is asked. A replication
  between two watched sites is seen from both: totals of a fleet take `direction!="incoming"`.
- While `vr_snapshot_stale` is 1 the detail of a site is withheld; counters, `vr_up`,
  `vr_pairing_up`, timestamps and the facts of the poll stay.
- A family marked optional may be missing while all is well.
- `metrics.exclude` leaves families off the page, all but `vr_replications`.
"""

_LIBRARY = """\
## The process

The client library adds these, which `?site=` leaves out: `process_virtual_memory_bytes`,
`process_resident_memory_bytes`, `process_start_time_seconds`, `process_cpu_seconds_total`,
`process_open_fds`, `process_max_fds`, `python_info`, `python_gc_objects_collected_total`,
`python_gc_objects_uncollectable_total`, `python_gc_collections_total`.
"""


def metrics_reference() -> str:
    """Write the whole page."""
    return "\n".join([_INTRODUCTION, *_sections(), _LIBRARY])


def _sections() -> Iterator[str]:
    for table in TABLES:
        yield f"## {table.noun}\n"
        for family in table.families:
            yield _entry(family, (*(family.on or table.labels), *family.labels))
    for declarations in OWN_TABLES:
        yield f"## {declarations.noun}\n"
        for declaration in declarations.families:
            yield _entry(declaration, (*declarations.labels, *declaration.labels))


def _entry(family: Declaration, labels: tuple[str, ...]) -> str:
    facts = [family.kind.capitalize() + (", optional" if family.is_optional else "")]
    facts.append("labels " + ", ".join(f"`{name}`" for name in labels) if labels else "no labels")
    if family.buckets:
        facts.append("buckets " + " ".join(f"{bound:g}" for bound in family.buckets))
    return f"### {family.name}\n\n{'; '.join(facts)}.\n\n{family.help}\n"
