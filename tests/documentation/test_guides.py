"""What docs/security.md and docs/operations.md name is there: commands, settings, tests, links."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import pytest

from dashboards.rules_page import alerts
from tests.documentation.repository import ROOT
from tests.documentation.test_settings_page import all_settings
from tests.fault_rows import ROWS, ids_in, names_of_tests
from tests.rules import series_of_the_catalogue
from vr_exporter.cli import main

GUIDES: Final = {name: ROOT / "docs" / f"{name}.md" for name in ("security", "operations")}
TEXTS: Final = {name: path.read_text(encoding="utf-8") for name, path in GUIDES.items()}
WORDS: Final = {"state": {"show", "ack"}, "bridge": {"kill", "log", "explain", "simulate"}}
PROCESS: Final = {"process_resident_memory_bytes"}
SETTINGS: Final = "sites|replications|rpo|metrics|triggers|api|alertmanagers|alerts|webhook"
EVERY: Final = pytest.mark.parametrize("guide", GUIDES)


def codes(text: str) -> Iterator[str]:
    """What stands between backticks, and each line of a block."""
    for block in re.findall(r"```\w*\n(.*?)```", text, flags=re.DOTALL):
        yield from block.splitlines()
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def command_lines(text: str) -> Iterator[list[str]]:
    """The words of each call of our program, without what stands after it in the line."""
    for code in codes(text):
        for call in re.split(r"&&|;|\|", code.partition("  #")[0]):
            if call.strip().startswith("vr-exporter "):
                yield shlex.split(call)[1:]


def faults_of(words: list[str]) -> Iterator[str]:
    """What the program does not know of a call."""
    name, *rest = words
    if name.startswith("--"):
        name, rest = "", words
    command = main.get_command(click.Context(main), name) if name else main
    if command is None:
        yield f"no command {name}"
        return
    flags = {flag for parameter in command.params for flag in parameter.opts} | {"--help"}
    yield from (
        f"{name}: no flag {w}" for w in rest if w[:1] == "-" and w.split("=")[0] not in flags
    )
    if name in WORDS and rest[0] not in WORDS[name]:
        yield f"{name}: no {rest[0]}"


def anchors(path: Path) -> set[str]:
    """The places in a page that a link can name."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in headings}


@EVERY
def test_every_call_of_the_program_is_one_it_knows(guide: str) -> None:
    """Commands, their words and their flags exist."""
    calls = list(command_lines(TEXTS[guide]))
    assert len(calls) > 3
    assert [fault for call in calls for fault in faults_of(call)] == []


@EVERY
def test_every_flag_setting_metric_and_alert_exists(guide: str) -> None:
    """Whoever looks one up finds it in the reference."""
    text, named = TEXTS[guide], " ".join(codes(TEXTS[guide]))
    context = click.Context(main)
    commands = [main.get_command(context, name) for name in main.list_commands(context)]
    flags = {flag for command in commands if command for p in command.params for flag in p.opts}
    ours = set(re.findall(r"(?<!\S)--(?:web|log|config)[.\w-]+", named))
    settings = set(re.findall(rf"(?<![\w./-])(?:{SETTINGS})\.[a-z_0-9.A-Z]*[a-z0-9]", named))
    assert ours - flags == set()
    assert settings - set(all_settings()) == set()
    known = series_of_the_catalogue() | PROCESS | {"vr_store_size"}
    assert set(re.findall(r"(?<![\w/:-])(?:vr|process)_[a-z_0-9]+\b", text)) - known == set()
    assert set(re.findall(r"\bVr[A-Z]\w+", text)) - {alert.name for alert in alerts()} == set()


@EVERY
def test_every_link_leads_somewhere(guide: str) -> None:
    """Files and headings that are linked to are there."""
    for link in re.findall(r"\]\(([^)]+)\)", TEXTS[guide]):
        file, _, anchor = link.partition("#")
        path = (GUIDES[guide].parent / file).resolve() if file else GUIDES[guide]
        assert path.exists(), link
        assert not anchor or anchor in anchors(path), link


def test_every_attack_of_the_matrix_has_its_guard_and_its_test() -> None:
    """One row each, in order; the test exists and carries the id of the row."""
    rows = re.findall(r"^\| (C\d+) \|.*\| `(test_\w+)` \|$", TEXTS["security"], re.MULTILINE)
    assert [row for row, _ in rows] == [row for row in ROWS if row[0] == "C"]
    names = {name for _, name in names_of_tests()}
    assert [test for row, test in rows if test not in names or row not in ids_in(test)] == []


def test_every_figure_of_the_sizing_has_its_command() -> None:
    """Each line of the table ends with what prints it; the others name one in their sentence."""
    section = TEXTS["operations"].partition("## Sizing\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][1:]
    assert len(lines) > 5
    starts = ("vr-exporter ", "curl ", ".venv/bin/")
    last = [
        line.rstrip("| ").rpartition("| ")[2] for line in (x.replace("\\|", "!") for x in lines)
    ]
    assert [one for one in last if not one.startswith(tuple(f"`{start}" for start in starts))] == []


@pytest.mark.parametrize(
    "call", ["vr-exporter stat", "vr-exporter check --selfish", "vr-exporter state burn"]
)
def test_a_call_that_is_none_is_found(call: str) -> None:
    """The check of calls can fail."""
    assert list(faults_of(next(command_lines(f"`{call}`"))))
