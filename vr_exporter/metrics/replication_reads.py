"""How a number, a state or an error is read from a watched replication; None is unknown."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from operator import attrgetter, itemgetter

from vr_exporter.domain.inventory import Replication, ReplicationError
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


_names_of: Callable[[Replication], Key] = itemgetter(*map(Replication._fields.index, NAMES))


@cache
def _words(switches: tuple[bool | None, ...]) -> Key:
    return tuple(_WORDS[switch] for switch in switches)


def names_of(watched: WatchedReplication) -> Key:
    """The names and ids that stand beside those of the key."""
    return _names_of(watched.replication)


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


def error_kinds(errors: tuple[ReplicationError, ...]) -> Samples | None:
    """Each kind of error that is reported, once."""
    kinds = dict.fromkeys(error.kind for error in errors)
    return tuple(((kind,), 1) for kind in kinds) or None
