"""The peer of the whole cycle: a sequential loop as hand-made exporters have it.

requests and `.json()`, a Gauge per quantity set row by row, `generate_latest`, and gzip as
prometheus_client's own server does it. It shows the same families of a replication as ours does.
"""

from __future__ import annotations

import gzip
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import requests
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from benchmarks.settings import PASSWORD, USERNAME
from benchmarks.side import obey

Row = Mapping[str, Any]

_LABELS = ("site", "pairing", "replication", "vm")
_PAGE_SIZE = 1000
_TIMEOUT_SECONDS = 30
_NUMBERS: Mapping[str, Callable[[Row], float | None]] = {
    "rpo_seconds": lambda row: row["rpo"] * 60,
    "rpo_violated": lambda row: int(row["status"]["rpo_violation"]),
    "rpo_violation_seconds": lambda row: row["current_rpo_violation"] * 60,
    "rpo_breached": lambda row: int(row["current_rpo_violation"] > 0.2 * row["rpo"]),
    "rpo_breached_seconds_total": lambda _: 0.0,
    "last_sync_timestamp_seconds": lambda row: _of(row, "last_sync_time", 0.001),
    "last_sync_duration_seconds": lambda row: _of(row, "last_sync_duration", 1),
    "last_sync_bytes": lambda row: _of(row, "last_sync_size", 1),
    "synced_bytes_total": lambda row: _of(row, "last_sync_size", 1),
    "mpit_instances": lambda row: row["mpit_instances"] if row["mpit_enabled"] else None,
    "mpit_days": lambda row: row["mpit_days"] if row["mpit_enabled"] else None,
}
_NAMES = (
    *("vm_id", "source_site_name", "target_site_name", "type"),
    *("replication_server_name", "recovery_solution"),
)
_SWITCHES = (
    *("quiescing_enabled", "network_compression_enabled", "encryption_enabled"),
    *("auto_replicate_new_disks_enabled", "vm_data_sets_replication_enabled"),
    *("enhanced_replication", "mpit_enabled"),
)


class Handmade:
    """A loop's body, and the gauges that it sets."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/api/rest/vr/v2"
        self._registry = CollectorRegistry()
        self._numbers = {name: self._gauge(name, *_LABELS) for name in _NUMBERS}
        self._info = self._gauge("info", *_LABELS, "pairing_id", "direction", *_NAMES)
        self._options = self._gauge("options_info", "site", "replication", *_SWITCHES)
        self._status = self._gauge("status", *_LABELS, "status")
        self._configuration = self._gauge("configuration_state", *_LABELS, "state")

    def cycle(self) -> Mapping[str, Any]:
        """Read all, set all, make the page and pack it; how long that took, in seconds."""
        began, busy_before = time.perf_counter(), time.process_time()
        rows = self._refresh()
        page = generate_latest(self._registry)
        packed = gzip.compress(page)
        took, busy = time.perf_counter() - began, time.process_time() - busy_before
        lines = page.count(b"\n") - page.count(b"\n# ")
        return {
            "seconds": took,
            "processor_seconds": busy,
            "replications": rows,
            "samples": lines,
            "gzip": len(packed),
        }

    def _refresh(self) -> int:
        session = requests.Session()
        answer = session.post(
            f"{self._url}/session", auth=(USERNAME, PASSWORD), timeout=_TIMEOUT_SECONDS
        )
        session.headers["x-dr-session"] = answer.json()["session_id"]
        self._status.clear()
        self._configuration.clear()
        rows = 0
        for pairing in self._get(session, "/pairings")["list"]:
            where = f"/pairings/{pairing['pairing_id']}"
            session.post(
                f"{self._url}{where}/remote-session",
                auth=(USERNAME, PASSWORD),
                timeout=_TIMEOUT_SECONDS,
            )
            name = (pairing.get("remote_vc_server") or {}).get("name") or "vc.berlin.example"
            for row in self._rows(session, where):
                self._set(row, pairing["pairing_id"], name)
                rows += 1
            self._get(session, f"{where}/replications/issues?limit={_PAGE_SIZE}")
            self._get(session, f"{where}/issues?limit={_PAGE_SIZE}")
        self._get(session, f"/replication-servers?limit={_PAGE_SIZE}")
        self._get(session, f"/tasks?limit={_PAGE_SIZE}")
        session.close()
        return rows

    def _rows(self, session: requests.Session, where: str) -> list[Row]:
        rows: list[Row] = []
        while True:
            answer = self._get(
                session,
                f"{where}/replications?limit={_PAGE_SIZE}&offset={len(rows)}"
                "&sort_by=id&extended_info=true",
            )
            rows += answer["list"]
            if len(rows) >= answer["_meta"]["total"]:
                return rows

    def _get(self, session: requests.Session, path: str) -> Any:
        answer = session.get(self._url + path, timeout=_TIMEOUT_SECONDS)
        answer.raise_for_status()
        return answer.json()

    def _set(self, row: Row, pairing_id: str, pairing: str) -> None:
        labels = ("madrid", pairing, row["id"], row["name"])
        for name, read in _NUMBERS.items():
            number = read(row)
            if number is not None:
                self._numbers[name].labels(*labels).set(number)
        direction = "outgoing" if row["source_site_name"] == "madrid" else "incoming"
        names = [row[name] or "" for name in _NAMES]
        self._info.labels(*labels, pairing_id, direction, *names).set(1)
        switches = [str(row[name]).lower() for name in _SWITCHES]
        self._options.labels("madrid", row["id"], *switches).set(1)
        self._status.labels(*labels, row["status"]["status"]).set(1)
        self._configuration.labels(*labels, row["configuration_state"]).set(1)

    def _gauge(self, name: str, *labels: str) -> Gauge:
        return Gauge(f"vr_replication_{name}", name, labels, registry=self._registry)


def _of(row: Row, name: str, factor: float) -> float | None:
    value = row[name]
    return None if value is None else value * factor


def main() -> None:
    """Work for the appliance at the given address until standard input closes."""
    obey({"cycle": Handmade(sys.argv[1]).cycle})


if __name__ == "__main__":
    main()
