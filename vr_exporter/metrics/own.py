"""The exporter's own counters, kept by prometheus_client in a registry of their own."""

from __future__ import annotations

import platform
from collections.abc import Callable
from functools import singledispatchmethod
from typing import get_args

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info
from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Sample

from vr_exporter import __version__
from vr_exporter.domain.events import (
    Budget,
    CertificateSeen,
    ClockRead,
    Event,
    HeldBack,
    LoggedIn,
    Polled,
    PollsSkipped,
    Requested,
    Retried,
    RetryReason,
    Surprised,
    Throttled,
)
from vr_exporter.domain.names import SiteName
from vr_exporter.domain.snapshot import POLL_FAILURE_REASONS, SURPRISE_KINDS
from vr_exporter.metrics import exposition
from vr_exporter.metrics.alerts import AlertFacts, alert_families
from vr_exporter.metrics.family import Declaration
from vr_exporter.metrics.own_families import COUNTED_TABLES, TABLES
from vr_exporter.metrics.store import StoreFacts, store_families
from vr_exporter.metrics.webhooks import WebhookFacts, webhook_families

_TOO_MANY_REQUESTS = "429"
_LIBRARY = ("process_", "python_")
_ZERO_FROM_START = {
    "vr_polls_total": ((),),
    "vr_poll_failures_total": tuple((reason,) for reason in POLL_FAILURE_REASONS),
    "vr_polls_skipped_total": ((),),
    "vr_poll_surprises_total": tuple((kind,) for kind in SURPRISE_KINDS),
    "vr_api_retries_total": tuple((reason,) for reason in get_args(RetryReason)),
    "vr_api_throttled_total": ((),),
    "vr_api_throttle_wait_seconds_total": ((),),
    "vr_api_logins_total": ((),),
    "vr_api_login_failures_total": ((),),
    "vr_api_received_bytes_total": ((),),
}


def _always(_name: str) -> bool:
    return True


