"""The bundled rules as facts, and the tables of docs/rules.md made of them.

`python -m dashboards.rules_page` writes the tables anew; the words before them stay.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

FOLDER: Final = Path(__file__).resolve().parent / "rules"
PAGE: Final = FOLDER.parents[1] / "docs" / "rules.md"
FILES: Final = ("vr-rules.yml", "vr-bridge-rules.yml")
_RECORD: Final = re.compile(
    r"^      # (?P<meaning>.+)\n      - record: (?P<name>\S+)$", re.MULTILINE
)
_TABLES: Final = "## Alerts\n"
_LABEL: Final = re.compile(r"\{\{ \$labels\.(\w+) \}\}")


@dataclass(frozen=True, slots=True)
class Alert:
    """An alerting rule; `group` is its group without `vr-`, `file` the rule file it stands in."""

    name: str
    file: str
    group: str
    expression: str
    wait: str
    keep: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    @property
    def anchor(self) -> str:
        """Where the runbook tells of it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recording rule; `meaning` is the comment above it."""

    name: str
    meaning: str
    expression: str


@cache
def alerts() -> tuple[Alert, ...]:
    """Every alert in the order of the files."""
    return tuple(
        Alert(
            name=rule["alert"],
            file=file,
            group=group["name"].removeprefix("vr-"),
            expression=rule["expr"],
            wait=rule.get("for", ""),
            keep=rule.get("keep_firing_for", ""),
            labels=rule["labels"],
            annotations=rule["annotations"],
        )
        for file, group, rule in _rules()
        if "alert" in rule
    )


@cache
def recorded() -> tuple[Recorded, ...]:
    """Every recorded series in the order of the files."""
    text = "".join(_text_of(file) for file in FILES)
    meanings = {found["name"]: found["meaning"] for found in _RECORD.finditer(text)}
    return tuple(
        Recorded(rule["record"], meanings.get(rule["record"], ""), rule["expr"])
        for _, _, rule in _rules()
        if "record" in rule
    )


def page() -> str:
    """The page docs/rules.md, as it is to be."""
    parts = [PAGE.read_text(encoding="utf-8").partition(_TABLES)[0] + _TABLES]
    for group in dict.fromkeys(alert.group for alert in alerts()):
        rows = [_row(alert) for alert in alerts() if alert.group == group]
        head = ["| alert | severity | for | summary |", "|---|---|---|---|"]
        parts += [f"### {group}\n", "\n".join([*head, *rows]) + "\n"]
    series = [f"| `{one.name}` | {one.meaning} |" for one in recorded()]
    parts += [
        "## Recorded series\n",
        "\n".join(["| series | meaning |", "|---|---|", *series]) + "\n",
    ]
    return "\n".join(parts)


def _row(alert: Alert) -> str:
    link = f"[{alert.name}](runbooks/alerts.md#{alert.anchor})"
    summary = _LABEL.sub(r"*\1*", alert.annotations["summary"])
    return f"| {link} | {alert.labels['severity']} | {alert.wait or '-'} | {summary} |"


def _rules() -> list[tuple[str, Any, Any]]:
    files = [(file, yaml.safe_load(_text_of(file))) for file in FILES]
    return [
        (f, group, rule)
        for f, content in files
        for group in content["groups"]
        for rule in group["rules"]
    ]


def _text_of(file: str) -> str:
    return (FOLDER / file).read_text(encoding="utf-8")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
