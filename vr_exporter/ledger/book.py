"""What the ledger knows at this moment, and what of it is not written yet."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from vr_exporter.domain.alerts import News
from vr_exporter.domain.counts import SiteChanges
from vr_exporter.domain.triggers import Trigger, TriggerState
from vr_exporter.ledger import trigger_rows
from vr_exporter.ledger.audit import Audit
from vr_exporter.ledger.failed_syncs import FailedSyncs
from vr_exporter.ledger.outbox import Outbox
from vr_exporter.ledger.remembered import ENDED_REMEMBERED, Remembered
from vr_exporter.ledger.schema import put_meta
from vr_exporter.ledger.steps import UNCLEAR, ended_with, expired, merged, unanswered
from vr_exporter.ledger.sync_kinds import SyncKinds
from vr_exporter.ledger.tallies import tally
from vr_exporter.ledger.totals import Totals
from vr_exporter.ledger.unhealed import Unhealed

CLAIMS_REMEMBERED_SECONDS: Final = 86_400.0
"""Longer than any cool-down: back to then it is known when a replication was asked last."""

US: Final = "vr-exporter"
"""The actor of what nobody asked for."""

Notice = Callable[[Trigger | None, Trigger, float], tuple[News, ...]]
"""Says what is news in a trigger's step from one state to another, at that time."""


def no_news(_before: Trigger | None, _after: Trigger, _at: float) -> tuple[News, ...]:
    """Nobody wants to hear of triggers."""
    return ()


class Book:
    """Memory first: a step holds at once, and is marked until `written` is called.

    Its user sees to it that one thread at a time is inside; `remembered` is safe for all.
    """

    def __init__(
        self, connection: sqlite3.Connection, *, now: float, notice: Notice = no_news
    ) -> None:
        found = (
            *trigger_rows.youngest(connection, ENDED_REMEMBERED),
            *trigger_rows.still_open(connection),
        )
        self.remembered = Remembered({trigger.key: trigger for trigger in found}.values())
        self.last_claims = trigger_rows.last_claims(
            connection, since=now - CLAIMS_REMEMBERED_SECONDS
        )
        self.totals = Totals(connection)
        self.sync_kinds = SyncKinds(connection)
        self.audit = Audit(connection)
        self.outbox = Outbox(connection, now=now)
        self.failed_syncs = FailedSyncs(connection)
        self.unhealed = Unhealed(connection)
        self._notice = notice
        self.meta: dict[str, str] = {}
        self._unwritten: dict[str, Trigger] = {}

    def take_over(self, *, now: float) -> None:
        """Give every trigger of the process before us an owner: crash table K3 to K7."""
        for trigger in self.remembered.opened():
            if trigger.state is TriggerState.POSTING:
                self.step(trigger, unanswered(trigger), now=now, actor=US)
            elif trigger.state is TriggerState.RESERVED and trigger.not_after <= now:
                self.step(
                    trigger, expired(trigger, now, "nobody could ask in time"), now=now, actor=US
                )

    @property
    def has_unwritten(self) -> bool:
        """Whether anything waits to be written."""
        parts = (self.totals, self.sync_kinds, self.audit, self.outbox)
        is_marked = any(part.has_unwritten for part in (*parts, self.failed_syncs, self.unhealed))
        return bool(self._unwritten or self.meta or is_marked)

    def get(self, key: str) -> Trigger | None:
        """Return a trigger as it stands; None if only the store may know it."""
        return self._unwritten.get(key) or self.remembered.get(key)

    def placed(self, trigger: Trigger) -> Trigger:
        """Return a new wish as it goes in: it joins where its target is held."""
        holder = self.remembered.holder(trigger.target.replication_id)
        has_joined = holder is not None or trigger.state is TriggerState.JOINED
        return replace(
            trigger,
            state=TriggerState.JOINED if has_joined else TriggerState.RESERVED,
            has_joined=has_joined,
            follows=holder.key if holder else trigger.follows,
        )

    def step(self, before: Trigger, trigger: Trigger, *, now: float, actor: str = "") -> Trigger:
        """Take a step, and those that it brings about for others; return the trigger after it.

        A sync of ours that succeeds closes what stayed unknown of its replication: it was claimed
        when no other held that, so it began after each claim in doubt. Of one that was joined we
        know no beginning here: `syncing.doubts` judges it by what the appliance says.
        """
        after = merged(before, trigger)
        if after == before:
            return before
        self.put(before, after, now=now, actor=actor)
        if after.state.is_final and not before.state.is_final:
            for follower in self.remembered.followers(after.key):
                self.put(follower, ended_with(follower, after), now=now, actor=actor)
            if after.state is TriggerState.SUCCEEDED and not after.has_joined:
                self.acknowledge(after.target.replication_id, actor=actor or US, now=now)
        return after

    def put(self, before: Trigger | None, after: Trigger, *, now: float, actor: str = "") -> None:
        """Take in a trigger as it stands now, count it and note it."""
        self.count(before, after)
        if before is None or before.state is not after.state:
            self.audit.note(after, now=now, actor=actor)
            self.outbox.take(self._notice(before, after, now))
        self._unwritten[after.key] = after
        self.remembered.put(after)

    def acknowledge(self, wanted: str, *, actor: str, now: float) -> tuple[Trigger, ...]:
        """Acknowledge what is unclear under this key, or of this replication."""
        acknowledged = []
        for trigger in self.remembered.opened():
            is_meant = wanted in (trigger.key, trigger.target.replication_id)
            if is_meant and trigger.state in UNCLEAR and not trigger.is_acknowledged:
                after = replace(trigger, is_acknowledged=True)
                self.put(trigger, after, now=now)
                self.audit.note(after, now=now, what="acknowledged", actor=actor)
                acknowledged.append(after)
        return tuple(acknowledged)

    def forget_gone(self, connection: sqlite3.Connection) -> None:
        """Forget the loops of replications that no site shows and no trigger tells of any more.

        What is back within a month, or is shown, keeps its loop however old that is.
        """
        every = self.totals.every.values()
        gone = self.unhealed.counts.keys() - {r for totals in every for r in totals.replications}
        for replication in gone - trigger_rows.replications(connection) if gone else ():
            self.unhealed.forget(replication)

    def count(self, before: Trigger | None, after: Trigger) -> None:
        """Count a wish when its outcome stands (metrics.md 1.4)."""
        additions = tally(before, after)
        if additions:
            self.totals.record(after.target.site, SiteChanges(additions))

    @contextmanager
    def trial(self, before: Trigger | None, after: Trigger, *, now: float) -> Iterator[None]:
        """Count and note a step that holds only if the block ends well."""
        site = after.target.site
        totals = self.totals.totals(site)
        self.count(before, after)
        row = self.audit.note(after, now=now)
        try:
            yield
        except BaseException:
            self.totals.restore(site, totals)
            self.audit.take_back(row)
            raise
        self.remembered.put(after)

    def write(self, connection: sqlite3.Connection) -> None:
        """Put all that waits into a transaction."""
        for name, value in self.meta.items():
            put_meta(connection, name, value)
        self.totals.write(connection)
        self.sync_kinds.write(connection)
        for trigger in self._unwritten.values():
            trigger_rows.put(connection, trigger)
        self.audit.write(connection)
        self.outbox.write(connection)
        self.failed_syncs.write(connection)
        self.unhealed.write(connection)

    def written(self) -> None:
        """Nothing waits any more: the transaction is on disk."""
        self.meta.clear()
        self.totals.written()
        self.sync_kinds.written()
        self._unwritten.clear()
        self.audit.written()
        self.outbox.written()
        self.failed_syncs.written()
        self.unhealed.written()
