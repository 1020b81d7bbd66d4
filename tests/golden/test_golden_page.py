"""One full page of a fixed snapshot, byte for byte; run as a module it writes the page anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import NOW
from tests.pages import a_page, own_metrics
from tests.rich import (
    EXPECTED_VMS,
    a_failing_site,
    a_rich_site,
    some_alert_facts,
    tell_everything,
    unsited_totals,
)
from tests.simulated import ManualClock
from vr_exporter.domain.names import SiteName
from vr_exporter.metrics.page import Page

FOLDER = Path(__file__).parent
PAGES = {"page.openmetrics": True, "page.txt": False}
SITES = frozenset({"madrid", "berlin"})


def the_page() -> Page:
    """A fresh site that has everything beside a stale one, wishes of neither, our own counts."""
    own = own_metrics("madrid", "berlin", alerts=some_alert_facts)
    tell_everything(own, SiteName("madrid"))
    own.reloaded(succeeded=True, now=NOW)
    page = a_page(
        a_rich_site(),
        a_failing_site(),
        own=own,
        time=ManualClock(NOW),
        expected_vms=EXPECTED_VMS,
    )
    page.put_unsited(unsited_totals())
    return page


def written(name: str) -> bytes:
    """The page as served, without the process, which is never the same."""
    return b"".join(the_page().body(openmetrics=PAGES[name], gzip=False, sites=SITES).chunks)


@pytest.mark.parametrize("name", PAGES)
def test_page_is_the_golden_one(name: str) -> None:
    """Names, labels, help and order change on purpose only."""
    assert written(name).decode() == (FOLDER / name).read_text(encoding="utf-8")


if __name__ == "__main__":
    for file in PAGES:
        (FOLDER / file).write_bytes(written(file))
