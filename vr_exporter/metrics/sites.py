"""The families of a site: whether it answers, how old its snapshot is, how its polls went."""

from __future__ import annotations

from collections.abc import Callable

from vr_exporter.domain.snapshot import POLL_STAGES, SiteSnapshot
from vr_exporter.metrics.family import Family, Key, Samples, Table
from vr_exporter.metrics.rows import each_site


def _appliance(site: SiteSnapshot) -> Key | None:
    facts = site.appliance
    return None if facts is None or site.stale else (facts.version, facts.build, facts.api)


def _up(site: SiteSnapshot) -> int:
    return int(site.up)


def _stale(site: SiteSnapshot) -> int:
    return int(site.stale)


def _last_success(site: SiteSnapshot) -> float | None:
    return site.poll.last_success_timestamp_seconds


def _last_attempt(site: SiteSnapshot) -> float | None:
    return site.poll.last_attempt_timestamp_seconds


def _stages(site: SiteSnapshot) -> Samples | None:
    """Every stage, those not reached at 0; absent before the first poll."""
    if not site.was_tried:
        return None
    return tuple(((stage,), site.poll.stages.get(stage, 0)) for stage in POLL_STAGES)


def _interval(site: SiteSnapshot) -> float:
    return site.poll.interval_seconds


def _rows_dropped(site: SiteSnapshot) -> int:
    return site.poll.rows_dropped


def _gauge(
    name: str, description: str, read: Callable[[SiteSnapshot], float | None]
) -> Family[SiteSnapshot]:
    return Family(name, "gauge", description, read=read)


SITES: Table[SiteSnapshot, SiteSnapshot] = Table(
    "Sites",
    ("site",),
    each_site,
    (
        _gauge(
            "vr_up",
            "1 if login, /pairings and at least one list of replications worked in the last poll,"
            " else 0; 0 before the first. The site is named as configured.",
            _up,
        ),
        Family(
            "vr_appliance_info",
            "info",
            "Version and build of the appliance (/info) and the API version in use, as of the"
            " last poll.",
            ("version", "build", "api"),
            read=_appliance,
            reads="labels",
        ),
        _gauge(
            "vr_snapshot_stale",
            "1 while the detail of the site is withheld because it is too old, else 0.",
            _stale,
        ),
        _gauge(
            "vr_poll_last_success_timestamp_seconds",
            "When the last poll that set vr_up to 1 ended.",
            _last_success,
        ),
        _gauge(
            "vr_poll_last_attempt_timestamp_seconds",
            "When the last poll ended, good or bad.",
            _last_attempt,
        ),
        Family(
            "vr_poll_duration_seconds",
            "gauge",
            "How long each stage of the last poll took; they add up to the whole.",
            ("stage",),
            read=_stages,
            reads="samples",
        ),
        _gauge(
            "vr_poll_interval_seconds",
            "Time from poll to poll as it is in effect: longer than configured where the site is"
            " too large for the allowed requests.",
            _interval,
        ),
        _gauge(
            "vr_rows_dropped",
            "Replications beyond the row cap that were left out in the last poll.",
            _rows_dropped,
        ),
    ),
)
