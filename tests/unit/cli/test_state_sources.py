"""Where `state` finds the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.command_line import settings_file
from tests.exporters import FakeExporter, serving
from tests.simulated import ManualClock
from tests.wishes import a_trigger
from vr_exporter.cli.common import CommandError, Exit
from vr_exporter.cli.reached import STARTING_SECONDS
from vr_exporter.cli.state.sources import Asked, Own, ledger
from vr_exporter.ledger.folder import StateFolder
from vr_exporter.ledger.sqlite import Ledger


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Settings of one site."""
    return Path(settings_file(tmp_path, {"madrid": {"url": "https://vr.madrid.example"}}))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[StateFolder]:
    """A state folder with a ledger in it, held by another."""
    made = StateFolder(tmp_path / "state")
    Ledger(made.path / "state.db", now=a_trigger().asked_at).close()
    made.hold()
    yield made
    made.release()


def test_a_holder_that_is_starting_is_waited_for(config: Path, folder: StateFolder) -> None:
    """It holds the state already, its socket comes in a moment."""
    with ExitStack() as parts:

        def wait(_seconds: float) -> None:
            if not folder.socket.exists():
                parts.enter_context(serving(FakeExporter(), folder.socket))

        with ledger(config, server=None, token_file=None, wait=wait) as found:
            assert isinstance(found, Asked)


def test_a_holder_that_is_ending_is_waited_for(config: Path, folder: StateFolder) -> None:
    """Its socket is gone already, the file is free in a moment; afterwards it is free again."""
    with ledger(config, server=None, token_file=None, wait=lambda _: folder.release()) as found:
        assert isinstance(found, Own)
    assert folder.holder() is None


def test_B18_a_ledger_that_another_process_holds_for_good_is_3(
    config: Path, folder: StateFolder
) -> None:
    """Who holds it is said, after a while in which it may have begun to answer."""
    clock = ManualClock()
    with (
        pytest.raises(CommandError) as caught,
        ledger(config, server=None, token_file=None, wait=clock.wait),
    ):
        pass
    assert caught.value.exit_code == Exit.STATE
    assert f"held by process {folder.holder()}" in caught.value.lines[0]
    assert sum(clock.waits) == STARTING_SECONDS
