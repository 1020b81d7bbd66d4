"""`vr-exporter dashboards`: the bundled dashboards, listed, printed and written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from dashboards.build.runbook import RUNBOOK as BUILT_WITH
from vr_exporter.cli import dashboards as command
from vr_exporter.cli.bundled import RUNBOOK, folder
from vr_exporter.cli.common import CommandError, Exit

UIDS = ["vr-exporter", "vr-fleet", "vr-replication", "vr-sync-tasks"]


def told(*arguments: str) -> str:
    """Give what the command prints; its faults are raised."""
    done = CliRunner().invoke(command.command, arguments, catch_exceptions=True)
    if done.exception is not None:
        raise done.exception
    return done.output


def refused(*arguments: str) -> str:
    """Give the one line in which the command says no, with the code of bad usage."""
    with pytest.raises(CommandError) as caught:
        told(*arguments)
    assert caught.value.exit_code is Exit.USAGE
    (line,) = caught.value.lines
    return line


def test_without_a_name_it_lists_what_there_is() -> None:
    """One on a line: the name to ask for, and what it is."""
    lines = told().splitlines()
    assert [line.split()[0] for line in lines] == UIDS
    assert lines[1].endswith("  vSphere Replication / Fleet")


@pytest.mark.parametrize("name", ["fleet", "vr-fleet", "vr-fleet.json"])
def test_one_name_prints_the_file_as_it_is(name: str) -> None:
    """With or without what all names begin with."""
    assert told(name) == (folder() / "vr-fleet.json").read_text(encoding="utf-8")


def test_two_names_cannot_be_printed() -> None:
    """Two documents after each other are no JSON."""
    assert "--output" in refused("fleet", "exporter")


def test_a_name_given_twice_is_one() -> None:
    """However it is written."""
    assert told("fleet", "fleet") == told("fleet")


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    """And where none is near, with all that there are."""
    assert refused("flet") == "no such dashboard 'flet' (did you mean 'vr-fleet'?)"
    assert refused("zzz") == f"no such dashboard 'zzz' (choose from {', '.join(UIDS)})"


def test_output_writes_all_and_says_where(tmp_path: Path) -> None:
    """The folder is made, and what is in it is replaced."""
    place = tmp_path / "new" / "grafana"
    for _ in range(2):
        lines = told("--output", str(place)).splitlines()
    assert lines == [str(place / f"{uid}.json") for uid in UIDS]
    for uid in UIDS:
        assert (place / f"{uid}.json").read_bytes() == (folder() / f"{uid}.json").read_bytes()


def test_output_writes_the_named_ones_alone(tmp_path: Path) -> None:
    """Two of four."""
    told("sync-tasks", "fleet", "--output", str(tmp_path))
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["vr-fleet", "vr-sync-tasks"]


def test_output_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """What, where, and how to mend it."""
    (tmp_path / "file").write_text("", encoding="ascii")
    line = refused("--output", str(tmp_path / "file"))
    assert line.startswith(f"--output: {tmp_path}/file/vr-exporter.json: ")
    assert line.endswith("(name a folder that you may write to)")


def test_the_address_of_the_runbook_is_filled_in() -> None:
    """In descriptions and in links, and nowhere is ours left."""
    text = told("fleet", "--runbook-url", "https://wiki.example/vr?a=b")
    assert BUILT_WITH not in text
    assert json.loads(text)["uid"] == "vr-fleet"
    assert "https://wiki.example/vr?a=b#vrsitedown" in text


def test_an_address_that_is_none_is_refused() -> None:
    """Before anything is written."""
    assert refused("fleet", "--runbook-url", "wiki").startswith("--runbook-url: not an address")


def test_it_replaces_what_the_dashboards_were_built_with() -> None:
    """The command does not know the code that builds them, which is not packed."""
    assert RUNBOOK == BUILT_WITH
    assert all(BUILT_WITH in one.text for one in command.bundled())