class OwnMetrics:
    """Counts what is told, per site, and writes it as part of a page.

    A site is counted from `watch_site` to `forget_site`; what is told of another is let go, so that
    a worker that ends after its site was removed leaves no series behind. `store`, `alerts` and
    `kill_switch` are asked whenever the part is made; without a store, or without webhooks, their
    families are absent.
    """

    def __init__(
        self,
        *,
        store: Callable[[], StoreFacts] | None = None,
        alerts: Callable[[], AlertFacts] = AlertFacts,
        webhooks: Callable[[], WebhookFacts] | None = None,
        kill_switch: Callable[[], bool] = lambda: False,
        version: str = __version__,
        revision: str = "",
        python: str = platform.python_version(),
    ) -> None:
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._sites: set[SiteName] = set()
        self._labels: dict[str, tuple[str, ...]] = {}
        self._counters: dict[str, Counter] = {}
        self._gauges: dict[str, Gauge] = {}
        self._histograms: dict[str, Histogram] = {}
        for table in COUNTED_TABLES:
            for declaration in table.families:
                self._register(declaration, table.labels)
        self._gauges["vr_trigger_kill_switch"].set_function(kill_switch)
        if store is not None:
            self._registry.register(store_families(store))
        self._registry.register(alert_families(alerts))
        if webhooks is not None:
            self._registry.register(webhook_families(webhooks))
        build = Info("vr_exporter_build", _help("vr_exporter_build_info"), registry=self._registry)
        build.info({"version": version, "revision": revision, "python": python})
        prometheus_client.ProcessCollector(registry=self._registry)
        prometheus_client.PlatformCollector(registry=self._registry)
        prometheus_client.GCCollector(registry=self._registry)

    def watch_site(self, site: SiteName, *, tls_verification_disabled: bool = False) -> None:
        """Count a site from now on: every closed set of labels is there at 0."""
        self._sites.add(site)
        for name, label_sets in _ZERO_FROM_START.items():
            for labels in label_sets:
                self._counters[name].labels(site, *labels)
        self._set("vr_api_tls_verification_disabled", site, float(tls_verification_disabled))

    def forget_site(self, site: SiteName) -> None:
        """Drop every series of a site that is watched no more."""
        self._sites.discard(site)
        metrics = self._counters | self._gauges | self._histograms
        for name, metric in metrics.items():
            labels = self._labels[name]
            if "site" in labels:
                samples = [sample for family in metric.collect() for sample in family.samples]
                for values in {tuple(s.labels[label] for label in labels) for s in samples}:
                    if values[0] == site:
                        metric.remove(*values)

    def tell(self, site: SiteName, event: Event) -> None:
        """Count what happened at a watched site."""
        if site in self._sites:
            self._count(event, site)

    def reloaded(self, succeeded: bool, now: float) -> None:  # noqa: FBT001
        """Note that the settings were read, and whether they were good."""
        self._gauges["vr_exporter_config_last_reload_successful"].set(succeeded)
        if succeeded:
            self._gauges["vr_exporter_config_last_reload_success_timestamp_seconds"].set(now)

    def secret_reload_failed(self) -> None:
        """Count a secret file that could not be read again."""
        self._counters["vr_secret_reload_failures_total"].inc()

    def log_lines_dropped(self, count: int) -> None:
        """Count log lines that were lost."""
        self._counters["vr_log_lines_dropped_total"].inc(count)

    def rendered(self, seconds: float, *, openmetrics_bytes: int, text_bytes: int) -> None:
        """Note the cost and size of the page."""
        self._gauges["vr_snapshot_render_duration_seconds"].set(seconds)
        sizes = self._gauges["vr_snapshot_rendered_bytes"]
        sizes.labels("openmetrics").set(openmetrics_bytes)
        sizes.labels("text").set(text_bytes)

    def render(
        self,
        *,
        openmetrics: bool,
        sites: frozenset[str] | None = None,
        is_shown: Callable[[str], bool] = _always,
    ) -> bytes:
        """Our part of a page, without its end mark; of some sites only, without the process."""
        return b"".join(
            _family(metric, samples, openmetrics=openmetrics)
            for metric in self._registry.collect()
            if is_shown(exposition.name_of(metric.name, metric.type))
            if sites is None or not metric.name.startswith(_LIBRARY)
            if (samples := [s for s in metric.samples if _is_of(s, sites)])
        )

    def _register(self, declaration: Declaration, common: tuple[str, ...]) -> None:
        name, labels = declaration.name, (*common, *declaration.labels)
        self._labels[name] = labels
        if declaration.kind == "counter":
            self._counters[name] = Counter(name, declaration.help, labels, registry=self._registry)
        elif declaration.kind == "gauge":
            self._gauges[name] = Gauge(name, declaration.help, labels, registry=self._registry)
        elif declaration.kind == "histogram":
            self._histograms[name] = Histogram(
                name,
                declaration.help,
                labels,
                registry=self._registry,
                buckets=declaration.buckets,
            )

    def _add(self, name: str, site: SiteName, *labels: str, amount: float = 1) -> None:
        self._counters[name].labels(site, *labels).inc(amount)

    def _set(self, name: str, site: SiteName, value: float) -> None:
        self._gauges[name].labels(site).set(value)

    @singledispatchmethod
    def _count(self, event: Event, _site: SiteName) -> None:
        raise TypeError(f"nobody counts {event!r}")

    @_count.register
    def _(self, event: Requested, site: SiteName) -> None:
        self._add("vr_api_requests_total", site, event.endpoint, event.method, event.code)
        self._add("vr_api_received_bytes_total", site, amount=event.received_bytes)
        duration = self._histograms["vr_api_request_duration_seconds"]
        duration.labels(site, event.endpoint).observe(event.seconds)
        if event.code == _TOO_MANY_REQUESTS:
            self._add("vr_api_throttled_total", site)

    @_count.register
    def _(self, event: Retried, site: SiteName) -> None:
        self._add("vr_api_retries_total", site, event.reason)

    @_count.register
    def _(self, event: Throttled, site: SiteName) -> None:
        name = "vr_api_throttled_until_timestamp_seconds"
        if event.until_timestamp_seconds is None:
            self._gauges[name].remove(site)
        else:
            self._set(name, site, event.until_timestamp_seconds)

    @_count.register
    def _(self, event: HeldBack, site: SiteName) -> None:
        self._add("vr_api_throttle_wait_seconds_total", site, amount=event.seconds)

    @_count.register
    def _(self, event: Budget, site: SiteName) -> None:
        self._set("vr_api_budget_requests", site, event.allowed)
        self._set("vr_api_budget_remaining_requests", site, event.remaining)

    @_count.register
    def _(self, event: LoggedIn, site: SiteName) -> None:
        self._add("vr_api_logins_total", site)
        if not event.succeeded:
            self._add("vr_api_login_failures_total", site)

    @_count.register
    def _(self, event: CertificateSeen, site: SiteName) -> None:
        name = "vr_api_certificate_expiry_timestamp_seconds"
        self._set(name, site, event.not_after_timestamp_seconds)

    @_count.register
    def _(self, event: ClockRead, site: SiteName) -> None:
        self._set("vr_clock_skew_seconds", site, event.skew_seconds)

    @_count.register
    def _(self, event: Surprised, site: SiteName) -> None:
        self._add("vr_poll_surprises_total", site, event.kind, amount=event.count)

    @_count.register
    def _(self, event: Polled, site: SiteName) -> None:
        self._add("vr_polls_total", site)
        for reason in event.reasons:
            self._add("vr_poll_failures_total", site, reason)

    @_count.register
    def _(self, event: PollsSkipped, site: SiteName) -> None:
        self._add("vr_polls_skipped_total", site, amount=event.count)


def _help(name: str) -> str:
    return next(d.help for table in TABLES for d in table.families if d.name == name)


def _is_of(sample: Sample, sites: frozenset[str] | None) -> bool:
    return sites is None or "site" not in sample.labels or sample.labels["site"] in sites


def _family(metric: Metric, samples: list[Sample], *, openmetrics: bool) -> bytes:
    header = exposition.header(
        metric.name,
        metric.type,
        description=metric.documentation,
        unit=exposition.unit_of(metric.name),
        openmetrics=openmetrics,
    )
    return header + b"".join(map(_line, samples))


def _line(sample: Sample) -> bytes:
    labels = exposition.label_text(tuple(sample.labels), tuple(sample.labels.values()))
    braced = f"{{{labels}}}" if labels else ""
    return exposition.encode(f"{sample.name}{braced} {exposition.number(sample.value)}\n")
