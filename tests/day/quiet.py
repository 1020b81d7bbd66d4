"""What of the dashboards shows nothing on an ordinary day, as they declare it themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dashboards.build.quiet import QUIET, QUIET_MARKS, QUIET_QUERIES


@dataclass(frozen=True, slots=True)
class Quiet:
    """Panels by uid and title, single queries by their place in a panel too, and marks."""

    panels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    queries: Mapping[str, Mapping[str, Mapping[int, str]]] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)

    def has(self, uid: str, title: str, place: int) -> bool:
        """Whether a query of a panel needs a bad day."""
        is_whole = title in self.panels.get(uid, {})
        return is_whole or place in self.queries.get(uid, {}).get(title, {})


SHIPPED = Quiet(QUIET, QUIET_QUERIES, QUIET_MARKS)
NOTHING = Quiet()
