"""The page: what is on it, in which forms, and what it costs to keep."""

from __future__ import annotations

import gzip
import threading
import tracemalloc
import zlib
from dataclasses import replace

import pytest

from tests.builders import (
    NOW,
    a_pairing,
    a_pairing_snapshot,
    a_replication,
    a_site_snapshot,
    a_snapshot,
    a_watched,
)
from tests.pages import (
    a_page,
    families_of,
    named,
    names_on,
    own_metrics,
    series_of,
    text_of,
    value,
)
from tests.rich import EXPECTED_VMS, a_failing_site, a_rich_site
from tests.simulated import ManualClock
from vr_exporter.domain.counts import SiteTotals
from vr_exporter.domain.names import SiteName
from vr_exporter.domain.snapshot import SiteSnapshot, Snapshot
from vr_exporter.metrics.page import Page

MADRID, BERLIN = SiteName("madrid"), SiteName("berlin")
BOTH = frozenset({"madrid", "berlin"})


def a_large_site(**changes: float) -> SiteSnapshot:
    """A thousand replications, so that their fragments are not small."""
    replications = [
        a_watched(a_replication(id=f"GID-{n:04}", vm=f"vm-{n:04}", **changes)) for n in range(1000)
    ]
    return a_site_snapshot(a_pairing_snapshot(*replications))


@pytest.mark.parametrize("openmetrics", [True, False])
def test_both_formats_say_the_same_of_every_series(openmetrics: bool) -> None:  # noqa: FBT001
    """Formats differ in headers and exemplars only."""
    page = a_page(a_rich_site(), a_failing_site(), expected_vms=EXPECTED_VMS)
    text = text_of(page, openmetrics=openmetrics, sites=BOTH)
    other = series_of(text, openmetrics=openmetrics)
    assert other == series_of(text_of(page, sites=BOTH))


@pytest.mark.parametrize("openmetrics", [True, False])
@pytest.mark.parametrize("sites", [None, frozenset({"madrid"})])
def test_the_gzip_page_is_one_member_that_decodes_to_the_plain_page(
    openmetrics: bool,  # noqa: FBT001
    sites: frozenset[str] | None,
) -> None:
    """Curl and others stop after the first member of a gzip body, in silence."""
    page = a_page(a_large_site(), a_failing_site())
    plain = text_of(page, openmetrics=openmetrics, sites=sites)
    assert text_of(page, openmetrics=openmetrics, sites=sites, packed=True) == plain
    reader = zlib.decompressobj(wbits=31)
    packed = b"".join(page.body(openmetrics=openmetrics, gzip=True, sites=sites).chunks)
    assert reader.decompress(packed).decode() == plain
    assert (reader.eof, reader.unused_data) == (True, b"")
    assert len(plain) > 100_000


def test_length_is_that_of_the_chunks() -> None:
    """What is announced is what is sent."""
    body = a_page(a_rich_site()).body(openmetrics=True, gzip=False)
    assert body.length == sum(map(len, body.chunks))


def test_openmetrics_ends_with_its_mark_and_text_has_none() -> None:
    """Without the mark a client takes an OpenMetrics page for cut off."""
    page = a_page(a_rich_site())
    assert text_of(page).endswith("\n# EOF\n")
    assert "# EOF" not in text_of(page, openmetrics=False)


def test_families_are_contiguous_and_come_once() -> None:
    """All sites' samples of a family follow its one header."""
    page = a_page(a_rich_site(), a_site_snapshot(site=BERLIN))
    families = [family.name for family in families_of(text_of(page))]
    assert len(families) == len(set(families))
    assert "_created" not in text_of(page)


def test_family_without_samples_has_no_header() -> None:
    """What nothing is known of is not mentioned."""
    assert "vr_replication_error" not in text_of(a_page(a_site_snapshot()))


def test_exemplars_are_on_the_openmetrics_page_only() -> None:
    """A duration leads to its task where the format has room for that."""
    page = a_page(a_rich_site())
    families = {f.name: f for f in families_of(text_of(page))}
    samples = families["vr_task_duration_seconds"].samples
    exemplars = [sample.exemplar for sample in samples if sample.exemplar]
    assert [e.labels for e in exemplars] == [{"task_id": "task-0", "replication": "GID-1"}]
    assert exemplars[0].value == 52.5
    assert float(exemplars[0].timestamp or 0) == NOW - 10.125
    assert " # {" not in text_of(page, openmetrics=False)


