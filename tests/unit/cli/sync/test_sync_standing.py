from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.exporters import a_row
from vr_exporter.cli.common import Exit
from vr_exporter.cli.sync.standing import Standing, Target, exit_of
from vr_exporter.domain.triggers import TABLE, TriggerState

ASKED = Standing(Target("GID-1", "madrid", "berlin", "db-01"), "token")


def at(state: TriggerState, **changes: Any) -> Standing:
    """A wish in this state."""
    return replace(ASKED, state=state, key="k1", is_sent=True, **changes)


@pytest.mark.parametrize("state", TriggerState)
def test_word_and_exit_code_are_those_of_the_one_table(state: TriggerState) -> None:
    """Ledger, metrics, screen and exit code never disagree."""
    standing = at(state, reason="cooldown" if state is TriggerState.SKIPPED else "")
    assert standing.word.startswith(TABLE[state].word)
    assert standing.exit_code(wants_fresh=False) == TABLE[state].exit_code


@pytest.mark.parametrize(
    ("states", "code"),
    [
        ("succeeded", Exit.DONE),
        ("succeeded running", Exit.STOPPED),
        ("expired succeeded", Exit.STOPPED),
        ("running failed succeeded", Exit.REFUSED),
        ("lost failed running", Exit.UNKNOWN),
        ("ambiguous refused", Exit.UNKNOWN),
    ],
)
def test_of_several_6_comes_before_5_before_4(states: str, code: Exit) -> None:
    """The worst is told."""
    standings = [at(TriggerState(state)) for state in states.split()]
    assert exit_of(standings, wants_fresh=False) == code


def test_a_copy_that_is_fresh_ends_well() -> None:
    """Nothing had to be done."""
    fresh = at(TriggerState.SKIPPED, reason="fresh")
    assert (fresh.word, exit_of([fresh], wants_fresh=True)) == ("skipped: fresh", Exit.DONE)


def test_a_success_that_left_the_copy_as_old_as_it_was_is_not_fresh() -> None:
    """With --max-age the copies count, not the syncs."""
    stale = at(TriggerState.SUCCEEDED, is_confirmed=False)
    assert exit_of([stale], wants_fresh=True) == Exit.REFUSED
    assert exit_of([stale], wants_fresh=False) == Exit.DONE


def test_a_dry_run_says_of_each_what_a_wish_would_lead_to() -> None:
    """Also of one that a guard would turn away: `-` stands for what was not asked."""
    yes, no = replace(ASKED, would_act=True), replace(ASKED, would_act=False, reason="paused")
    assert (yes.word, no.word) == ("would sync", "would not sync: paused")


def test_a_dry_run_ends_with_0_only_when_all_would_act() -> None:
    """So a script can ask."""
    yes, no = replace(ASKED, would_act=True), replace(ASKED, would_act=False, reason="paused")
    assert exit_of([yes], wants_fresh=False) == Exit.DONE
    assert exit_of([yes, no], wants_fresh=False) == Exit.REFUSED


def test_what_goes_on_is_well_when_nobody_wanted_to_wait() -> None:
    """--no-wait ends with 0 once all is taken."""
    assert exit_of([at(TriggerState.RESERVED)], wants_fresh=False, may_go_on=True) == Exit.DONE


def test_an_answer_that_never_came_is_unknown() -> None:
    """Neither well nor ill is claimed."""
    unheard = replace(ASKED, is_sent=True).unheard("silence")
    assert (unheard.word, unheard.exit_code(wants_fresh=False)) == ("unknown", Exit.UNKNOWN)
    assert unheard.is_over


def test_a_row_of_the_api_is_read_whole() -> None:
    """Key, state, reasons and times."""
    row = a_row("k9", state=TriggerState.FAILED, reason="storage", sentence="full", ended_at=None)
    after = ASKED.after(row | {"ended_timestamp_seconds": row["asked_timestamp_seconds"] + 5})
    assert (after.key, after.state, after.reason) == ("k9", TriggerState.FAILED, "storage")
    assert (after.sentence, after.took_seconds) == ("full", 5.0)


def test_a_state_of_a_later_version_changes_nothing() -> None:
    """An older client goes on following."""
    running = at(TriggerState.RUNNING)
    assert running.after({"key": "k1", "state": "dreaming"}).state is TriggerState.RUNNING
