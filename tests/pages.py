"""Pages of metrics as tests make and read them."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from prometheus_client import parser as text_parser
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics import parser as openmetrics_parser

from tests.builders import NOW
from tests.simulated import ManualClock
from vr_exporter.alerting.arrivals import WebhookFacts
from vr_exporter.domain.names import SiteName
from vr_exporter.domain.snapshot import SiteSnapshot, Snapshot
from vr_exporter.metrics.alerts import AlertFacts
from vr_exporter.metrics.own import OwnMetrics
from vr_exporter.metrics.page import Page

Series = tuple[str, frozenset[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class FakeStoreFacts:
    """A store that works, with one failure behind it."""

    is_up: bool = True
    size_bytes: int = 45_056
    writes: int = 17
    failures: Mapping[str, int] = field(default_factory=lambda: {"commit": 1})


SOME_WEBHOOKS = WebhookFacts(
    received=21, refused={"auth": 2}, alerts={"firing": 12, "resolved": 7}, deadman=NOW - 30
)
"""An open webhook that has heard of its dead man."""


def own_metrics(
    *sites: str,
    store: Callable[[], FakeStoreFacts] | None = FakeStoreFacts,
    alerts: Callable[[], AlertFacts] = AlertFacts,
    webhooks: Callable[[], WebhookFacts] = lambda: SOME_WEBHOOKS,
    kill_switch: Callable[[], bool] = lambda: False,
) -> OwnMetrics:
    """Our own counters, watching these sites, the same under every Python."""
    own = OwnMetrics(
        store=store,
        alerts=alerts,
        webhooks=webhooks,
        kill_switch=kill_switch,
        version="1.2.3",
        revision="0000000",
        python="3.11.0",
    )
    for site in sites:
        own.watch_site(SiteName(site))
    return own


def a_page(
    *sites: SiteSnapshot,
    own: OwnMetrics | None = None,
    time: ManualClock | None = None,
    expected_vms: tuple[str, ...] = (),
    excluded: tuple[str, ...] = (),
) -> Page:
    """A page that shows the given sites."""
    page = Page(
        own=own or own_metrics(*(site.site for site in sites)),
        clock=(time or ManualClock(NOW)).clock(),
        expected_vms=expected_vms,
        excluded=excluded,
    )
    page.put(Snapshot({site.site: site for site in sites}))
    return page


def text_of(
    page: Page,
    *,
    openmetrics: bool = True,
    packed: bool = False,
    sites: frozenset[str] | None = None,
) -> str:
    """The page as a client reads it."""
    body = page.body(openmetrics=openmetrics, gzip=packed, sites=sites)
    joined = b"".join(body.chunks)
    return (gzip.decompress(joined) if packed else joined).decode()


def families_of(text: str, *, openmetrics: bool = True) -> list[Metric]:
    """Every family of a page by prometheus_client's parser, which is strict for OpenMetrics."""
    parser = openmetrics_parser if openmetrics else text_parser
    return list(parser.text_string_to_metric_families(text))


def series_of(text: str, *, openmetrics: bool = True) -> dict[Series, float]:
    """Every series of a page with its value; none may come twice."""
    found: dict[Series, float] = {}
    for family in families_of(text, openmetrics=openmetrics):
        for sample in family.samples:
            series = (sample.name, frozenset(sample.labels.items()))
            assert series not in found, f"twice: {series}"
            found[series] = float(sample.value)
    return found


def series(page: Page) -> dict[Series, float]:
    """Every series of a page with its value."""
    return series_of(text_of(page))


def named(page: Page, name: str) -> dict[frozenset[tuple[str, str]], float]:
    """The samples of one name by their labels."""
    return {labels: value for (found, labels), value in series(page).items() if found == name}


def value(page: Page, name: str, /, **labels: str) -> float | None:
    """The only sample of this name that has these labels, or None; two fail the test."""
    wanted = set(labels.items())
    found = [value for own, value in named(page, name).items() if wanted <= own]
    assert len(found) <= 1, f"{name} is ambiguous"
    return found[0] if found else None


def names_on(page: Page) -> set[str]:
    """The names of all samples on a page."""
    return {name for name, _ in series(page)}
