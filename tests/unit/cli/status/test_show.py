from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from rich.console import Console

from vr_exporter.cli.status import show
from vr_exporter.cli.status.rows import REPLICATION_COLUMNS, SITE_COLUMNS, Column
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


WIDE = (
    Column("vm", lambda row, _: str(row["vm"])),
    Column("size", lambda _row, _now: "1.5 GiB", spare=2),
    Column("state", lambda _row, _now: "OK", spare=1),
)


@pytest.mark.parametrize(
    ("width", "kept", "left_out"),
    [
        (80, ["vm", "size", "state"], ""),
        (24, ["vm", "state"], "size"),
        (12, ["vm"], "size, state"),
        (5, ["vm"], "size, state"),
    ],
)
def test_a_narrow_terminal_gets_fewer_columns(
    width: int, kept: list[str], left_out: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What can be spared goes first and is named; a line stays a line as long as that is so."""
    out = io.StringIO()
    rows = [{"vm": "database-01"}]
    show._print_rich_table(Console(file=out, width=width), WIDE, rows, now=0)
    assert out.getvalue().split("\n")[1].split() == kept
    said = capsys.readouterr().err
    assert said == (
        f"no room for: {left_out} (widen the terminal, or use --output csv)\n" if left_out else ""
    )


@pytest.mark.parametrize("columns", [SITE_COLUMNS, REPLICATION_COLUMNS])
def test_what_tells_a_row_apart_is_never_left_out(columns: tuple[Column, ...]) -> None:
    """Name, site, judgement and age stay, and no two columns are equally sparable."""
    spares = [column.spare for column in columns if column.spare]
    assert len(set(spares)) == len(spares)
    kept = {column.heading for column in columns if not column.spare}
    assert kept >= ({"site", "state"} if columns is SITE_COLUMNS else {"vm", "site", "verdict"})


@pytest.mark.parametrize(
    ("encoding", "bar"), [("ascii", "######------"), ("utf-8", "━━━━━━──────")]
)
def test_a_bar_is_drawn_with_what_the_terminal_has(
    encoding: str, bar: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No escapes in place of lines."""
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    assert show._bar({"progress": {"ratio": 0.5}}, "50%").plain == f"{bar} 50%"
