from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.exporters import SILENCE, SYNCED, FakeExporter, a_place, a_problem, serving
from tests.simulated import ManualClock
from vr_exporter.cli.common import CommandError, Exit
from vr_exporter.cli.reached import Reached
from vr_exporter.cli.sync.asking import TRIES, Asking, Terms, Wanted, ask_all
from vr_exporter.cli.sync.following import Following, Round, are_over
from vr_exporter.cli.sync.lines import Lines, Silence
from vr_exporter.cli.sync.standing import Standing, Target
from vr_exporter.domain.triggers import TriggerState
from vr_exporter.settings import Settings

TERMS = Terms(timeout_seconds=7200.0)


def never(_settings: Settings) -> AbstractContextManager[Path]:
    """No exporter is begun in these tests."""
    raise AssertionError


@contextmanager
def asking(exporter: FakeExporter) -> Iterator[tuple[Asking, Reached, ManualClock]]:
    """Ask this exporter, on a clock moved by hand."""
    clock = ManualClock()
    with (
        serving(exporter) as url,
        Reached(None, server=url, token_file=None, start=never, wait=clock.wait) as reached,
    ):
        yield Asking(reached, wait=clock.wait), reached, clock


def wishes(*vms: str) -> Round:
    """A wish for each VM."""
    every = [Standing(Target(f"GID-{vm}", "madrid", "berlin", vm), f"t-{vm}") for vm in vms]
    return Round({each.token: each for each in every})


def followed(exporter: FakeExporter, *vms: str) -> tuple[Round, list[str], ManualClock]:
    """Ask and follow to the end: the round, its lines and the clock."""
    lines: list[str] = []
    every = wishes(*vms)
    with asking(exporter) as (asked, reached, clock):
        screen = Lines(lines.append)
        ask_all(asked, every.every, TERMS, every.put)
        screen.show(every)
        following = Following(reached, every, screen, wait=clock.wait, monotonic=clock.monotonic)
        assert following.run(are_over, until=clock.monotonic() + 7200)
    return every, lines, clock


def test_wishes_are_made_in_order_each_under_a_key_of_its_own_and_followed_to_the_end() -> None:
    """One request a second tells of all."""
    exporter = FakeExporter()
    every, lines, _ = followed(exporter, "a", "b")
    assert [each.state for each in every.every] == [TriggerState.SUCCEEDED] * 2
    assert exporter.keys == ["t-a", "t-b"]
    assert exporter.bodies[0] == {"origin": "cli", "timeout_seconds": 7200.0}
    assert lines == [
        *("madrid a queued", "madrid b queued"),
        *("madrid a syncing", "madrid b syncing"),
        *("madrid a synced after 1m5s", "madrid b synced after 1m5s"),
    ]
    looks = [path for method, path in exporter.asked if method == "GET"]
    assert looks == ["/api/v1/triggers?limit=1000"] * 2


@pytest.mark.parametrize("lost", [SILENCE, (SILENCE, "taken"), (502, "<html>")])
def test_a_wish_whose_answer_was_lost_is_made_again_as_the_same_wish(lost: object) -> None:
    """Taken or not the first time: one key, one wish."""
    exporter = FakeExporter(wishes=[lost])
    every, _, _ = followed(exporter, "a")
    assert exporter.keys == ["t-a", "t-a"]
    assert len(exporter.taken) == 1
    assert every.every[0].state is TriggerState.SUCCEEDED


def test_a_wish_that_never_gets_an_answer_is_unknown() -> None:
    """Neither taken nor refused is claimed: exit code 6."""
    exporter = FakeExporter(wishes=[SILENCE] * TRIES)
    every, _, clock = followed(exporter, "a")
    assert every.every[0].exit_code(wants_fresh=False) == Exit.UNKNOWN
    assert every.every[0].sentence.startswith("whether it was asked for is unknown: ")
    assert clock.waits == [1.0] * TRIES


@pytest.mark.parametrize(
    ("status", "code"), [(401, Exit.USAGE), (403, Exit.USAGE), (503, Exit.STATE)]
)
def test_a_refusal_that_holds_for_all_wishes_ends_the_command(status: int, code: Exit) -> None:
    """One line, its code; no other wish is made."""
    exporter = FakeExporter(wishes=[a_problem(status, "no, because")] * TRIES)
    every = wishes("a", "b")
    with asking(exporter) as (asked, _, _), pytest.raises(CommandError) as caught:
        ask_all(asked, every.every, TERMS, every.put)
    assert caught.value.exit_code == code
    assert "no, because" in caught.value.lines[0]
    assert len(caught.value.lines) == 1
    assert set(exporter.keys) == {"t-a"}


def test_a_passing_503_is_waited_out() -> None:
    """An exporter that starts anew promises nothing for a moment."""
    exporter = FakeExporter(wishes=[a_problem(503, "stopping")])
    every, _, _ = followed(exporter, "a")
    assert every.every[0].state is TriggerState.SUCCEEDED


