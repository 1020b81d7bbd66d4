"""Pieces of the dashboards' queries on series made for them, as promtool answers."""

from __future__ import annotations

from pathlib import Path

import yaml

from dashboards.build.promql import counted_in_range
from tests.rules import promtool

SERIES = {
    '{instance="one",code="known"}': "7x90 8x60",
    '{instance="two",code="known"}': "7x91 8x60",
    '{instance="one",code="new"}': "_x100 1x50",
    '{instance="one",code="newer"}': "_x100 1x20 3x30",
    '{instance="three",code="moved"}': "9x100 stale",
    '{instance="four",code="moved"}': "_x103 9x60",
}
EXPECTED = {"known": 1, "new": 1, "newer": 3, "moved": 0}


def test_what_began_in_the_range_counts_from_its_first_event(tmp_path: Path) -> None:
    """A series born at 1 counts that one; another exporter's total counts as nothing new."""
    expr = counted_in_range("vr_task_errors_total", "", "code").replace("$__range", "1h")
    case = {
        "interval": "1m",
        "input_series": [
            {"series": f"vr_task_errors_total{labels}", "values": values}
            for labels, values in SERIES.items()
        ],
        "promql_expr_test": [
            {
                "expr": f"round({expr})",
                "eval_time": "140m",
                "exp_samples": [
                    {"labels": f'{{code="{code}"}}', "value": value}
                    for code, value in EXPECTED.items()
                ],
            }
        ],
    }
    path = tmp_path / "case.yml"
    path.write_text(yaml.safe_dump({"rule_files": [], "tests": [case]}), encoding="utf-8")
    tested = promtool("test", "rules", path)
    assert tested.returncode == 0, tested.stdout + tested.stderr
