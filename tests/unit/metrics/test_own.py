"""Our own counters: what is told of a site is counted there."""

from __future__ import annotations

import pytest

from tests.builders import NOW
from tests.pages import own_metrics, series_of
from tests.rich import tell_everything
from vr_exporter.domain import events
from vr_exporter.domain.names import SiteName
from vr_exporter.domain.snapshot import POLL_FAILURE_REASONS, SURPRISE_KINDS
from vr_exporter.metrics.own import OwnMetrics

MADRID, BERLIN = SiteName("madrid"), SiteName("berlin")


def said(own: OwnMetrics, name: str, **labels: str) -> float | None:
    """The value of one series, or None."""
    text = own.render(openmetrics=True).decode() + "# EOF\n"
    return series_of(text).get((name, frozenset(labels.items())))


def sites_on(own: OwnMetrics) -> set[str]:
    """Every site of which there is a series."""
    found = series_of(own.render(openmetrics=True).decode() + "# EOF\n")
    return {site for _, labels in found if (site := dict(labels).get("site"))}


def told(*happened: events.Event) -> OwnMetrics:
    """Our own counters after these events at Madrid."""
    own = own_metrics(MADRID)
    for event in happened:
        own.tell(MADRID, event)
    return own


def test_closed_label_sets_are_0_from_the_start() -> None:
    """A birth at 1 is invisible to `increase()`."""
    own = own_metrics(MADRID)
    for reason in POLL_FAILURE_REASONS:
        assert said(own, "vr_poll_failures_total", site=MADRID, reason=reason) == 0
    for kind in SURPRISE_KINDS:
        assert said(own, "vr_poll_surprises_total", site=MADRID, kind=kind) == 0
    for reason in ("throttled", "timeout", "connect", "5xx", "session_expired"):
        assert said(own, "vr_api_retries_total", site=MADRID, reason=reason) == 0
    for name in ("polls", "polls_skipped", "api_logins", "api_login_failures", "api_throttled"):
        assert said(own, f"vr_{name}_total", site=MADRID) == 0


def test_what_was_never_told_is_absent() -> None:
    """Gauges of the appliance appear when they are known."""
    own = own_metrics(MADRID)
    for name in ("vr_clock_skew_seconds", "vr_api_budget_requests"):
        assert said(own, name, site=MADRID) is None
    assert said(own, "vr_api_certificate_expiry_timestamp_seconds", site=MADRID) is None


def test_request_is_counted_with_its_bytes_and_its_time() -> None:
    """A request is one count, one observation and its answer's bytes."""
    own = told(events.Requested("tasks", "GET", "200", 0.3, 1000))
    requests = {"site": MADRID, "endpoint": "tasks", "method": "GET", "code": "200"}
    assert said(own, "vr_api_requests_total", **requests) == 1
    assert said(own, "vr_api_received_bytes_total", site=MADRID) == 1000
    at = {"site": MADRID, "endpoint": "tasks"}
    assert said(own, "vr_api_request_duration_seconds_bucket", **at, le="0.25") == 0
    assert said(own, "vr_api_request_duration_seconds_bucket", **at, le="0.5") == 1
    assert said(own, "vr_api_request_duration_seconds_bucket", **at, le="30.0") == 1


def test_only_a_429_counts_as_throttled() -> None:
    """Other refusals have their code."""
    own = told(
        events.Requested("tasks", "GET", "503", 0.1, 0),
        events.Requested("tasks", "GET", "429", 0.1, 0),
    )
    assert said(own, "vr_api_throttled_total", site=MADRID) == 1


def test_end_of_a_throttle_takes_its_time_away() -> None:
    """There is a time while there is a throttle, and an end without one does no harm."""
    name = "vr_api_throttled_until_timestamp_seconds"
    assert said(told(events.Throttled(NOW)), name, site=MADRID) == NOW
    assert said(told(events.Throttled(NOW), events.Throttled(None)), name, site=MADRID) is None
    assert said(told(events.Throttled(None)), name, site=MADRID) is None