def test_a_refusal_after_the_first_wish_leaves_that_one_followed() -> None:
    """The rest was not taken, and is said so."""
    exporter = FakeExporter(wishes=[None, a_problem(401, "not the token")])
    every, lines, _ = followed(exporter, "a", "b", "c")
    assert [each.state for each in every.every] == [
        TriggerState.SUCCEEDED,
        TriggerState.REFUSED,
        TriggerState.REFUSED,
    ]
    assert "not the token" in lines[1]
    assert len(exporter.keys) == 2


def test_a_guards_no_is_that_wish_s_end_alone() -> None:
    """The others go on."""
    exporter = FakeExporter(
        lives={"a": (TriggerState.SKIPPED,)},
        changes={"a": {"reason": "paused", "sentence": "a is paused", "ended_at": None}},
    )
    _, lines, _ = followed(exporter, "a", "b")
    assert lines[0] == "madrid a skipped: paused (a is paused)"
    assert lines[-1] == "madrid b synced after 1m5s"


def test_an_exporter_that_is_away_for_a_moment_is_asked_again() -> None:
    """A restart of the exporter ends no wish."""
    exporter = FakeExporter(looks=[SILENCE, (502, "<html>")])
    every, _, _ = followed(exporter, "a")
    assert every.every[0].state is TriggerState.SUCCEEDED


def test_an_exporter_that_stays_away_leaves_the_end_unknown() -> None:
    """After a minute nobody waits any more."""
    exporter = FakeExporter(looks=[SILENCE] * 100)
    every, _, clock = followed(exporter, "a")
    assert every.every[0].exit_code(wants_fresh=False) == Exit.UNKNOWN
    assert 60 <= sum(clock.waits) <= 62


def test_a_trigger_that_the_ledger_lost_is_unknown() -> None:
    """Asked for by its key, it is not there."""
    exporter = FakeExporter()
    exporter.looks = [(200, {"triggers": []})]
    every, _, _ = followed(exporter, "a")
    assert every.every[0].sentence == "the exporter knows nothing of it any more"


def test_the_time_to_leave_comes_before_the_end() -> None:
    """What runs goes on."""
    exporter = FakeExporter(lives={"a": SYNCED[:2]})
    every = wishes("a")
    with asking(exporter) as (asked, reached, clock):
        ask_all(asked, every.every, TERMS, every.put)
        following = Following(reached, every, Silence(), wait=clock.wait, monotonic=clock.monotonic)
        assert not following.run(are_over, until=clock.monotonic() + 30)
    assert every.every[0].goes_on


def test_sites_are_waited_for_until_each_was_tried() -> None:
    """An exporter that has just started does not know yet where a VM is asked."""
    exporter = FakeExporter(untried=3)
    with asking(exporter) as (asked, _, clock):
        found = asked.resolve(Wanted(("db-01",)))
    assert [target.vm for target in found.targets] == ["db-01"]
    assert clock.waits == [0.5] * 3


def test_an_unknown_site_is_bad_usage_with_the_nearest() -> None:
    """Said before anything is asked."""
    with asking(FakeExporter()) as (asked, _, _), pytest.raises(CommandError) as caught:
        asked.resolve(Wanted(("db-01",), site="madird"))
    assert caught.value.exit_code == Exit.USAGE
    assert caught.value.lines == (
        "--site: no such site madird (did you mean 'madrid'?) (known: madrid)",
    )


def test_many_names_are_asked_for_in_requests_that_a_server_takes() -> None:
    """Each target once, whatever asked for it."""
    exporter = FakeExporter(places=[a_place("a")])
    names = tuple(f"a-virtual-machine-with-a-long-name-{number}" for number in range(200))
    with asking(exporter) as (asked, _, _):
        found = asked.resolve(Wanted(names, ("a*",), is_all=True, site="madrid"))
    questions = [path for _, path in exporter.asked if path.startswith("/api/v1/targets")]
    assert max(map(len, questions)) < 4000
    assert sum(path.count("name=") for path in questions) == 200
    assert all("site=madrid" in path for path in questions)
    assert "match=a" in questions[-1]
    assert "all=true" in questions[-1]
    assert len(found.targets) == 1


def test_no_of_a_guard_is_the_end_of_its_wish_alone() -> None:
    """The problem tells state, reason and sentence; the other wishes are made."""
    skipped = {"key": "k", "state": "skipped", "reason": "cooldown", "sentence": "asked 5 s ago"}
    exporter = FakeExporter()
    exporter.wishes = [(409, {"status": 409, "detail": "asked 5 s ago", **skipped})]
    every, _, _ = followed(exporter, "a", "b")
    first, second = every.every
    assert (first.word, first.sentence) == ("skipped: cooldown", "asked 5 s ago")
    assert first.exit_code(wants_fresh=False) == Exit.REFUSED
    assert second.state is TriggerState.SUCCEEDED