def test_A34_one_replication_in_two_pairings_has_one_series() -> None:
    """Two samples of one series are illegal and nobody else would notice: the first is kept."""
    twice = a_replication(id="GID-1", rpo_seconds=300)
    page = a_page(
        a_site_snapshot(
            a_pairing_snapshot(),
            a_pairing_snapshot(twice, twice, pairing=a_pairing(id="other", name="paris")),
        )
    )
    assert value(page, "vr_replication_rpo_seconds", replication="GID-1") == 900
    assert value(page, "vr_replication_info", replication="GID-1", pairing="berlin") == 1


def test_site_put_later_joins_the_page_and_a_removed_one_leaves_it() -> None:
    """The page shows the sites of the last snapshot, in its order."""
    page = a_page(a_site_snapshot())
    both = a_snapshot(a_site_snapshot(), a_site_snapshot(site=BERLIN))
    page.put(both, changed=BERLIN)
    assert len(named(page, "vr_up")) == 2
    page.put(Snapshot({BERLIN: both.sites[BERLIN]}), changed=BERLIN)
    assert named(page, "vr_up") == {frozenset({("site", "berlin")}): 1}


def test_put_renders_the_changed_site_only() -> None:
    """News of a site appear when it is named as changed."""
    page = a_page(a_site_snapshot(), a_site_snapshot(site=BERLIN))
    down = a_snapshot(a_site_snapshot(up=False), a_site_snapshot(site=BERLIN, up=False))
    page.put(down, changed=BERLIN)
    assert (value(page, "vr_up", site="madrid"), value(page, "vr_up", site="berlin")) == (1, 0)
    page.put(down)
    assert value(page, "vr_up", site="madrid") == 0


def test_part_of_the_page_has_the_asked_sites_and_not_the_process() -> None:
    """`?site=` leaves out other sites, our own counts of them, and the process."""
    page = a_page(a_rich_site(), a_site_snapshot(site=BERLIN), expected_vms=EXPECTED_VMS)
    text = text_of(page, sites=frozenset({"berlin"}))
    found = series_of(text)
    assert {dict(labels).get("site") for _, labels in found} == {"berlin", None}
    names = {name for name, _ in found}
    assert not [name for name in names if name.startswith(("process_", "python_"))]
    assert {"vr_exporter_build_info", "vr_polls_total", "vr_vm_replicated"} <= names


def test_part_of_an_unknown_site_is_still_a_page() -> None:
    """A name that no site has leaves what belongs to none."""
    text = text_of(a_page(a_rich_site()), sites=frozenset({"nowhere"}))
    assert "madrid" not in text
    assert series_of(text)


@pytest.mark.parametrize("openmetrics", [True, False])
def test_excluded_families_are_left_off(openmetrics: bool) -> None:  # noqa: FBT001
    """Globs reach every family, our own and the library's too; one survives them."""
    page = a_page(
        a_rich_site(),
        expected_vms=EXPECTED_VMS,
        excluded=("vr_replication*", "vr_api_*_total", "vr_vm_*", "python_*", "process_cpu*"),
    )
    text = text_of(page, openmetrics=openmetrics)
    names = {name for name, _ in series_of(text, openmetrics=openmetrics)}
    assert {name for name in names if name.startswith("vr_replication")} == {"vr_replications"}
    assert "vr_api_tls_verification_disabled" in names
    assert not names & {"vr_api_logins_total", "vr_vm_replicated", "process_cpu_seconds_total"}
    assert "process_open_fds" in names


def test_fragments_of_families_that_did_not_change_stay_the_same_objects() -> None:
    """A poll that changes one value costs the packing of that family only."""
    page = a_page(a_large_site())
    before = page.body(openmetrics=True, gzip=False).chunks
    page.put(a_snapshot(a_large_site(last_sync_bytes=5)), changed=MADRID)
    after = page.body(openmetrics=True, gzip=False).chunks
    large = [chunk for chunk in before if len(chunk) > 65_536]
    kept = [chunk for chunk in large if any(chunk is other for other in after)]
    assert text_of(page).count(" 5\n") >= 1000
    assert len(kept) == len(large) - 1 > 10


def test_packed_readers_do_not_make_the_page_keep_its_plain_form() -> None:
    """The plain page is kept from a plain scrape on, and let go ten minutes after the last."""
    time = ManualClock(NOW)
    page = a_page(a_large_site(), time=time)

    def kept_bytes() -> int:
        forms = page._sites[MADRID].forms["vr_replication_info"]
        return len(forms.text._plain or b"")

    assert kept_bytes() == 0
    text_of(page, packed=True)
    assert kept_bytes() == 0
    text_of(page)
    assert kept_bytes() > 100_000
    time.advance(599)
    page.put(a_snapshot(a_large_site(last_sync_bytes=6)), changed=MADRID)
    assert kept_bytes() > 100_000
    time.advance(1)
    page.put(a_snapshot(a_large_site(last_sync_bytes=7)), changed=MADRID)
    assert kept_bytes() == 0


