"""The families of wishes for a sync: counted from the start, with a site or without."""

from __future__ import annotations

import pytest

from tests.builders import NOW, a_site_never_reached, a_site_snapshot, a_snapshot
from tests.pages import a_page, families_of, named, own_metrics, text_of, value
from tests.rich import a_failing_site, a_rich_site, some_triggers, unsited_totals
from tests.simulated import ManualClock
from tests.wishes import a_trigger
from vr_exporter.domain.names import SiteName
from vr_exporter.domain.triggers import REASONS, Origin, Outcome, Trigger, TriggerState
from vr_exporter.metrics.page import Page

MADRID = SiteName("madrid")
REQUESTS, SKIPS = "vr_trigger_requests_total", "vr_trigger_skips_total"


def gauges(*triggers: Trigger) -> dict[str, float | None]:
    """What the gauges say of a site with these triggers."""
    page = a_page(a_site_snapshot(triggers=triggers))
    names = ("queued", "in_flight", "ambiguous")
    return {name: value(page, f"vr_triggers_{name}", site="madrid") for name in names}


def without_site(page: Page, name: str) -> dict[tuple[str, ...], float]:
    """The samples of a family that have no site, by their label values."""
    return {
        tuple(text for _, text in sorted(labels)): number
        for labels, number in named(page, name).items()
        if "site" not in dict(labels)
    }


def test_every_closed_label_set_of_a_site_is_0_before_it_was_asked() -> None:
    """A birth at 1 is invisible to `increase()`."""
    page = a_page(a_site_never_reached())
    for origin in Origin:
        for outcome in Outcome:
            assert value(page, REQUESTS, site="madrid", source=origin, outcome=outcome) == 0
        duration = {"site": "madrid", "source": origin.value}
        assert value(page, "vr_trigger_duration_seconds_count", **duration) == 0
        assert value(page, "vr_trigger_duration_seconds_bucket", **duration, le="86400.0") == 0
    for reason in REASONS:
        assert value(page, SKIPS, site="madrid", reason=reason) == 0


def test_totals_of_the_ledger_stand_where_the_zeros_were() -> None:
    """What was counted replaces its 0, and the others stay."""
    page = a_page(a_rich_site())
    assert value(page, REQUESTS, site="madrid", source="cli", outcome="accepted") == 3
    assert value(page, REQUESTS, site="madrid", source="cli", outcome="joined") == 0
    assert value(page, SKIPS, site="madrid", reason="cooldown") == 2
    assert value(page, "vr_trigger_duration_seconds_count", site="madrid", source="cli") == 2
    assert value(page, "vr_trigger_duration_seconds_count", site="madrid", source="alert") == 0


def test_duration_leads_to_its_task() -> None:
    """An exemplar names task and replication."""
    families = {family.name: family for family in families_of(text_of(a_page(a_rich_site())))}
    samples = families["vr_trigger_duration_seconds"].samples
    exemplars = [sample.exemplar for sample in samples if sample.exemplar]
    assert [e.labels for e in exemplars] == [{"task_id": "task-0", "replication": "GID-1"}]


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (TriggerState.RESERVED, "queued"),
        (TriggerState.POSTING, "in_flight"),
        (TriggerState.RUNNING, "in_flight"),
        (TriggerState.JOINED, "in_flight"),
        (TriggerState.AMBIGUOUS, "ambiguous"),
        (TriggerState.UNRESOLVED, "ambiguous"),
        (TriggerState.SUCCEEDED, ""),
        (TriggerState.LOST, ""),
    ],
)
def test_trigger_is_in_one_gauge_at_most(state: TriggerState, shown: str) -> None:
    """A wish waits, is under way, or nobody knows; an end is in none of them."""
    every = ("queued", "in_flight", "ambiguous")
    assert gauges(a_trigger(state=state)) == {name: int(name == shown) for name in every}


def test_acknowledged_doubt_is_no_longer_shown() -> None:
    """Somebody looked: the gauge that alerts falls."""
    doubts = [TriggerState.AMBIGUOUS, TriggerState.UNRESOLVED]
    seen = [a_trigger(state=state, is_acknowledged=True) for state in doubts]
    assert gauges(*seen, *some_triggers()) == {"queued": 1, "in_flight": 3, "ambiguous": 2}


def test_open_circuit_is_shown_for_its_site() -> None:
    """The snapshot says whether triggers of a site are held."""
    page = a_page(a_site_snapshot(is_circuit_open=True), a_failing_site())
    assert value(page, "vr_trigger_circuit_open", site="madrid") == 1
    assert value(page, "vr_trigger_circuit_open", site="berlin") == 0


def test_wishes_without_a_site_are_0_from_the_start_and_have_no_site_label() -> None:
    """Such a wish is only ever turned away, for any reason."""
    page = a_page(a_site_snapshot())
    assert without_site(page, REQUESTS) == {("skipped", o.value): 0 for o in Origin}
    assert without_site(page, SKIPS) == {(reason,): 0 for reason in REASONS}


@pytest.mark.parametrize("sites", [None, frozenset({"madrid"})])
def test_wishes_without_a_site_are_shown_when_told(sites: frozenset[str] | None) -> None:
    """They stand under the one header of their family, on a part of the page too."""
    page = a_page(a_rich_site(), a_failing_site())
    page.put_unsited(unsited_totals())
    assert without_site(page, REQUESTS)["skipped", "api"] == 4
    assert without_site(page, SKIPS)["not_found",] == 3
    assert text_of(page, sites=sites).count("# TYPE vr_trigger_skips counter") == 1
    assert 'vr_trigger_skips_total{reason="ambiguous_name"} 1\n' in text_of(page, sites=sites)


def test_wishes_without_a_site_stay_when_a_site_changes() -> None:
    """A poll does not take away what it knows nothing of, and the other way round."""
    page = a_page(a_site_snapshot())
    page.put_unsited(unsited_totals())
    page.put(a_snapshot(a_rich_site()), changed=MADRID)
    assert without_site(page, REQUESTS)["skipped", "api"] == 4
    page.put_unsited(unsited_totals())
    assert value(page, REQUESTS, site="madrid", source="cli", outcome="accepted") == 3


def test_page_without_any_site_shows_the_wishes_of_none() -> None:
    """There may be wishes before the first snapshot."""
    page = Page(own=own_metrics(), clock=ManualClock(NOW).clock())
    page.put_unsited(unsited_totals())
    assert without_site(page, SKIPS)["not_found",] == 3


def test_excluded_trigger_families_leave_no_line_without_a_site() -> None:
    """`metrics.exclude` reaches both kinds of lines."""
    page = a_page(a_rich_site(), excluded=("vr_trigger_*",))
    page.put_unsited(unsited_totals())
    assert "vr_trigger_" not in text_of(page)
    assert value(page, "vr_triggers_queued", site="madrid") == 1
