from __future__ import annotations

from pathlib import Path

import click
import pytest

from vr_exporter.cli import COMMANDS, main
from vr_exporter.cli.common import Exit
from vr_exporter.cli.reference import EXIT_MEANINGS, commands_reference

PAGE = Path(__file__).resolve().parents[2] / "docs" / "commands.md"


def test_page_is_fresh() -> None:
    """docs/commands.md is what the program itself says of its commands."""
    assert PAGE.read_text(encoding="utf-8") == commands_reference()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_heading_and_every_flag_its_line(name: str) -> None:
    """Whoever searches the page for a command or a flag finds it."""
    page = commands_reference()
    assert f"## `vr-exporter {name}`" in page.splitlines()
    section = page.partition(f"## `vr-exporter {name}`\n")[2].partition("\n## ")[0]
    command = main.get_command(click.Context(main), name)
    assert command is not None
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert f"- `{parameter.opts[0]}" in section


def test_every_exit_code_is_explained() -> None:
    """The table of exit codes is whole."""
    assert set(EXIT_MEANINGS) == set(Exit)
