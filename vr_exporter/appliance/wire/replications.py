"""ReplicationInfo → Replication."""

from __future__ import annotations

from functools import cache
from operator import attrgetter
from typing import Literal

from msgspec import UNSET, UnsetType

from vr_exporter.appliance.wire.fields import Reading, given
from vr_exporter.appliance.wire.shapes import ErrorDetails, ReplicationInfo, SyncProgressData
from vr_exporter.domain.inventory import (
    KNOWN_STATUSES,
    Direction,
    Replication,
    ReplicationError,
    ReplicationOptions,
    SyncProgress,
    direction_of,
)
from vr_exporter.domain.names import ReplicationId

_STATUSES = frozenset(KNOWN_STATUSES)
_TYPES = frozenset({"UNKNOWN", "VC_TO_VC"})
_CONFIGURATION_STATES = frozenset({"IN_PROGRESS", "ERROR", "OK", "UNKNOWN"})
_RECOVERY_STATES = frozenset({"UNKNOWN", "NOT_STARTED", "IN_PROGRESS", "ERROR", "OK"})
_VIOLATION = "RPO_VIOLATION"
_SECONDS_A_DAY = 86_400
_NO_OPTIONS = ReplicationOptions()
_switches_of = attrgetter(
    "quiescing_enabled",
    "network_compression_enabled",
    "encryption_enabled",
    "auto_replicate_new_disks_enabled",
    "vm_data_sets_replication_enabled",
    "enhanced_replication",
    "mpit_enabled",
)
"""In the order of the fields of ReplicationOptions."""

_setting_of = attrgetter(
    "source_vc_id",
    "target_vc_id",
    "source_site_name",
    "target_site_name",
    "type",
    "replication_server_name",
    "recovery_solution",
    "configuration_state",
    "recovery_state",
)
"""What decides a `_Setting`."""

_RawSetting = tuple[str | UnsetType | None, ...]
_Setting = tuple[Direction, str, str, str, str, str, str, str | None, str | None]


class ReplicationRows:
    """Makes the nouns of one answer; what many of its rows have in common is read once."""

    def __init__(self, reading: Reading, *, local_vc_id: str) -> None:
        self._reading = reading
        self._local_vc_id = local_vc_id
        self._settings: dict[_RawSetting, _Setting] = {}

    def noun_of(
        self, info: ReplicationInfo, before: Replication | None = None
    ) -> Replication | None:
        """Make the noun; None without an id, for nothing can be said of such a row.

        Its parts are read in the order of its fields. The names `before` has are fit already.
        """
        reading = self._reading
        if before is not None and (info.id, info.name, info.vm_id) == before[:3]:
            identity, vm, vm_id = before[:3]
        else:
            identity = ReplicationId(reading.identity(info.id, "id"))
            if not identity:
                return None
            vm, vm_id = reading.name(info.name, "name"), reading.name(info.vm_id, "vm_id")
        return Replication(
            identity,
            vm,
            vm_id,
            *self._setting(info),
            _shared_options(_switches_of(info)),
            reading.minutes(info.rpo, "rpo"),
            *_last_sync(info, reading),
            *_points_in_time(info, reading),
            *_status(info, reading),
            reading.minutes(info.current_rpo_violation, "current_rpo_violation"),
            _progress(info.sync_progress, reading),
            _errors(info, reading),
        )

    def _setting(self, info: ReplicationInfo) -> _Setting:
        """What stands alike in many rows; one that surprises does so in each of them."""
        raw: _RawSetting = _setting_of(info)
        setting = self._settings.get(raw)
        if setting is None:
            noted = self._reading.surprises.noted
            setting = _setting(info, self._reading, self._local_vc_id)
            if self._reading.surprises.noted == noted:
                self._settings[raw] = setting
        return setting


