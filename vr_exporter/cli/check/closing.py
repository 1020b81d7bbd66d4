"""What follows from all that was read: the cost of a cycle, and what cannot be tried."""

from __future__ import annotations

from collections.abc import Sequence

from vr_exporter.appliance.pace import REQUESTS_PER_MINUTE
from vr_exporter.cli.check.budget import PairingSize, effective_interval, requests_per_cycle
from vr_exporter.cli.check.privileges import HBR_MANAGEMENT
from vr_exporter.cli.check.report import Finding, note, ok, warn
from vr_exporter.cli.plain import span
from vr_exporter.settings import SiteSettings
from vr_exporter.worker.timetable import PLANNED_PER_MINUTE

PACE = "pace"
SYNC = "right to sync"


def pace(site: SiteSettings, sizes: Sequence[PairingSize], *, granted: int | None) -> Finding:
    """Page size granted, requests of a cycle, and the interval that they allow."""
    page_size = granted or site.page_size
    requests = requests_per_cycle(sizes, page_size)
    interval = effective_interval(
        site.poll_interval, requests, planned_per_minute=PLANNED_PER_MINUTE
    )
    text = (
        f"page size {site.page_size} asked for, {page_size} granted; a cycle costs {requests} "
        f"requests, {REQUESTS_PER_MINUTE} a minute are sent at most; polled every {span(interval)}"
    )
    if interval > site.poll_interval:
        return warn(
            PACE,
            f"{text}, not every {span(site.poll_interval)}",
            "raise poll_interval to that" + _larger_pages(site, page_size),
        )
    return ok(PACE, text)


def right_to_sync(site: SiteSettings) -> Finding:
    """Say that this one thing stays untested."""
    account = site.trigger_account or site
    return note(
        SYNC,
        f"cannot be tested without a sync; {account.username} needs {HBR_MANAGEMENT} for it",
    )


def _larger_pages(site: SiteSettings, granted: int) -> str:
    if granted >= site.page_size:
        return ", or page_size" if granted < 1000 else ""  # noqa: PLR2004 the largest there is
    return "; the appliance grants no larger pages"
