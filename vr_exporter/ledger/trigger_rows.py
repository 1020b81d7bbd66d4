"""Triggers as rows: the statements on their table, claim among them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any, Final

from vr_exporter.domain.names import PairingId, ReplicationId, SiteName, TaskId
from vr_exporter.domain.triggers import Origin, Target, Trigger, TriggerState
from vr_exporter.ledger.schema import OPEN_STATES
from vr_exporter.ledger.values import Value, number, text, texts

COLUMNS: Final = (
    "key",
    "replication",
    "site",
    "pairing",
    "vm",
    "vm_id",
    "origin",
    "state",
    "asked_at",
    "not_after",
    "actor",
    "has_joined",
    "reason",
    "sentence",
    "is_forced",
    "max_age_seconds",
    "body_digest",
    "follows",
    "claimed_at",
    "answered_at",
    "ended_at",
    "task_id",
    "task_queued_at",
    "error_code",
    "is_confirmed",
    "is_acknowledged",
)
_SELECT: Final = f"SELECT {', '.join(COLUMNS)} FROM trigger"  # noqa: S608 - constants
_PUT: Final = (
    f"INSERT INTO trigger VALUES ({', '.join('?' * len(COLUMNS))}) ON CONFLICT (key) DO UPDATE SET "  # noqa: S608 - constants
    f"{', '.join(f'{column} = excluded.{column}' for column in COLUMNS[1:])}"
    " WHERE excluded.state <> 'reserved' OR trigger.state IN ('skipped', 'expired')"
)
"""Whatever we believe, no row that was posted once becomes `reserved` again."""

_CLAIM: Final = (
    "UPDATE trigger SET state = 'posting', claimed_at = ?"
    " WHERE key = ? AND state = 'reserved' AND not_after > ?"
)


def put(connection: sqlite3.Connection, trigger: Trigger) -> None:
    """Write a trigger as it stands."""
    connection.execute(_PUT, _row(trigger))


def take(connection: sqlite3.Connection, key: str, *, now: float) -> bool:
    """Make a wish that waits, and is not too old, ours to post: the one way into `posting`."""
    return connection.execute(_CLAIM, (now, text(key), now)).rowcount == 1


def find(connection: sqlite3.Connection, key: str) -> Trigger | None:
    """Read one trigger."""
    row = connection.execute(f"{_SELECT} WHERE key = ?", (text(key),)).fetchone()
    return None if row is None else _trigger(row)


def still_open(connection: sqlite3.Connection) -> list[Trigger]:
    """Read all that wait for something, and those whose outcome stayed unknown."""
    return _triggers(connection.execute(f"{_SELECT} WHERE state IN {OPEN_STATES}"))


def youngest(connection: sqlite3.Connection, limit: int) -> list[Trigger]:
    """Read those asked for last."""
    rows = connection.execute(f"{_SELECT} ORDER BY asked_at DESC LIMIT ?", (limit,))
    return _triggers(rows)


def last_claims(connection: sqlite3.Connection, *, since: float) -> dict[ReplicationId, float]:
    """Read when each replication was last asked to sync, back to `since`."""
    rows = connection.execute(
        "SELECT replication, max(claimed_at) FROM trigger WHERE claimed_at > ? GROUP BY 1", (since,)
    )
    return {ReplicationId(texts(replication)): at for replication, at in rows}


def replications(connection: sqlite3.Connection) -> frozenset[ReplicationId]:
    """Return every replication of which some trigger is still there."""
    rows = connection.execute("SELECT DISTINCT replication FROM trigger")
    return frozenset(ReplicationId(texts(replication)) for (replication,) in rows)


def _row(trigger: Trigger) -> tuple[Value, ...]:
    target = trigger.target
    return (
        text(trigger.key),
        text(target.replication_id),
        text(target.site),
        text(target.pairing_id),
        text(target.vm),
        text(target.vm_id),
        trigger.origin.value,
        trigger.state.value,
        number(trigger.asked_at),
        number(trigger.not_after),
        text(trigger.actor),
        trigger.has_joined,
        text(trigger.reason),
        text(trigger.sentence),
        trigger.is_forced,
        _optional(trigger.max_age_seconds),
        text(trigger.body_digest),
        text(trigger.follows),
        _optional(trigger.claimed_at),
        _optional(trigger.answered_at),
        _optional(trigger.ended_at),
        None if trigger.task_id is None else text(trigger.task_id),
        _optional(trigger.task_queued_at),
        text(trigger.error_code),
        trigger.is_confirmed,
        trigger.is_acknowledged,
    )


def _optional(value: float | None) -> float | None:
    return None if value is None else number(value)


def _triggers(rows: Iterable[tuple[Any, ...]]) -> list[Trigger]:
    return [_trigger(row) for row in rows]


def _trigger(row: tuple[Any, ...]) -> Trigger:
    (key, replication, site, pairing, vm, vm_id, origin, state, asked_at, not_after, *rest) = row
    (actor, has_joined, reason, sentence, is_forced, max_age, digest, follows, *rest) = rest
    (claimed_at, answered_at, ended_at, task_id, task_queued_at, *rest) = rest
    (error_code, is_confirmed, is_acknowledged) = rest
    return Trigger(
        key=texts(key),
        target=Target(
            ReplicationId(texts(replication)),
            SiteName(texts(site)),
            PairingId(texts(pairing)),
            texts(vm),
            texts(vm_id),
        ),
        origin=Origin(origin),
        asked_at=asked_at,
        not_after=not_after,
        actor=texts(actor),
        state=TriggerState(state),
        has_joined=bool(has_joined),
        reason=texts(reason),
        sentence=texts(sentence),
        is_forced=bool(is_forced),
        max_age_seconds=max_age,
        body_digest=texts(digest),
        follows=texts(follows),
        claimed_at=claimed_at,
        answered_at=answered_at,
        ended_at=ended_at,
        task_id=None if task_id is None else TaskId(texts(task_id)),
        task_queued_at=task_queued_at,
        error_code=texts(error_code),
        is_confirmed=None if is_confirmed is None else bool(is_confirmed),
        is_acknowledged=bool(is_acknowledged),
    )
