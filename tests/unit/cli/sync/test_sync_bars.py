from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from vr_exporter.cli.sync.bars import drawn, figures_of, rows_shown, summary
from vr_exporter.cli.sync.following import Round
from vr_exporter.cli.sync.speed import Progress
from vr_exporter.cli.sync.standing import Standing, Target
from vr_exporter.domain.triggers import TriggerState


def standing(vm: str, state: TriggerState) -> Standing:
    """A wish for this VM."""
    asked = Standing(Target(f"GID-{vm}", "madrid", "berlin", vm), vm)
    return replace(asked, state=state, is_sent=True)


def a_round(*standings: Standing) -> Round:
    """A round of these."""
    return Round({each.token: each for each in standings})


def text(wishes: Round, room: int = 20, width: int = 160) -> str:
    """What a terminal of so many columns shows."""
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    with console.capture() as captured:
        console.print(drawn(wishes, room, width=width))
    return captured.get()


def test_a_row_shows_state_percent_bytes_rate_and_time_left() -> None:
    """All that a person who waits asks."""
    wishes = a_round(standing("db-01", TriggerState.RUNNING))
    speed = wishes.speed_of(wishes.every[0])
    speed.see(Progress(0, 0.0, 0, 400 * 2**20))
    speed.see(Progress(10, 0.25, 100 * 2**20, 400 * 2**20))
    shown = text(wishes)
    for word in ("db-01", "syncing", "25%", "100 MiB of 400 MiB", "10 MiB/s", "30s left"):
        assert word in shown
    assert shown.splitlines()[-1].strip() == "1 syncing"


def test_a_synced_one_is_full_and_one_unknown_shows_no_figures() -> None:
    """Nothing is guessed."""
    synced = a_round(standing("db-01", TriggerState.SUCCEEDED))
    assert "100%" in text(synced)
    running = a_round(standing("db-02", TriggerState.RUNNING))
    assert "%" not in text(running)
    assert figures_of(running.speed_of(running.every[0])) == ("", "", "")


def test_where_not_all_have_room_those_under_way_stand_first_then_the_bad_ends() -> None:
    """A screen never scrolls, and hides the least."""
    states = [TriggerState.SUCCEEDED, TriggerState.FAILED, TriggerState.RUNNING]
    every = [standing(state.value, state) for state in states]
    assert [each.target.vm for each in rows_shown(every, 2)] == ["running", "failed"]
    assert rows_shown(every, 3) == every


def test_the_last_line_counts_by_word() -> None:
    """Also what has no room."""
    every = [standing("a", TriggerState.RUNNING), standing("b", TriggerState.RUNNING)]
    assert summary([*every, standing("c", TriggerState.FAILED)]) == "2 syncing, 1 failed"


def test_a_hostile_name_cannot_steer_the_terminal() -> None:
    """It is escaped."""
    assert "\x1b[2J" not in text(a_round(standing("x\x1b[2J", TriggerState.RUNNING)))


def test_all_figures_have_room_on_80_columns() -> None:
    """One line for each VM, nothing cut."""
    wishes = a_round(standing("db-01.example", TriggerState.RUNNING))
    speed = wishes.speed_of(wishes.every[0])
    speed.see(Progress(0, 0.0, 0, 900 * 2**20))
    speed.see(Progress(1, 0.25, 100 * 2**20, 900 * 2**20))
    lines = text(wishes, width=80).splitlines()
    assert len(lines) == 2
    assert "100 MiB of 900 MiB 100 MiB/s 8s left" in lines[0]


def test_sites_are_named_where_there_are_several() -> None:
    """Two VMs of one name are told apart."""
    here, there = (standing("db-01", TriggerState.RUNNING) for _ in range(2))
    there = replace(there, token="other", target=replace(there.target, site="berlin"))
    shown = text(a_round(here, there))
    assert "db-01 (madrid)" in shown
    assert "db-01 (berlin)" in shown
