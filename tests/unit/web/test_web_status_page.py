"""The page for people."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import (
    NOW,
    a_finished_task,
    a_pairing,
    a_pairing_snapshot,
    a_replication,
    a_site_never_reached,
    a_site_snapshot,
    a_snapshot,
    a_task,
    a_watched,
    an_error,
    an_issue,
    some_poll_facts,
    some_progress,
)
from tests.wishes import a_target, a_trigger
from vr_exporter.domain.inventory import Direction, Replication
from vr_exporter.domain.rpo import Verdict
from vr_exporter.domain.snapshot import Snapshot, WatchedReplication
from vr_exporter.domain.tasks import TaskState
from vr_exporter.domain.triggers import TriggerState
from vr_exporter.ledger.audit import AuditRow
from vr_exporter.syncing.schedules import Schedule
from vr_exporter.syncing.targets import Wanted
from vr_exporter.web.api.status import Refusal, Slot, Status
from vr_exporter.web.overview import inventory, overview
from vr_exporter.web.status_page import FILES, POLICY, status_page

TAGS = {
    *("html", "head", "meta", "title", "link", "script", "noscript", "body", "header", "main"),
    *("footer", "section", "h1", "h2", "p", "nav", "a", "small", "dl", "div", "dt", "dd", "img"),
    *("svg", "rect", "span", "ul", "li"),
    *("table", "thead", "tbody", "tr", "th", "td", "time", "progress"),
}
"""Every element that the page is made of."""


class Seen(HTMLParser):
    """What a browser would see: the tags, the text, the attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        """Keep text."""
        self.text += f"{data}|"


def render(snapshot: Snapshot, *, version: str = "1.2.3", **beside: Any) -> str:
    """The page as text."""
    seen = overview(snapshot, inventory(snapshot))
    around: dict[str, Any] = {"can_sync": False, "schedules": (), "refusals": (), **beside}
    return status_page(Status(version=version, overview=seen, **around), now=NOW).decode()


def late(name: str, violation: int | None, **changes: Any) -> WatchedReplication:
    """A replication past its RPO."""
    replication = a_replication(
        id=f"GID-{name}", vm=name, rpo_violated=True, rpo_violation_seconds=violation, **changes
    )
    return a_watched(replication, verdict=Verdict.BREACHED)


def with_rows(*rows: Replication | WatchedReplication) -> Snapshot:
    """A site with these replications."""
    return a_snapshot(a_site_snapshot(a_pairing_snapshot(*rows)))


def test_C15_policy_allows_our_own_files_and_the_page_needs_no_more() -> None:
    """No origin but ours and nothing inline; the page has no script or style in itself."""
    assert POLICY.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
    assert "unsafe" not in POLICY
    assert "require-trusted-types-for 'script'" in POLICY
    page = render(a_snapshot())
    assert "<style" not in page
    assert ' style="' not in page
    assert page.count("<script") == page.count("></script>") == 1


def test_page_names_its_files_and_nothing_from_elsewhere() -> None:
    """Each link stays below the page, also behind a proxy's prefix; each file of it is there."""
    seen = Seen(render(a_snapshot()))
    links = {value or "" for name, value in seen.attributes if name in ("href", "src")}
    assert {"metrics", "api/v1/sites", "api/v1/replications", "api/v1/tasks"} <= links
    assert not any(re.match(r"/|[a-z]+:", link) for link in links)
    files = {link.removeprefix("status/") for link in links if link.startswith("status/")}
    for name, file in FILES.items():
        if name.endswith(".js"):
            files |= {*re.findall(r'from "\./(.+?)"', file.document.plain.decode())}
    assert files == {*FILES}


def test_page_without_scripts_loads_itself_again() -> None:
    """Every 15 s, and only there: with scripts that would lose what was typed."""
    assert '<noscript><meta http-equiv="refresh" content="15"></noscript>' in render(a_snapshot())


def test_sites_and_pairings_show_state_and_last_error() -> None:
    """Down, stale and waiting are words, not colours alone; the error text stands beside."""
    poll = some_poll_facts(error="refused the connection", error_reason="connect")
    down = a_site_snapshot(
        a_pairing_snapshot(up=False, error="403 forbidden"), up=False, stale=True, poll=poll
    )
    text = Seen(render(a_snapshot(down, a_site_never_reached(site="wien")))).text
    for word in ("madrid", "down", "stale", "refused the connection", "403 forbidden", "waiting"):
        assert word in text
    assert text.index("Site madrid is down") < text.index("Sites and pairings")


def test_offenders_come_worst_first() -> None:
    """Those longest past their RPO lead; an unknown time comes last."""
    rows = (late("b-short", 60), late("c-unknown", None), late("a-long", 9000), a_watched())
    text = Seen(render(with_rows(*rows))).text
    assert "3 replications (a-long, b-short, c-unknown) are in breach of the RPO" in text
    text = text[text.index("Against its RPO") :]
    assert text.index("a-long") < text.index("b-short") < text.index("c-unknown")
    assert "2 h 30 min" in text
    assert "db-01" not in text


def test_replication_seen_from_both_sites_counts_once() -> None:
    """The source's view wins over the target's, a fresh one over a stale one."""
    outgoing = a_pairing_snapshot(late("db-07", 600))
    incoming = a_pairing_snapshot(
        late("db-07", 600, direction=Direction.INCOMING),
        pairing=a_pairing(name="madrid"),
    )
    berlin = a_site_snapshot(incoming, site="berlin")
    text = Seen(render(a_snapshot(berlin, a_site_snapshot(outgoing)))).text
    assert "Replication db-07 is in breach of the RPO" in text
    row = text[text.index("Against its RPO") :]
    assert row.count("db-07") == 1
    assert re.search(r"db-07\|.*madrid\|berlin\|", row)
    stale = a_site_snapshot(outgoing, stale=True)
    assert "berlin|madrid|" in Seen(render(a_snapshot(stale, berlin))).text


