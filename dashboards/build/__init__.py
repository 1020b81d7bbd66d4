"""What the bundled Grafana dashboards say, and how that becomes JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from dashboards.build.dashboard import Dashboard
from dashboards.build.exporter import EXPORTER
from dashboards.build.fleet import FLEET
from dashboards.build.replication import REPLICATION
from dashboards.build.sync_tasks import SYNC_TASKS

FOLDER: Final = Path(__file__).resolve().parents[1]
DASHBOARDS: Final = (FLEET, REPLICATION, SYNC_TASKS, EXPORTER)


def text(dashboard: Dashboard) -> str:
    """A dashboard as it is committed: keys in order, so that a change shows as itself."""
    return json.dumps(dashboard.json(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def write(folder: Path = FOLDER) -> None:
    """Write every dashboard into a folder, each named by its uid."""
    for dashboard in DASHBOARDS:
        (folder / f"{dashboard.uid}.json").write_text(text(dashboard), encoding="utf-8")
