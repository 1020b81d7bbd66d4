"""The reference of the metrics is made from the tables, and is fresh."""

from __future__ import annotations

from click.testing import CliRunner

from tests.documentation.repository import ROOT
from vr_exporter.cli.metrics import command
from vr_exporter.metrics.catalogue import TABLES
from vr_exporter.metrics.own_families import TABLES as OWN_TABLES
from vr_exporter.metrics.reference import metrics_reference

NOT_POLLED = ("Sites", "Triggers")

PAGE = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")


def test_metrics_page_is_fresh() -> None:
    """`vr-exporter metrics > docs/metrics.md` changes nothing."""
    assert metrics_reference() == PAGE


def test_command_prints_the_page() -> None:
    """The command and the file are one text."""
    assert CliRunner().invoke(command, []).output == PAGE


def test_every_family_has_its_heading_once() -> None:
    """What is on the page can be looked up by its name."""
    names = [family.name for table in TABLES for family in table.families]
    names += [family.name for table in OWN_TABLES for family in table.families]
    headings = [line[4:] for line in PAGE.splitlines() if line.startswith("### ")]
    assert sorted(headings) == sorted(names)


def test_help_of_what_is_polled_says_so() -> None:
    """Who reads a value is told that it is as old as the last poll."""
    polled = [f for table in TABLES for f in table.families if table.noun not in NOT_POLLED]
    assert [f.name for f in polled if "as of the last poll" not in f.help] == []
