"""How a number, a state or an error is read from a watched replication; None is unknown."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from operator import attrgetter

from vr_exporter.domain.inventory import ReplicationError
from vr_exporter.domain.rpo import Verdict
from vr_exporter.domain.snapshot import WatchedReplication
from vr_exporter.metrics.family import Key, Samples

Read = Callable[[WatchedReplication], float | None]

NAMES = (
    "vm_id",
    "source_site",
    "target_site",
    "direction",
    "replication_type",
    "replication_server",
    "recovery_solution",
)
SWITCHES = (
    "quiescing",
    "network_compression",
    "encryption",
    "auto_replicate_new_disks",
    "vm_data_sets",
    "enhanced",
    "mpit",
)
_switches_of = attrgetter(*SWITCHES)
_WORDS = {True: "true", False: "false", None: ""}


@cache
def _words(switches: tuple[bool | None, ...]) -> Key:
    return tuple(_WORDS[switch] for switch in switches)


def options_of(watched: WatchedReplication) -> Key | None:
    """The words for each switch; None where the appliance tells of none."""
    options = watched.replication.options
    return None if options is None else _words(_switches_of(options))


def of(field: str) -> Read:
    """A number of the replication as the appliance said it."""
    return attrgetter(f"replication.{field}")


def state(field: str) -> Callable[[WatchedReplication], str | None]:
    """A state of the replication in the appliance's spelling."""
    return attrgetter(f"replication.{field}")


def breached(verdict: Verdict) -> int | None:
    """1 for a breach, 0 for every other verdict but unknown."""
    return None if verdict is Verdict.UNKNOWN else int(verdict is Verdict.BREACHED)


def last_sync(watched: WatchedReplication) -> float | None:
    """The time of the last sync; appliances say 0 before the first."""
    return watched.replication.last_sync_timestamp_seconds or None


def if_synced(field: str) -> Read:
    """A fact of the last sync; absent before the first, whatever the appliance says."""
    read = attrgetter(field)

    def of_last_sync(watched: WatchedReplication) -> float | None:
        return read(watched.replication) if last_sync(watched) else None

    return of_last_sync


def if_mpit(field: str) -> Read:
    """A fact of points in time; absent where they are switched off."""
    read = attrgetter(field)

    def of_mpit(watched: WatchedReplication) -> float | None:
        options = watched.replication.options
        is_off = options is not None and options.mpit is False
        return None if is_off else read(watched.replication)

    return of_mpit


def if_syncing(read: Read) -> Read:
    """A fact of the running sync; absent where none runs."""

    def of_sync(watched: WatchedReplication) -> float | None:
        return None if watched.replication.progress is None else read(watched)

    return of_sync


def progress(field: str) -> Read:
    """A number of the running sync."""
    return if_syncing(attrgetter(f"replication.progress.{field}"))


def error_kinds(errors: tuple[ReplicationError, ...]) -> Samples | None:
    """Each kind of error that is reported, once."""
    kinds = dict.fromkeys(error.kind for error in errors)
    return tuple(((kind,), 1) for kind in kinds) or None
