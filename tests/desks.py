"""A desk that takes every wish, with the ledger and the directory that the routes ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from tests.builders import NOW, a_snapshot
from vr_exporter.domain.snapshot import Snapshot
from vr_exporter.domain.triggers import Skip, Trigger, TriggerState
from vr_exporter.ledger.audit import AuditRow
from vr_exporter.ledger.store import StoreFailed
from vr_exporter.syncing.desk import Verdict
from vr_exporter.syncing.targets import Directory
from vr_exporter.syncing.wishes import Wish
from vr_exporter.web.acting import Acting
from vr_exporter.web.sources import Sources

TOKEN = "open-sésame"


class NoPage:
    """Stands for the page of metrics."""

    chunks = (b"# EOF\n",)
    etag = '"1"'


@dataclass
class FakeDesk:
    """Keeps what came in; `skip` is the no of a guard, `fails` a ledger that cannot write."""

    snapshot: Callable[[], Snapshot] = a_snapshot
    kept: list[Trigger] = field(default_factory=list)
    skip: Skip | None = None
    fails: bool = False
    token: str | None = TOKEN
    is_stopping: bool = False
    wishes: list[Wish] = field(default_factory=list)
    turned_away: list[tuple[Wish, Skip]] = field(default_factory=list)
    acknowledged: list[tuple[str, str, float]] = field(default_factory=list)
    rows: tuple[AuditRow, ...] = ()

    def acting(self) -> Acting:
        """What the routes are given."""
        return Acting(
            find=Directory(self.snapshot).find,
            submit=self.submit,
            preview=lambda _: self.skip,
            turn_away=self.turn_away,
            trigger=self.trigger,
            triggers=lambda: tuple(self.kept),
            audit=self.audit,
            acknowledge=self.acknowledge,
            token=lambda: self.token,
            is_stopping=lambda: self.is_stopping,
        )

    def submit(self, wish: Wish) -> Verdict:
        if self.fails:
            raise StoreFailed("/var/lib/vr-exporter/state.db: disk I/O error")
        self.wishes.append(wish)
        trigger = wish.as_trigger(NOW)
        known = self.trigger(wish.key)
        if known is not None:
            is_conflict = known.body_digest != wish.body_digest
            return Verdict(known, "asked before", is_conflict=is_conflict)
        if self.skip is not None:
            skipped = replace(trigger, state=TriggerState.SKIPPED, reason=self.skip.reason)
            return Verdict(skipped, self.skip.sentence, skip=self.skip)
        self.kept.append(trigger)
        return Verdict(trigger, f"{wish.target.vm} is queued", is_new=True)

    def turn_away(self, wish: Wish, skip: Skip) -> Verdict:
        self.turned_away.append((wish, skip))
        return Verdict(wish.as_trigger(NOW), skip.sentence, skip=skip)

    def audit(self, *, limit: int, of_bridge: bool = False) -> tuple[AuditRow, ...]:
        rows = [row for row in self.rows if row.is_of_bridge or not of_bridge]
        return tuple(rows[:limit])

    def trigger(self, key: str) -> Trigger | None:
        return next((trigger for trigger in self.kept if trigger.key == key), None)

    def acknowledge(
        self, key_or_replication: str, *, actor: str, now: float
    ) -> tuple[Trigger, ...]:
        self.acknowledged.append((key_or_replication, actor, now))
        return tuple(
            replace(trigger, is_acknowledged=True)
            for trigger in self.kept
            if key_or_replication in (trigger.key, trigger.target.replication_id)
        )


def some_sources(desk: FakeDesk | None, **more: Any) -> Sources:
    """What routes read: one site, an empty page, this desk, and what a test adds."""
    return Sources(
        snapshot=a_snapshot,
        metrics_body=lambda **_: NoPage(),
        is_healthy=lambda: (True, "healthy"),
        now=lambda: NOW,
        version="1.2.3",
        acting=desk.acting() if desk else None,
        **more,
    )
