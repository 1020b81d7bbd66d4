"""Wishes for syncs as those who wished were told, and what the appliance was then asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from tests.fleet_model.told import Told
from vr_exporter.domain.triggers import Trigger
from vr_exporter.syncing.desk import Verdict

Sample = tuple[str, dict[str, str], float]

SOURCES: Final = ("api", "schedule", "alert", "cli")
OUTCOMES: Final = ("accepted", "joined", "skipped", "rejected", "ambiguous")
REASONS: Final = (
    *("kill_switch", "off", "dry_run", "resolved", "unmatched", "duplicate", "expired", "loop"),
    *("maintenance", "silenced", "circuit", "storm", "budget", "cooldown", "stale", "not_found"),
    *("ambiguous_name", "paused", "status", "remote_down", "healed", "fresh"),
)
_FINAL: Final = {"succeeded", "failed", "lost", "skipped", "refused", "unresolved", "expired"}


@dataclass(slots=True)
class Open:
    """A wish that was taken; `allowed` are the outcomes that its POST leaves, none before it."""

    key: str
    site: str
    source: str
    replication: str
    allowed: frozenset[str] = frozenset()
    is_counted: bool = False


@dataclass(slots=True)
class Wishes:
    """All of them; `row` tells what the API tells of a wish by its key."""

    row: Callable[[str], Trigger | None]
    settled: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    skips: Counter[tuple[str, str]] = field(default_factory=Counter)
    open: dict[str, Open] = field(default_factory=dict)
    doubtful: dict[str, str] = field(default_factory=dict)
    made: int = 0
    posts: int = 0
    faults: list[str] = field(default_factory=list)

    def told(self, verdict: Verdict) -> None:
        """Take in what a wisher was told."""
        trigger = verdict.trigger
        site, source = str(trigger.target.site), trigger.origin.value
        if verdict.skip is not None:
            self.made += 1
            self.settled[site, source, "skipped"] += 1
            self.skips[site, verdict.skip.reason] += 1
        elif verdict.is_new:
            self.made += 1
            wish = Open(trigger.key, site, source, str(trigger.target.replication_id))
            self.open[trigger.key] = wish
            if trigger.state == "joined":
                self._count(wish, "joined")

    def posted(self, site: str, told: Iterable[Told]) -> None:
        """Take in the syncs that an appliance was asked for: each is of one open wish."""
        for each in told:
            if each.endpoint != "sync":
                continue
            self.posts += 1
            replication = each.target.split("/replications/")[1].split("/")[0]
            waiting = [
                wish
                for wish in self.open.values()
                if (wish.site, wish.replication) == (site, replication)
                and not wish.is_counted
                and not wish.allowed
            ]
            if len(waiting) != 1:
                self.faults.append(f"a POST for {replication} at {site} of {len(waiting)} wishes")
            for wish in waiting:
                wish.allowed = _allowed(each, replication)

    def settle(self) -> None:
        """See how open wishes stand, and that each came to what its POST allows."""
        for wish in list(self.open.values()):
            row = self.row(wish.key)
            if row is None:
                self.faults.append(f"a wish was forgotten: {wish.key}")
                del self.open[wish.key]
                continue
            if not wish.is_counted and (outcome := _outcome(row)):
                self._judge(wish, row, outcome)
            if row.state in _FINAL:
                del self.open[wish.key]
                if row.state == "unresolved":
                    self.doubtful[wish.key] = wish.site
        for key in list(self.doubtful):
            row = self.row(key)
            if row is None or row.is_acknowledged or row.state != "unresolved":
                del self.doubtful[key]

    def samples(self, sites: Iterable[str]) -> Iterator[Sample]:
        """What the page must hold of them."""
        for site in (*sites, ""):
            named = {"site": site} if site else {}
            for source in SOURCES:
                for outcome in OUTCOMES if site else ("skipped",):
                    labels = named | {"source": source, "outcome": outcome}
                    count = self.settled[site, source, outcome]
                    yield "vr_trigger_requests_total", labels, float(count)
            for reason in REASONS:
                labels = named | {"reason": reason}
                yield "vr_trigger_skips_total", labels, float(self.skips[site, reason])
            if site:
                yield from self._standing(site)

    def _standing(self, site: str) -> Iterator[Sample]:
        own = [self.row(wish.key) for wish in self.open.values() if wish.site == site]
        states = Counter(str(row.state) for row in own if row is not None)
        labels = {"site": site}
        running = states["posting"] + states["running"] + states["joined"]
        doubtful = Counter(self.doubtful.values())[site]
        yield "vr_triggers_queued", labels, float(states["reserved"])
        yield "vr_triggers_in_flight", labels, float(running)
        yield "vr_triggers_ambiguous", labels, float(states["ambiguous"] + doubtful)

    def _judge(self, wish: Open, row: Trigger, outcome: str) -> None:
        allowed = wish.allowed or {"skipped", "joined"}
        if outcome not in allowed:
            self.faults.append(f"{wish.key} at {wish.site} came to {outcome}, not to {allowed}")
        self._count(wish, outcome)
        if outcome == "skipped":
            reason = "expired" if row.state == "expired" else row.reason
            self.skips[wish.site, reason] += 1

    def _count(self, wish: Open, outcome: str) -> None:
        wish.is_counted = True
        self.settled[wish.site, wish.source, outcome] += 1


def _outcome(row: Trigger) -> str:
    """The table of surface.md; empty while nothing stands."""
    state = row.state
    if state == "joined" or row.has_joined:
        return "joined"
    if state in {"running", "succeeded", "lost"} or (state == "failed" and row.task_id):
        return "accepted"
    if state in {"refused", "failed"}:
        return "rejected"
    if state in {"skipped", "expired"}:
        return "skipped"
    return "ambiguous" if state == "unresolved" else ""


def _allowed(told: Told, replication: str) -> frozenset[str]:
    """What a POST may come to: a 202 is a yes, a 4xx a no, for all else the tasks tell."""
    if told.is_good and told.code == "202":
        return frozenset({"accepted"})
    if told.reason == "connect" or told.code.startswith("4"):
        return frozenset({"rejected"})
    is_begun = any(
        (task["operation"], task["replication"]) == ("sync", replication)
        and task["queued_timestamp_seconds"] >= told.at - 0.01
        for site in told.truth["sites"].values()
        for task in site["tasks"]
    )
    if is_begun:
        return frozenset({"accepted", "ambiguous"})
    return frozenset({"accepted", "rejected" if told.code.startswith("5") else "ambiguous"})
