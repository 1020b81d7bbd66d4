"""Settings of an exporter that watches the appliances of a benchmark."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

USERNAME, PASSWORD = "monitor@vsphere.local", "simulated"


def write_settings(folder: Path, urls: Mapping[str, str], **more: Any) -> Path:
    """Write them into a folder, which holds the state too; return the file."""
    account = {"username": USERNAME, "password": PASSWORD}
    interval = more.pop("poll_interval", None)
    site = {**account, "remote": account, **({"poll_interval": interval} if interval else {})}
    settings = {
        "sites": {name: {"url": url, **site} for name, url in urls.items()},
        "state": f"sqlite:///{folder}/state.db",
        **more,
    }
    file = folder / "settings.yml"
    file.write_text(json.dumps(settings), encoding="utf-8")
    return file
