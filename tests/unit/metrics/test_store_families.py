"""The families of the store and the kill switch are asked for when the page is made."""

from __future__ import annotations

import pytest

from tests.pages import FakeStoreFacts, own_metrics, series_of
from vr_exporter.metrics.own import OwnMetrics


def said(own: OwnMetrics, *, openmetrics: bool = True) -> dict[str, float]:
    """Every sample about store and kill switch, by its name and what follows it."""
    text = own.render(openmetrics=openmetrics).decode() + "# EOF\n" * openmetrics
    return {
        " ".join((name, *(value for _, value in labels))): number
        for (name, labels), number in series_of(text, openmetrics=openmetrics).items()
        if name.startswith(("vr_store_", "vr_trigger_"))
    }


@pytest.mark.parametrize("openmetrics", [True, False])
def test_store_is_shown_as_it_is_now(openmetrics: bool) -> None:  # noqa: FBT001
    """Facts come from the store; every kind of failure is there at 0 from the start."""
    facts = FakeStoreFacts()
    own = own_metrics(store=lambda: facts)
    shown = {
        "vr_store_up": 1,
        "vr_store_size_bytes": 45_056,
        "vr_store_writes_total": 17,
        "vr_store_write_failures_total commit": 1,
        "vr_store_write_failures_total checkpoint": 0,
        "vr_store_write_failures_total prune": 0,
        "vr_store_write_failures_total corrupt": 0,
        "vr_trigger_kill_switch": 0,
    }
    assert said(own, openmetrics=openmetrics) == shown
    facts = FakeStoreFacts(is_up=False, failures={"commit": 2, "corrupt": 1})
    shown["vr_store_up"] = 0
    shown["vr_store_write_failures_total commit"] = 2
    shown["vr_store_write_failures_total corrupt"] = 1
    assert said(own, openmetrics=openmetrics) == shown


def test_store_is_looked_at_once_for_a_page() -> None:
    """Samples of one page are of one moment."""
    looks: list[FakeStoreFacts] = []

    def look() -> FakeStoreFacts:
        looks.append(FakeStoreFacts())
        return looks[-1]

    own = own_metrics(store=look)
    assert looks == []
    own.render(openmetrics=True)
    assert len(looks) == 1


def test_without_a_store_there_is_none_on_the_page() -> None:
    """What is not there is absent, not down."""
    assert set(said(own_metrics(store=None))) == {"vr_trigger_kill_switch"}


def test_kill_switch_is_shown_as_it_stands() -> None:
    """It is thrown while the page lives."""
    thrown: list[bool] = []
    own = own_metrics(kill_switch=lambda: bool(thrown))
    assert said(own)["vr_trigger_kill_switch"] == 0
    thrown.append(True)
    assert said(own)["vr_trigger_kill_switch"] == 1
