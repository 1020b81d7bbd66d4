"""The failures of a poll as they are logged: one line a reason, and what a missing right costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from vr_exporter.appliance.errors import Refused
from vr_exporter.domain.names import SiteName
from vr_exporter.watching.episodes import Told
from vr_exporter.watching.reading import Failure

Key = tuple[str, str]
"""A reason, and the privilege that is missing where that is the reason."""

ROLE = "VRM replication viewer"
"""The vendor's own role that holds every privilege that reading takes."""

MOST_PLACES = 3
"""So many places are named in a line, of more only how many."""

_OF_REPLICATIONS = (
    "vr_replication_*",
    "vr_replications*",
    "vr_syncs_observed_*",
    "vr_transferred_bytes_total",
    "vr_sync_duration_seconds",
)
COSTS: Mapping[str, tuple[str, ...]] = {
    "info": ("vr_appliance_info",),
    "pairings": ("vr_pairing_*", *_OF_REPLICATIONS),
    "replications": _OF_REPLICATIONS,
    "replication_issues": ('vr_issues{scope="replication"}',),
    "pairing_issues": ('vr_issues{scope="pairing"}',),
    "replication_servers": ("vr_replication_server_*",),
    "tasks": ("vr_tasks*", "vr_task_*"),
}
"""The families, as globs, that each endpoint feeds: lost while it is forbidden (A26)."""


def key_of(failure: Failure) -> Key:
    """Say which episode a failure belongs to: one a reason, and one a privilege."""
    error = failure.error
    return error.reason, error.privilege if isinstance(error, Refused) else ""


def told(site: SiteName, failures: Iterable[Failure]) -> dict[Key, Told]:
    """Put failures in words, those of one key together."""
    by_key: dict[Key, list[Failure]] = {}
    for failure in failures:
        by_key.setdefault(key_of(failure), []).append(failure)
    return {
        key: ("site cannot be read whole", {"site": site, **_facts(key, together)})
        for key, together in by_key.items()
    }


def _facts(key: Key, together: list[Failure]) -> dict[str, object]:
    reason, privilege = key
    places = [failure.where for failure in together]
    named = ", ".join(places[:MOST_PLACES])
    more = f" and {len(places) - MOST_PLACES} more" if len(places) > MOST_PLACES else ""
    facts: dict[str, object] = {
        "reason": reason,
        "where": named + more,
        "error": str(together[0].error),
    }
    if reason != "forbidden":
        return facts
    endpoints = dict.fromkeys(place.partition(" ")[0] for place in places)
    lost = [family for endpoint in endpoints for family in COSTS.get(endpoint, ())]
    return {**facts, "privilege": privilege, "role": ROLE, "metrics_lost": " ".join(lost)}
