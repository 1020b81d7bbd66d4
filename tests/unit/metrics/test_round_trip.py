"""What a client reads from the page is what the nouns say, for any names, numbers and gaps."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import fields

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import a_pairing, a_pairing_snapshot, a_site_snapshot, a_snapshot
from tests.pages import Series, a_page, own_metrics, series_of, text_of
from tests.simulated import ManualClock
from vr_exporter.domain.counts import SiteTotals
from vr_exporter.domain.inventory import (
    Direction,
    Replication,
    ReplicationError,
    ReplicationOptions,
    SyncProgress,
)
from vr_exporter.domain.names import PairingName, ReplicationId, SiteName
from vr_exporter.domain.rpo import Verdict
from vr_exporter.domain.snapshot import PairingSnapshot, SiteSnapshot, WatchedReplication

text = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ['"', "\\", "\n", '\\"\n', "\\n", "🙂", "\u2028", "\r\n", "\x00", "{", "}", ",", "=", "%s", "#"]
)
whole = st.integers(0, 2**63 - 1)
real = st.floats(allow_nan=False, min_value=0, exclude_min=True) | st.integers(1, 2**63).map(float)
any_real = st.floats()
maybe_flag = st.none() | st.booleans()


def maybe(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """The value, or nothing known."""
    return st.none() | strategy


replications = st.builds(
    Replication,
    id=text,
    vm=text,
    direction=st.sampled_from(Direction),
    vm_id=text,
    source_site=text,
    target_site=text,
    replication_type=text,
    replication_server=text,
    recovery_solution=text,
    status=maybe(st.sampled_from(("OK", "SYNC", "RECONFIGURING")) | text),
    configuration_state=maybe(text),
    recovery_state=maybe(text),
    rpo_seconds=maybe(whole),
    rpo_violated=maybe_flag,
    rpo_violation_seconds=maybe(whole),
    last_sync_timestamp_seconds=maybe(real),
    last_sync_duration_seconds=maybe(whole),
    last_sync_bytes=maybe(whole),
    options=maybe(
        st.builds(ReplicationOptions, **{f.name: maybe_flag for f in fields(ReplicationOptions)})
    ),
    mpit_instances=maybe(whole),
    mpit_retention_seconds=maybe(whole),
    progress=maybe(
        st.builds(
            SyncProgress,
            ratio=maybe(any_real),
            transferred_bytes=maybe(whole),
            transfer_size_bytes=maybe(whole),
            checksum_compared_bytes=maybe(whole),
            checksum_size_bytes=maybe(whole),
        )
    ),
    errors=st.lists(
        st.builds(
            ReplicationError,
            kind=st.sampled_from(("configuration", "group", "recovery")),
            message=text,
        ),
        max_size=2,
    ).map(tuple),
)
watched = st.builds(
    WatchedReplication,
    replication=replications,
    verdict=st.sampled_from(Verdict),
    breached_seconds_total=real,
    synced_bytes_total=whole,
    progress_changed_timestamp_seconds=maybe(real),
)


def rows_of(size: int) -> st.SearchStrategy[tuple[WatchedReplication, ...]]:
    """Replications with different ids."""
    rows = st.lists(watched, max_size=size, unique_by=lambda w: w.replication.id)
    return rows.map(tuple)


Read = Callable[[WatchedReplication], float | None]

NUMBERS: dict[str, Read] = {
    "rpo_seconds": lambda w: w.replication.rpo_seconds,
    "rpo_violated": lambda w: w.replication.rpo_violated,
    "rpo_violation_seconds": lambda w: w.replication.rpo_violation_seconds,
    "rpo_breached": lambda w: None if w.verdict == "unknown" else float(w.verdict == "breached"),
    "rpo_breached_seconds_total": lambda w: w.breached_seconds_total,
    "synced_bytes_total": lambda w: w.synced_bytes_total,
    "last_sync_timestamp_seconds": lambda w: w.replication.last_sync_timestamp_seconds,
    "last_sync_duration_seconds": lambda w: w.replication.last_sync_duration_seconds,
    "last_sync_bytes": lambda w: w.replication.last_sync_bytes,
    "mpit_instances": lambda w: w.replication.mpit_instances,
    "mpit_retention_seconds": lambda w: w.replication.mpit_retention_seconds,
    "sync_progress_ratio": lambda w: of_sync(w).ratio,
    "sync_transferred_bytes": lambda w: of_sync(w).transferred_bytes,
    "sync_transfer_size_bytes": lambda w: of_sync(w).transfer_size_bytes,
    "sync_checksum_compared_bytes": lambda w: of_sync(w).checksum_compared_bytes,
    "sync_checksum_size_bytes": lambda w: of_sync(w).checksum_size_bytes,
    "sync_progress_changed_timestamp_seconds": lambda w: (
        w.progress_changed_timestamp_seconds if w.replication.progress else None
    ),
}


def of_sync(w: WatchedReplication) -> SyncProgress:
    """The running sync, or one of which nothing is known."""
    return w.replication.progress or SyncProgress()


def expected_of(site: SiteSnapshot, pairing: PairingSnapshot) -> dict[Series, float]:
    """Every series of the replications of a pairing, straight from the nouns."""
    expected: dict[Series, float] = {}
    for w in pairing.replications:
        r = w.replication
        labels = {
            "site": site.site,
            "pairing": pairing.pairing.name,
            "replication": r.id,
            "vm": r.vm,
        }

        def put(name: str, value: float, labels: dict[str, str] = labels, **more: str) -> None:
            expected["vr_replication_" + name, frozenset((labels | more).items())] = value

        for name, read in NUMBERS.items():
            number = read(w)
            if number is not None:
                put(name, number)
        if r.status is not None:
            put("status", 1, status=r.status)
        if r.configuration_state is not None:
            put("configuration_state", 1, state=r.configuration_state)
        if r.recovery_state is not None:
            put("recovery_state", 1, state=r.recovery_state)
        for error in r.errors:
            put("error", 1, kind=error.kind)
        put(
            "info",
            1,
            pairing_id=pairing.pairing.id,
            vm_id=r.vm_id,
            source_site=r.source_site,
            target_site=r.target_site,
            direction=r.direction.value,
            replication_type=r.replication_type,
            replication_server=r.replication_server,
            recovery_solution=r.recovery_solution,
        )
        if r.options is not None:
            words = {True: "true", False: "false", None: ""}
            switches = {f.name: words[getattr(r.options, f.name)] for f in fields(r.options)}
            put("options_info", 1, {"site": site.site, "replication": r.id} | switches)
    return expected


def site_of(name: str, pairing: str, rows: tuple[WatchedReplication, ...]) -> SiteSnapshot:
    """A site with one pairing of these replications."""
    snapshot = a_pairing_snapshot(pairing=a_pairing(name=PairingName(pairing)), replications=rows)
    return a_site_snapshot(snapshot, site=SiteName(name))


def same(one: float, other: float) -> bool:
    """Equal, NaN included."""
    return one == other or (math.isnan(one) and math.isnan(other))


def assert_shows(text: str, site: SiteSnapshot, *, openmetrics: bool) -> None:
    """The replications of the page are those of the site, value by value."""
    found = {
        key: value
        for key, value in series_of(text, openmetrics=openmetrics).items()
        if key[0].startswith("vr_replication_") and not key[0].startswith("vr_replication_server")
    }
    expected = expected_of(site, site.pairings[0])
    assert found.keys() == expected.keys()
    assert not [key for key, value in expected.items() if not same(found[key], float(value))]


relaxed = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("openmetrics", [True, False])
@given(site=text, pairing=text, rows=rows_of(6))
@relaxed
def test_C12_page_parses_to_what_the_nouns_say(
    openmetrics: bool,  # noqa: FBT001
    site: str,
    pairing: str,
    rows: tuple[WatchedReplication, ...],
) -> None:
    """Any name, any number and any gap survives writing and reading, plain and packed."""
    snapshot = site_of(site, pairing, rows)
    page = a_page(snapshot, own=own_metrics(), time=ManualClock())
    plain = text_of(page, openmetrics=openmetrics)
    assert_shows(plain, snapshot, openmetrics=openmetrics)
    assert text_of(page, openmetrics=openmetrics, packed=True) == plain


@given(first=rows_of(4), second=rows_of(4))
@relaxed
def test_page_that_was_changed_equals_one_made_anew(
    first: tuple[WatchedReplication, ...], second: tuple[WatchedReplication, ...]
) -> None:
    """What is kept from the last poll never shows in the next."""
    page = a_page(site_of("madrid", "berlin", first), own=own_metrics())
    for rows in (second, first, second):
        snapshot = site_of("madrid", "berlin", rows)
        page.put(a_snapshot(snapshot), changed=snapshot.site)
    assert_shows(text_of(page), snapshot, openmetrics=True)


@given(rows=rows_of(8))
@relaxed
def test_counts_add_up_to_the_replications(rows: tuple[WatchedReplication, ...]) -> None:
    """Each replication is counted once by state and once by verdict."""
    found = series_of(text_of(a_page(site_of("madrid", "berlin", rows), own=own_metrics())))
    by_verdict = Counter(
        {
            dict(labels)["verdict"]: int(value)
            for (name, labels), value in found.items()
            if name == "vr_replications_rpo" and ("direction", "outgoing") in labels
        }
    )
    outgoing = [w for w in rows if w.replication.direction is Direction.OUTGOING]
    assert +by_verdict == Counter(w.verdict.value for w in outgoing)
    by_status = [value for (name, _), value in found.items() if name == "vr_replications"]
    assert sum(by_status) == len(rows)


@given(codes=st.dictionaries(text, whole, max_size=5))
@relaxed
def test_totals_parse_to_what_the_ledger_says(codes: dict[str, int]) -> None:
    """A vendor's error code may be anything."""
    totals = SiteTotals(
        counters={"vr_task_errors_total": {(code,): count for code, count in codes.items()}}
    )
    found = series_of(text_of(a_page(a_site_snapshot(totals=totals), own=own_metrics())))
    shown = {
        dict(labels)["code"]: value
        for (name, labels), value in found.items()
        if name == "vr_task_errors_total"
    }
    assert shown == {code: float(count) for code, count in codes.items()}


def test_name_without_utf8_does_not_take_the_page_away() -> None:
    """A lone surrogate is shown as a question mark."""
    row = WatchedReplication(
        Replication(ReplicationId("GID-1"), "a\ud800", "vm-1", Direction.OUTGOING),
        Verdict.MET,
    )
    page = a_page(site_of("madrid", "berlin", (row,)))
    assert 'vm="a?"' in text_of(page)
