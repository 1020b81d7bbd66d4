from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from vr_exporter.cli.status import show
from vr_exporter.cli.status.rows import Column
from vr_exporter.web import api

COLUMNS = (
    Column("vm", lambda row, _: str(row["vm"])),
    Column("age", lambda row, now: f"{now - row['at']:.0f}s"),
)


def test_a_pipe_gets_aligned_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """No colour, no box, no trailing blanks; wide headings and wide cells both count."""
    rows: list[dict[str, Any]] = [{"vm": "db-01", "at": 5}, {"vm": "a", "at": 0}]
    show.print_table(COLUMNS, rows, now=10)
    assert capsys.readouterr().out == "vm     age\ndb-01  5s\na      10s\n"


def test_a_table_without_rows_still_has_its_headings(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing to show is not nothing."""
    show.print_table(COLUMNS, [], now=10)
    assert capsys.readouterr().out == "vm  age\n"


def test_json_says_who_was_asked_and_when(capsys: pytest.CaptureFixture[str]) -> None:
    """The rows are the API's, so that a script can take either."""
    show.as_json("the exporter", "sites", [{"site": "madrid"}], now=12.5)
    assert json.loads(capsys.readouterr().out) == {
        "source": "the exporter",
        "generated_timestamp_seconds": 12.5,
        "sites": [{"site": "madrid"}],
    }


def test_csv_is_one_line_a_row_with_dotted_names(capsys: pytest.CaptureFixture[str]) -> None:
    """Absent and unknown values are empty, booleans as in JSON, and nothing breaks a line."""
    rows = [{"vm": 'a,"b"\n', "up": True, "progress": None, "verdicts": {"met": 1}, "errors": []}]
    show.as_csv(rows, columns=("vm", "up", "progress.ratio", "verdicts.met"))
    out = capsys.readouterr().out
    (read,) = csv.DictReader(io.StringIO(out))
    assert read == {"vm": 'a,"b"\\n', "up": "true", "progress.ratio": "", "verdicts.met": "1"}


@pytest.mark.parametrize("name", ["=cmd()", "+1", "-1", "@x"])
def test_csv_holds_no_formula(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A spreadsheet shows such a name instead of running it."""
    show.as_csv([{"vm": name, "at": -1}], columns=("vm", "at"))
    assert capsys.readouterr().out.splitlines() == ["vm,at", f"'{name},-1"]


def test_every_csv_column_is_a_member_of_the_api() -> None:
    """A renamed member is noticed here, not by an empty column; `syncing` is counted by us."""
    members = {shape.name: {field.name for field in shape.fields} for shape in api.SHAPES}
    sites = members["Site"] | {"syncing"}
    assert {name.partition(".")[0] for name in show.SITE_FIELDS} <= sites
    assert {name.partition(".")[0] for name in show.REPLICATION_FIELDS} <= members["Replication"]