def test_running_sync_has_a_bar() -> None:
    """A known ratio fills the bar; an unknown one leaves it undetermined."""
    known = a_replication(vm="known", progress=some_progress(ratio=0.5))
    unknown = a_replication(id="GID-2", vm="unknown", progress=some_progress(ratio=None))
    page = render(with_rows(known, unknown))
    assert 'value="0.5000" aria-label="sync of known"></progress>50 %' in page
    assert '<progress aria-label="sync of unknown"></progress>' in page
    assert "1.0 MB of 2.0 MB" in page


def test_triggers_under_way_come_with_what_needs_a_person_first() -> None:
    """What stayed unknown, then what runs, then what waits, the longest first; the rest counted."""
    ambiguous = a_trigger(
        target=a_target(vm="unclear"), state=TriggerState.AMBIGUOUS, sentence="looked for"
    )
    running = a_trigger(target=a_target(vm="busy"), state=TriggerState.RUNNING, asked_at=NOW - 90)
    waiting = [
        a_trigger(target=a_target(vm=f"waits-{age}"), asked_at=NOW - age) for age in range(300, 330)
    ]
    page = render(a_snapshot(a_site_snapshot(triggers=(*waiting, running, ambiguous))))
    text = Seen(page).text
    words = ("Triggers under way", "unclear", "unknown", "looked for", "busy", "waits-329")
    places = [text.index(word, text.index("Triggers under way")) for word in words]
    assert places == sorted(places)
    assert "20 of 32" in page
    assert '<span class="badge running">syncing</span>' in page


def test_failures_show_the_words_of_the_appliance() -> None:
    """Failed tasks, errors and issues stand in one list: what lasts, then the newest."""
    failed = a_finished_task(
        state=TaskState.ERROR, entity_name="web-09", error_message="no space left"
    )
    pairing = a_pairing_snapshot(
        a_replication(errors=(an_error(message="disk is gone"),)),
        issues={"pairing": (an_issue(scope="pairing", description="lost the other side"),)},
    )
    text = Seen(render(a_snapshot(a_site_snapshot(pairing, tasks=(failed, a_task()))))).text
    words = ("disk is gone", "no space left", "lost the other side")
    assert [text.index(word) for word in words] == sorted(text.index(word) for word in words)


def test_page_stays_small_with_5000_replications_that_are_all_late_and_syncing() -> None:
    """Fifty rows of a kind are shown, and how many there are in all is said."""
    rows = [late(f"vm-{number}", number, progress=some_progress()) for number in range(5000)]
    page = render(with_rows(*rows))
    assert len(page) < 100_000
    assert "50 of 5,000" in page
    assert page.count("<progress") == 50


def test_first_page_of_all_is_shown_without_any_site() -> None:
    """An empty snapshot is a page too."""
    assert "No site is configured." in render(Snapshot())


def test_C15_hostile_text_is_escaped_wherever_it_comes_from() -> None:
    """Names, states and messages cannot become markup."""
    evil = "\"'><script>alert(1)</script><img src=x onerror=y>{0}{evil}%s"
    watched = late(
        evil,
        5,
        status=evil,
        progress=some_progress(),
        errors=(an_error(message=evil),),
    )
    pairing = a_pairing_snapshot(
        watched,
        pairing=a_pairing(name=evil),
        error=evil,
        issues={"pairing": (an_issue(entity_name=evil, description=evil),)},
    )
    task = a_finished_task(state=TaskState.ERROR, entity_name=evil, error_message=evil)
    trigger = a_trigger(target=a_target(vm=evil, site=evil), sentence=evil)
    site = a_site_snapshot(
        pairing,
        site=evil,
        poll=some_poll_facts(error=evil),
        tasks=(task,),
        url=evil,
        triggers=(trigger,),
    )
    row = AuditRow(1, NOW, evil, "skipped", site=evil, result=evil)
    slot = Slot(Schedule(evil, evil, evil, Wanted(patterns=(evil,), site=evil)), NOW + 60)
    beside = {"refusals": (Refusal(row, evil),), "schedules": (slot,)}
    seen = Seen(render(a_snapshot(site), version=evil, **beside))
    assert seen.tags <= TAGS
    assert not any(name.startswith("on") for name, _ in seen.attributes)
    assert evil in seen.text


@settings(max_examples=30)
@given(st.text(alphabet=st.characters(), max_size=40))
def test_C15_any_name_makes_a_page_of_the_same_elements(name: str) -> None:
    """Whatever a VM is called, control characters and half surrogates included."""
    assert Seen(render(with_rows(late(name, 60)))).tags <= TAGS


def test_schedules_and_refusals_are_told() -> None:
    """When the next slot comes and for whom; what was turned down, and why."""
    schedule = Schedule("nightly", "0 2 * * *", "UTC", Wanted(patterns=("db-*",), site="madrid"))
    row = AuditRow(1, NOW - 60, "api from ::1", "skipped", result="cooldown: asked 5 s ago")
    page = render(
        a_snapshot(), schedules=(Slot(schedule, NOW + 60),), refusals=(Refusal(row, "db-01"),)
    )
    text = Seen(page).text
    for words in (
        "nightly",
        "2026-09-21 14:14:20 UTC",
        "db-* at madrid",
        "cooldown: asked 5 s ago",
    ):
        assert words in text


def test_long_message_is_cut() -> None:
    """One endless error text does not bury the page."""
    page = render(with_rows(late("db", 60, errors=(an_error(message="x" * 100_000),))))
    assert len(page) < 30_000