def _setting(info: ReplicationInfo, reading: Reading, local_vc_id: str) -> _Setting:
    """Read where a replication goes, of what kind it is, and whether it is well set up."""
    source, target = given(info.source_vc_id) or "", given(info.target_vc_id) or ""
    return (
        direction_of(source, target, local_vc_id),
        reading.name(info.source_site_name, "source_site_name"),
        reading.name(info.target_site_name, "target_site_name"),
        reading.name(source, "source_vc_id"),
        reading.one_of(info.type, _TYPES, "type") or "",
        reading.name(info.replication_server_name, "replication_server_name"),
        reading.name(info.recovery_solution, "recovery_solution"),
        reading.one_of(info.configuration_state, _CONFIGURATION_STATES, "configuration_state"),
        reading.one_of(info.recovery_state, _RECOVERY_STATES, "recovery_state"),
    )


def _status(info: ReplicationInfo, reading: Reading) -> tuple[str | None, bool | None]:
    """Read the state, and the flag that stands beside it; without one the state's name tells."""
    if info.status is UNSET:
        return None, None
    status = reading.one_of(info.status.status, _STATUSES, "status")
    flag = given(info.status.rpo_violation)
    if flag is None and status is not None:
        flag = status.endswith(_VIOLATION)
    return status, flag


def _last_sync(
    info: ReplicationInfo, reading: Reading
) -> tuple[float | None, int | None, int | None]:
    """Read time, duration and bytes of the last sync; without one (0, null) none of the three.

    Of one whose time cannot be meant the other two stay (R4).
    """
    instant = reading.instant(info.last_sync_time, "last_sync_time")
    if instant is None or instant <= 0:
        return None, None, None
    return (
        reading.plausible(instant, "last_sync_time"),
        reading.count(info.last_sync_duration, "last_sync_duration"),
        reading.count(info.last_sync_size, "last_sync_size"),
    )


def _points_in_time(info: ReplicationInfo, reading: Reading) -> tuple[int | None, int | None]:
    if info.mpit_enabled is False:
        return None, None
    days = reading.count(info.mpit_days, "mpit_days")
    instances = reading.count(info.mpit_instances, "mpit_instances")
    return instances, None if days is None else days * _SECONDS_A_DAY


@cache
def _shared_options(switches: tuple[bool | UnsetType | None, ...]) -> ReplicationOptions | None:
    """Make one value for all replications that are set alike; None where nothing was said."""
    options = ReplicationOptions(*map(given, switches))
    return None if options == _NO_OPTIONS else options


def _progress(
    progress: SyncProgressData | UnsetType | None, reading: Reading
) -> SyncProgress | None:
    """Read how far a sync is; an object means that one runs."""
    if progress is UNSET or progress is None:
        return None
    transferred, to_transfer = _part(
        reading.count(progress.transferred_current, "transferred_current"),
        reading.count(progress.transferred_total, "transferred_total"),
        reading,
    )
    compared, to_compare = _part(
        reading.count(progress.checksum_current, "checksum_current"),
        reading.count(progress.checksum_total, "checksum_total"),
        reading,
    )
    return SyncProgress(
        ratio=reading.ratio(progress.progress, "progress"),
        transferred_bytes=transferred,
        transfer_size_bytes=to_transfer,
        checksum_compared_bytes=compared,
        checksum_size_bytes=to_compare,
    )


def _part(done: int | None, whole: int | None, reading: Reading) -> tuple[int | None, int | None]:
    """Refuse more done than there is (A43); a whole of 0 is one that is not known yet."""
    if done is not None and whole and done > whole:
        reading.surprises.note("range", "sync_progress", (done, whole))
        return None, None
    return done, whole


def _errors(info: ReplicationInfo, reading: Reading) -> tuple[ReplicationError, ...]:
    if not (info.configuration_error or info.last_group_error or info.recovery_error):
        return ()
    found: list[ReplicationError] = []
    details: tuple[
        tuple[Literal["configuration", "group"], ErrorDetails | UnsetType | None], ...
    ] = (("configuration", info.configuration_error), ("group", info.last_group_error))
    for kind, error in details:
        if error is not UNSET and error is not None:
            found.append(ReplicationError(kind, message_of(error, reading)))
    if info.recovery_error:
        found.append(
            ReplicationError("recovery", reading.words(info.recovery_error, "recovery_error"))
        )
    return tuple(found)


def message_of(error: ErrorDetails, reading: Reading) -> str:
    """Return the short text of an error, the long one where there is no short one."""
    return reading.words(error.message, "message") or reading.words(error.details, "details")
