from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.exporters import FakeExporter, serving
from tests.simulated import ManualClock
from vr_exporter.cli.common import CommandError, Exit
from vr_exporter.cli.local import socket_in
from vr_exporter.cli.reached import STARTING_SECONDS, Reached, Start
from vr_exporter.ledger.folder import StateFolder, StateUnusable
from vr_exporter.settings import Settings, load


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of one site, the state in a folder of the test's."""
    return load(
        None,
        environ={
            "VR_HOST": "vr.madrid.example",
            "VR_USERNAME": "monitor@vsphere.local",
            "VR_PASSWORD": "invented",
            "VR_STATE": f"sqlite:///{tmp_path}/state.db",
        },
    )


class Beginner:
    """Runs an exporter in this process; counts how many run, and how often one began."""

    def __init__(self) -> None:
        self.begun = 0
        self.running = 0

    @contextmanager
    def __call__(self, settings: Settings) -> Iterator[Path]:
        self.begun += 1
        with serving(FakeExporter(), socket_in(settings.state_folder)) as path:
            self.running += 1
            try:
                yield Path(path)
            finally:
                self.running -= 1


def reached(
    settings: Settings, start: Start, wait: Callable[[float], object] | None = None
) -> Reached:
    """The exporter of this machine, or one begun by `start`."""
    return Reached(
        settings, server=None, token_file=None, start=start, wait=wait or ManualClock().wait
    )


def test_an_exporter_that_runs_here_is_asked(settings: Settings) -> None:
    """None is begun beside it."""
    beginner = Beginner()
    with (
        serving(FakeExporter(), socket_in(settings.state_folder)),
        reached(settings, beginner) as found,
    ):
        assert found.exporter.get("/api/v1/sites")
        assert (found.is_alone, beginner.begun) == (False, 0)


def test_where_none_runs_one_is_begun_and_ended(settings: Settings) -> None:
    """It lives as long as the command."""
    beginner = Beginner()
    with reached(settings, beginner) as found:
        assert found.exporter.get("/api/v1/sites")
        assert (found.is_alone, beginner.running) == (True, 1)
    assert beginner.running == 0


def test_one_that_ends_before_us_is_replaced(settings: Settings) -> None:
    """Another `sync` held the state, and was done first: its part is taken over."""
    beginner = Beginner()
    with ExitStack() as other:
        other.enter_context(serving(FakeExporter(), socket_in(settings.state_folder)))
        with reached(settings, beginner) as found:
            other.close()
            socket_in(settings.state_folder).unlink()
            found.again()
            assert found.exporter.get("/api/v1/sites")
            assert (found.is_alone, beginner.running) == (True, 1)


def test_one_that_is_starting_is_waited_for(settings: Settings) -> None:
    """It holds the state already, its socket comes in a moment."""
    folder = StateFolder(settings.state_folder)
    folder.hold()
    with ExitStack() as parts:

        def wait(_seconds: float) -> None:
            if not socket_in(settings.state_folder).exists():
                parts.enter_context(serving(FakeExporter(), socket_in(settings.state_folder)))

        with reached(settings, Beginner(), wait) as found:
            assert not found.is_alone
    folder.release()


def test_another_that_was_quicker_to_hold_the_state_is_asked(settings: Settings) -> None:
    """Two commands at once find it free: one exporter begins, and serves both."""
    folder = StateFolder(settings.state_folder)
    with ExitStack() as other:

        @contextmanager
        def too_late(_settings: Settings) -> Iterator[Path]:
            folder.hold()
            raise StateUnusable("held by process 1")
            yield Path()

        def wait(_seconds: float) -> None:
            other.enter_context(serving(FakeExporter(), socket_in(settings.state_folder)))

        with reached(settings, too_late, wait) as found:
            assert not found.is_alone
    folder.release()


def test_a_state_that_cannot_be_held_is_3(settings: Settings) -> None:
    """One line, after a while in which the holder may have begun to answer."""

    @contextmanager
    def refused(_settings: Settings) -> Iterator[Path]:
        raise StateUnusable("held by process 1")
        yield Path()

    folder = StateFolder(settings.state_folder)
    folder.hold()
    clock = ManualClock()
    with pytest.raises(CommandError) as caught, reached(settings, refused, clock.wait):
        pass
    folder.release()
    assert (caught.value.exit_code, caught.value.lines) == (Exit.STATE, ("held by process 1",))
    assert sum(clock.waits) == STARTING_SECONDS


def test_what_was_begun_ends_when_the_command_is_interrupted(settings: Settings) -> None:
    """Nothing is left behind."""
    beginner = Beginner()
    with pytest.raises(KeyboardInterrupt), reached(settings, beginner):
        raise KeyboardInterrupt
    assert beginner.running == 0
