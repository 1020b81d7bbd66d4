from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from vr_exporter.cli.sync.asking import Wanted
from vr_exporter.cli.sync.leaving import Again, words_of_leaving
from vr_exporter.cli.sync.standing import Standing, Target
from vr_exporter.domain.triggers import TriggerState


def standing(vm: str, state: TriggerState | None) -> Standing:
    """A wish for this VM."""
    asked = Standing(Target(f"GID-{vm}", "madrid", "berlin", vm), vm)
    return replace(asked, state=state, is_sent=state is not None)


def test_what_goes_on_waits_or_was_never_asked_is_said_with_how_to_look_again() -> None:
    """Whoever leaves knows what they leave."""
    every = [
        standing("a", TriggerState.RUNNING),
        standing("b", TriggerState.RESERVED),
        standing("c", None),
        standing("d", TriggerState.SUCCEEDED),
    ]
    wanted = Wanted(("a", "b"), ("c *",), site="madrid")
    again = Again(Path("vr.yml"))
    assert list(words_of_leaving("stopped", every, wanted=wanted, again=again, is_alone=False)) == [
        "stopped: 1 goes on (a); 1 is queued (b); 1 was not asked for (c)",
        "look:   vr-exporter state show --config.file vr.yml",
        "follow: vr-exporter sync a b --match 'c *' --site madrid --config.file vr.yml",
    ]


def test_without_an_exporter_what_is_queued_waits_for_the_next() -> None:
    """Nobody asks for it while nothing runs here."""
    lines = list(
        words_of_leaving(
            "stopped",
            [standing("a", TriggerState.RESERVED)],
            wanted=Wanted(("a",)),
            again=Again(),
            is_alone=True,
        )
    )
    assert lines[1].startswith("what is queued is asked for when")


def test_many_are_counted_and_the_server_is_named_again() -> None:
    """The line stays one line; the token stands in its file."""
    every = [standing(f"vm-{number}", TriggerState.RUNNING) for number in range(9)]
    again = Again(Path("unused.yml"), "http://exporter:10843", Path("token"))
    lines = list(
        words_of_leaving("stopped", every, wanted=Wanted(is_all=True), again=again, is_alone=False)
    )
    assert lines[0] == ("stopped: 9 go on (vm-0, vm-1, vm-2, vm-3, vm-4, vm-5, 3 more)")
    assert lines[2] == (
        "follow: vr-exporter sync --all --server http://exporter:10843 --token-file token"
    )


def test_nothing_is_left_when_all_is_over() -> None:
    """Then there is nothing to follow."""
    every = [standing("a", TriggerState.SUCCEEDED)]
    assert list(
        words_of_leaving("stopped", every, wanted=Wanted(("a",)), again=Again(), is_alone=False)
    ) == ["stopped: nothing goes on"]
