"""The families of wishes for a sync: what came of them, what is under way, what holds them back."""

from __future__ import annotations

from collections.abc import Callable, Collection

from vr_exporter.domain.counts import SiteTotals
from vr_exporter.domain.snapshot import SiteSnapshot
from vr_exporter.domain.triggers import REASONS, Origin, Outcome, Trigger, TriggerState
from vr_exporter.metrics.family import Family, Key, Rows, Table
from vr_exporter.metrics.rows import each_site
from vr_exporter.metrics.totals import filled, histogram, total

_IN_FLIGHT = frozenset({TriggerState.POSTING, TriggerState.RUNNING, TriggerState.JOINED})
_IN_DOUBT = frozenset({TriggerState.AMBIGUOUS, TriggerState.UNRESOLVED})

_SOURCES = tuple((origin.value,) for origin in Origin)
_REQUESTS = tuple((origin.value, outcome.value) for origin in Origin for outcome in Outcome)
_UNSITED_REQUESTS = tuple((origin.value, Outcome.SKIPPED.value) for origin in Origin)
_SKIPS = tuple((reason,) for reason in REASONS)


def _number_of(is_meant: Callable[[Trigger], bool]) -> Callable[[SiteSnapshot], int]:
    def read(site: SiteSnapshot) -> int:
        return sum(map(is_meant, site.triggers))

    return read


def _in_states(states: Collection[TriggerState]) -> Callable[[SiteSnapshot], int]:
    return _number_of(lambda trigger: trigger.state in states)


def _circuit_open(site: SiteSnapshot) -> int:
    return int(site.is_circuit_open)


REQUESTS = total(
    "vr_trigger_requests_total",
    "Wishes for a sync by who asked and what came of them, each counted once when that stands;"
    " how the task of an accepted one ended is told by the families of tasks. Without a site where"
    " a wish names none that is known.",
    labels=("source", "outcome"),
    always=_REQUESTS,
)

SKIPS = total(
    "vr_trigger_skips_total",
    "Wishes for a sync that a guard turned away, by its reason. Without a site where a wish names"
    " none that is known.",
    labels=("reason",),
    always=_SKIPS,
)

TRIGGERS: Table[SiteSnapshot, SiteSnapshot] = Table(
    "Triggers",
    ("site",),
    each_site,
    (
        REQUESTS,
        SKIPS,
        Family(
            "vr_triggers_queued",
            "gauge",
            "Wishes that are taken in and wait for their turn.",
            read=_in_states({TriggerState.RESERVED}),
        ),
        Family(
            "vr_triggers_in_flight",
            "gauge",
            "Wishes that the appliance is being asked for, or whose task or sync is followed.",
            read=_in_states(_IN_FLIGHT),
        ),
        Family(
            "vr_triggers_ambiguous",
            "gauge",
            "Wishes of which nobody knows whether they led to a sync, until somebody acknowledges"
            " them or a later sync of the replication ends well.",
            read=_number_of(lambda t: t.state in _IN_DOUBT and not t.is_acknowledged),
        ),
        histogram(
            "vr_trigger_duration_seconds",
            "From a wish to the end of its task.",
            labels=("source",),
            always=_SOURCES,
        ),
        Family(
            "vr_trigger_circuit_open",
            "gauge",
            "1 while wishes of the site are held back after failures in a row, else 0.",
            read=_circuit_open,
        ),
    ),
)


def _unsited(family: Family[SiteSnapshot], always: Collection[Key]) -> Table[SiteTotals, float]:
    """The lines of a counter of wishes that belong to no site."""

    def rows(totals: SiteTotals) -> Rows[float]:
        samples = filled(totals.counters.get(family.name, {}), always, 0)
        return Rows(list(samples), list(samples.values()))

    own = Family(family.name, family.kind, family.help, read=_itself)
    return Table("Triggers without a site", family.labels, rows, (own,))


def _itself(number: float) -> float:
    return number


UNSITED_TABLES = (_unsited(REQUESTS, _UNSITED_REQUESTS), _unsited(SKIPS, _SKIPS))
"""More lines of families of `TRIGGERS`: a wish without a site is only ever turned away."""