def test_own_counters_are_rendered_at_most_once_a_second() -> None:
    """Scrapes within a second are given the same bytes."""
    time, own = ManualClock(NOW), own_metrics("madrid")
    page = a_page(a_site_snapshot(), own=own, time=time)
    assert value(page, "vr_secret_reload_failures_total") == 0
    own.secret_reload_failed()
    time.advance(0.9)
    assert value(page, "vr_secret_reload_failures_total") == 0
    time.advance(0.1)
    assert value(page, "vr_secret_reload_failures_total") == 1


def test_tag_changes_with_the_bytes_and_with_nothing_else() -> None:
    """A tag names format, encoding, part and moment."""
    time = ManualClock(NOW)
    page = a_page(a_site_snapshot(), time=time)

    def tags() -> list[str]:
        return [
            page.body(openmetrics=openmetrics, gzip=packed, sites=sites).etag
            for openmetrics in (True, False)
            for packed in (True, False)
            for sites in (None, frozenset({"madrid"}), frozenset({"berlin"}))
        ]

    first = tags()
    assert len(set(first)) == len(first)
    assert tags() == first
    time.advance(1)
    second = tags()
    assert not set(second) & set(first)
    page.put(a_snapshot(), changed=MADRID)
    assert not set(tags()) & set(second)


def test_page_tells_its_own_size_and_cost() -> None:
    """The size is that of the plain page without our own counters, by format."""
    page = a_page(a_rich_site())
    for form in ("openmetrics", "text"):
        text = text_of(page, openmetrics=form == "openmetrics").encode()
        size = value(page, "vr_snapshot_rendered_bytes", format=form)
        assert size == text.index(
            b"# TYPE vr_polls" if form == "openmetrics" else b"# HELP vr_polls"
        )
    assert value(page, "vr_snapshot_render_duration_seconds") == 0


def test_scrape_is_answered_while_a_poll_renders() -> None:
    """A scrape takes no lock that a poll holds: it gets the page from before."""
    page = a_page(a_site_snapshot())
    with page._putting:
        scraped: list[str] = []
        scrape = threading.Thread(target=lambda: scraped.append(text_of(page)))
        scrape.start()
        scrape.join(60)
        assert scraped
        assert "vr_up" in scraped[0]


def test_page_before_the_first_snapshot_has_our_own_counters() -> None:
    """There is a page from the first moment."""
    page = Page(own=own_metrics(), clock=ManualClock(NOW).clock())
    assert "vr_exporter_build_info" in names_on(page)


def test_new_values_beside_the_same_names_are_shown() -> None:
    """Kept labels are joined with the values of the last poll; an absent one has no line."""
    page = a_page(a_site_snapshot(a_pairing_snapshot(a_replication(), a_replication(id="GID-2"))))
    news = a_pairing_snapshot(
        a_replication(rpo_seconds=300, vm="renamed"), a_replication(id="GID-2", rpo_seconds=None)
    )
    page.put(a_snapshot(a_site_snapshot(news)), changed=MADRID)
    assert value(page, "vr_replication_rpo_seconds", replication="GID-1", vm="renamed") == 300
    assert len(named(page, "vr_replication_rpo_seconds")) == 1


def test_totals_change_without_a_change_of_the_inventory() -> None:
    """A counter of the ledger moves on the page although no replication did."""
    page = a_page(a_site_snapshot())
    totals = SiteTotals(counters={"vr_replications_removed_total": {(): 2}})
    page.put(a_snapshot(replace(a_site_snapshot(), totals=totals)), changed=MADRID)
    assert value(page, "vr_replications_removed_total", site="madrid") == 2


def test_packing_without_isal_gives_the_same_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra only makes it faster."""
    monkeypatch.setattr("vr_exporter.metrics.deflate._engine", zlib)
    page = a_page(a_large_site())
    packed = b"".join(page.body(openmetrics=True, gzip=True).chunks)
    assert gzip.decompress(packed).decode() == text_of(page)


def test_filtered_scrapes_leave_nothing_behind() -> None:
    """Asking for ever other parts of the page does not fill the memory."""
    time = ManualClock(NOW)
    page = a_page(a_large_site(), time=time)
    page.body(openmetrics=True, gzip=True, sites=frozenset({"madrid"}))
    tracemalloc.start()
    for number in range(200):
        time.advance(1)
        page.body(openmetrics=True, gzip=True, sites=frozenset({"madrid", f"x{number}"}))
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 1_000_000