def test_poll_is_counted_once_with_each_of_its_failures() -> None:
    """Polls count good and bad ones; failures are by reason."""
    own = told(events.Polled(), events.Polled(("timeout", "auth")))
    assert said(own, "vr_polls_total", site=MADRID) == 2
    assert said(own, "vr_poll_failures_total", site=MADRID, reason="timeout") == 1
    assert said(own, "vr_poll_failures_total", site=MADRID, reason="auth") == 1
    assert said(own, "vr_poll_failures_total", site=MADRID, reason="dns") == 0


@pytest.mark.parametrize(
    ("event", "name", "amount"),
    [
        (events.PollsSkipped(4), "vr_polls_skipped_total", 4),
        (events.HeldBack(1.5), "vr_api_throttle_wait_seconds_total", 1.5),
        (events.Budget(40, 37), "vr_api_budget_requests", 40),
        (events.Budget(40, 37), "vr_api_budget_remaining_requests", 37),
        (events.LoggedIn(succeeded=True), "vr_api_logins_total", 1),
        (events.LoggedIn(succeeded=True), "vr_api_login_failures_total", 0),
        (events.LoggedIn(succeeded=False), "vr_api_logins_total", 1),
        (events.LoggedIn(succeeded=False), "vr_api_login_failures_total", 1),
        (events.CertificateSeen(NOW), "vr_api_certificate_expiry_timestamp_seconds", NOW),
        (events.ClockRead(-0.25), "vr_clock_skew_seconds", -0.25),
    ],
)
def test_event_moves_its_series(event: events.Event, name: str, amount: float) -> None:
    """Each fact that is told has its series."""
    assert said(told(event), name, site=MADRID) == amount


def test_surprises_and_retries_are_counted_by_cause() -> None:
    """Several oddities of one kind come as one event."""
    own = told(events.Surprised("enum", 2), events.Surprised("enum"), events.Retried("5xx"))
    assert said(own, "vr_poll_surprises_total", site=MADRID, kind="enum") == 3
    assert said(own, "vr_api_retries_total", site=MADRID, reason="5xx") == 1


def test_forgotten_site_leaves_no_series_behind() -> None:
    """A worker that ends late does not bring its site back; other sites stay."""
    own = own_metrics(MADRID, BERLIN)
    tell_everything(own, MADRID)
    tell_everything(own, BERLIN)
    own.forget_site(MADRID)
    tell_everything(own, MADRID)
    assert sites_on(own) == {BERLIN}
    assert said(own, "vr_polls_total", site=BERLIN) == 2


def test_site_that_comes_back_starts_anew() -> None:
    """A site that is watched again is counted from 0."""
    own = told(events.Polled())
    own.forget_site(MADRID)
    own.watch_site(MADRID)
    assert said(own, "vr_polls_total", site=MADRID) == 0


def test_disabled_verification_is_shown() -> None:
    """Who turns verification off is told so on the page."""
    own = own_metrics(MADRID)
    own.watch_site(BERLIN, tls_verification_disabled=True)
    assert said(own, "vr_api_tls_verification_disabled", site=MADRID) == 0
    assert said(own, "vr_api_tls_verification_disabled", site=BERLIN) == 1


def test_failed_reload_keeps_the_time_of_the_last_good_one() -> None:
    """Success is a flag, and the time is that of the settings that hold."""
    own = own_metrics()
    own.reloaded(succeeded=True, now=NOW)
    own.reloaded(succeeded=False, now=NOW + 60)
    assert said(own, "vr_exporter_config_last_reload_successful") == 0
    assert said(own, "vr_exporter_config_last_reload_success_timestamp_seconds") == NOW


def test_counts_of_the_process_itself() -> None:
    """Secrets that could not be read again, lines that were lost, and who we are."""
    own = own_metrics()
    own.secret_reload_failed()
    own.log_lines_dropped(7)
    assert said(own, "vr_secret_reload_failures_total") == 1
    assert said(own, "vr_log_lines_dropped_total") == 7
    build = {"version": "1.2.3", "revision": "0000000", "python": "3.11.0"}
    assert said(own, "vr_exporter_build_info", **build) == 1


def test_what_nobody_counts_is_refused_aloud() -> None:
    """An event that was forgotten here is a bug, not a silent loss."""
    own = own_metrics(MADRID)
    with pytest.raises(TypeError, match="nobody counts"):
        own.tell(MADRID, object())  # type: ignore[arg-type]
