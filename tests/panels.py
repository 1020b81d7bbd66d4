"""The committed dashboards, taken apart: what their tests read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).resolve().parents[1] / "dashboards"
REF_IDS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """One query of one panel, with the unit that its answer is shown in."""

    uid: str
    panel: Json
    place: int
    target: Json

    @property
    def expr(self) -> str:
        """What it asks."""
        return str(self.target["expr"])

    @property
    def name(self) -> str:
        """Where it stands, for people."""
        return f"{self.uid}: {self.panel['title']}: {self.target['refId']}"

    @property
    def unit(self) -> str | None:
        """The unit of its values; None where a table only takes its labels."""
        if self.panel["type"] != "table":
            return str(self.panel["fieldConfig"]["defaults"]["unit"])
        title = column_titles(self.panel)[self.place]
        return None if title is None else str(properties_of(self.panel, title)["unit"])


@cache
def documents() -> dict[str, Json]:
    """Every dashboard as it is committed, by its uid."""
    read = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))]
    return {document["uid"]: document for document in read}


def panels_of(document: Json) -> list[Json]:
    """The panels of a dashboard that show something."""
    return [panel for panel in document["panels"] if panel["type"] != "row"]


def asked() -> list[Asked]:
    """Every query of every panel."""
    return [one for uid, document in documents().items() for one in asked_by(uid, document)]


def asked_by(uid: str, document: Json) -> Iterator[Asked]:
    """Every query of the panels of one dashboard."""
    for panel in panels_of(document):
        for place, target in enumerate(panel["targets"]):
            yield Asked(uid, panel, place, target)


def column_titles(table: Json) -> list[str | None]:
    """The title of the column that each query of a table fills."""
    (organize,) = (step for step in table["transformations"] if step["id"] == "organize")
    titles: dict[str, str] = organize["options"]["renameByName"]
    count = len(table["targets"])
    fields = ["Value"] if count == 1 else [f"Value #{REF_IDS[i]}" for i in range(count)]
    return [titles.get(field) for field in fields]


def properties_of(panel: Json, field: str) -> Json:
    """What a panel's overrides say of one field."""
    return {
        one["id"]: one["value"]
        for override in panel["fieldConfig"]["overrides"]
        if override["matcher"]["options"] == field
        for one in override["properties"]
    }
