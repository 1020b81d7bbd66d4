from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import NOW
from tests.ledgers import a_row, lead_to, state_of, step
from tests.simulated import ManualClock
from vr_exporter.app.triggers import Housekeeping
from vr_exporter.domain.names import SiteName
from vr_exporter.domain.snapshot import Snapshot
from vr_exporter.domain.triggers import Trigger, TriggerState
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.syncing.targets import Directory

S = TriggerState
NO_SITE: frozenset[SiteName] = frozenset()


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """An empty one."""
    return Ledger(tmp_path / "state.db", now=NOW)


def housekeeping(ledger: Ledger) -> Housekeeping:
    """Housekeeping without schedules."""
    return Housekeeping(
        ledger,
        Directory(Snapshot),
        submit=lambda _wish: pytest.fail("nothing is wished for"),
        schedules=lambda: (),
        clock=ManualClock(NOW).clock(),
    )


def test_a_post_under_way_at_a_site_that_left_is_ended_once_it_is_answered(ledger: Ledger) -> None:
    """Until then its outcome is the last worker's to write down."""
    posting = lead_to(ledger, S.POSTING)
    keeping = housekeeping(ledger)
    keeping.end_orphans(NO_SITE)
    assert state_of(ledger) is S.POSTING
    ledger.settle(step(posting, S.RUNNING), now=NOW)
    keeping.end_orphans(NO_SITE)
    assert state_of(ledger) is S.LOST


def test_a_wish_that_its_last_worker_claims_meanwhile_is_left_to_it(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop that watches over the workers does not die of it."""
    reserved = lead_to(ledger, S.RESERVED)

    def seen_before_the_claim(**_: object) -> tuple[Trigger, ...]:
        assert ledger.claim(reserved.key, now=NOW)
        return (reserved,)

    monkeypatch.setattr(ledger, "triggers", seen_before_the_claim)
    housekeeping(ledger).end_orphans(NO_SITE)
    assert state_of(ledger) is S.POSTING


def test_a_wish_that_joined_one_which_never_began_is_expired_like_it(ledger: Ledger) -> None:
    """Nothing of it is unknown: no sync was asked for."""
    lead_to(ledger, S.RESERVED)
    joined = ledger.reserve(a_row("two", asked_at=NOW + 1), now=NOW + 1).trigger
    assert joined.state is S.JOINED
    housekeeping(ledger).end_orphans(NO_SITE)
    assert state_of(ledger, "two") is state_of(ledger) is S.EXPIRED
