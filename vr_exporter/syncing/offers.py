"""The alerts' way to the desk: all of one webhook together, each decided on and told why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from vr_exporter.domain.episodes import Intent
from vr_exporter.domain.names import PairingId, ReplicationId, SiteName
from vr_exporter.domain.triggers import Origin, Skip, Target, Trigger, TriggerState
from vr_exporter.ledger.audit import BY_ALERT
from vr_exporter.ledger.sqlite import Ledger, Refusal
from vr_exporter.ledger.steps import IllegalStep, may_turn, skipped
from vr_exporter.ledger.store import StoreFailed
from vr_exporter.syncing.crowd import Crowd
from vr_exporter.syncing.desk import Desk, Verdict
from vr_exporter.syncing.guards import EpisodeFacts, Facts, Mode, StormFacts, judge_before
from vr_exporter.syncing.guards.chain import Finding, explain
from vr_exporter.syncing.guards.inputs import summary
from vr_exporter.syncing.recent import Recent
from vr_exporter.syncing.wishes import Wish, alert_key

SilencedBy = Callable[[Mapping[str, str]], str | None]
"""Says what silences an alert with these labels, empty for nothing, None if nobody was asked."""

_LONGEST_SHOWN = 128


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of the alerts of one webhook, in their order.

    `failure` is there where the ledger could not take a wish: then `verdicts` are of those that
    it took before, and nothing of the others was noted. `early` of them name a site whose first
    reading has not ended. In both cases all have to come again, and only what was taken is noted:
    of `unnoted` verdicts nothing is.
    """

    verdicts: tuple[Verdict, ...]
    failure: StoreFailed | None = None
    early: int = 0
    unnoted: int = 0


@dataclass(frozen=True, slots=True)
class Explained:
    """What every guard says of an alert, or of a wish by none."""

    trigger: Trigger
    findings: tuple[Finding, ...]

    @property
    def refusal(self) -> Finding | None:
        """The first guard that says no."""
        return next((found for found in self.findings if found.skip is not None), None)


@dataclass(slots=True)
class _Batch:
    """What all decisions of one webhook share."""

    now: float
    recent: Recent
    silenced: SilencedBy
    besides: tuple[Target, ...] = ()
    asking: dict[SiteName, int] = field(default_factory=dict)
    early: int = 0


class Offers:
    """Takes what alerts ask for. `silences` reads them anew: it may wait for the network.

    `count_at` is how many replications are asked at a site. The crowd outlives a reload.
    """

    def __init__(
        self,
        desk: Desk,
        ledger: Ledger,
        *,
        crowd: Crowd,
        count_at: Callable[[str], int],
        is_site: Callable[[str], bool],
        silences: Callable[[], SilencedBy],
        now: Callable[[], float],
    ) -> None:
        self._desk = desk
        self._ledger = ledger
        self._crowd = crowd
        self._count_at = count_at
        self._is_site = is_site
        self._silences = silences
        self._now = now

    def take(self, intents: Sequence[Intent]) -> Taken:
        """Decide on all of them; those that the ledger took are durable when this returns."""
        silenced = self._silenced(intents)
        verdicts: list[Verdict | None] = []
        refusals: list[Refusal] = []
        with self._desk.deciding:
            now = self._now()
            batch = self._batch(now, silenced)
            self._crowd.note(_meant(intents), now=now)
            for intent in intents:
                try:
                    verdicts.append(self._decided(intent, batch, refusals))
                except StoreFailed as error:
                    taken = tuple(each for each in verdicts if each)
                    return Taken(taken, failure=error, early=batch.early, unnoted=batch.early)
            if batch.early:
                ended = tuple(skipped(each.trigger, each.skip, now=now) for each in refusals)
            else:
                ended = self._ledger.refuse_all(refusals, now=now)
        refused = iter(ended)
        every = tuple(each or _refused(next(refused)) for each in verdicts)
        unnoted = batch.early + len(refusals) if batch.early else 0
        return Taken(every, early=batch.early, unnoted=unnoted)

    def preview(self, intents: Sequence[Intent]) -> tuple[Explained, ...]:
        """Say of each what every guard says of it now, as if the others came with it."""
        silenced = self._silenced(intents)
        now = self._now()
        besides = _meant(intents)
        batch = _Batch(now, self._desk.gathering.recent(now), silenced, besides)
        taken: list[ReplicationId] = []
        found: list[Explained] = []
        for intent in intents:
            explained = self._explained(intent, batch)
            replication = explained.trigger.target.replication_id
            if explained.refusal is None and not batch.recent.is_held(replication):
                taken.append(replication)
                batch.recent = self._desk.gathering.recent(now, taken=taken)
            found.append(explained)
        return tuple(found)

    def explain(self, wish: Wish) -> Explained:
        """Say what every guard says of a wish that no alert makes."""
        now = self._now()
        trigger, gathering = wish.as_trigger(now), self._desk.gathering
        facts = gathering.facts(trigger, gathering.recent(now), now=now)
        return Explained(trigger, explain(trigger, facts, gathering.as_polled(trigger, now)))

    def _silenced(self, intents: Iterable[Intent]) -> SilencedBy:
        """Ask for silences only where something may come of it, and before anybody waits."""
        mode = self._desk.policy.mode_of(Origin.ALERT)
        if self._ledger.kill_switch or mode is Mode.OFF or not _meant(intents):
            return _unasked
        return self._silences()

    def _batch(self, now: float, silenced: SilencedBy) -> _Batch:
        return _Batch(now, self._desk.gathering.recent(now), silenced)

    def _decided(self, intent: Intent, batch: _Batch, refusals: list[Refusal]) -> Verdict | None:
        """Have the ledger take it, or add a refusal, to be noted with the others."""
        trigger = self._trigger(intent, batch.now)
        facts = self._facts(intent, trigger, batch)
        skip = judge_before(trigger, facts)
        if skip is not None:
            if intent.fault and intent.fault.is_early and skip is intent.fault.skip:
                batch.early += 1
                return Verdict(trigger, skip.sentence, skip=skip)
            if not intent.episode.is_firing:
                self._end_waiting(trigger.key, skip, batch)
            refusals.append(Refusal(trigger, skip, summary(facts)))
            return None
        verdict = self._desk.accept(replace(trigger, sentence=summary(facts)), batch.now)
        batch.recent = self._desk.gathering.recent(batch.now)
        return verdict

    def _end_waiting(self, key: str, skip: Skip, batch: _Batch) -> None:
        """End the wish of an episode that is over, unless it was posted, or others follow it."""
        known = self._ledger.trigger(key)
        if known is None or known.state is not TriggerState.RESERVED:
            return
        under_way = self._ledger.triggers(site=known.target.site, unfinished=True)
        if any(each.follows == key for each in under_way):
            return
        with suppress(IllegalStep):  # its worker was quicker
            self._ledger.settle(skipped(known, skip, now=batch.now), now=batch.now)
            batch.recent = self._desk.gathering.recent(batch.now)

    def _explained(self, intent: Intent, batch: _Batch) -> Explained:
        trigger = self._trigger(intent, batch.now)
        facts = self._facts(intent, trigger, batch)
        fresh = self._desk.gathering.as_polled(trigger, batch.now)
        return Explained(trigger, explain(trigger, facts, fresh))

    def _trigger(self, intent: Intent, now: float) -> Trigger:
        episode = intent.episode
        return Wish(
            key=alert_key(episode),
            target=intent.target or self._nowhere(intent),
            origin=Origin.ALERT,
            not_after=now + self._desk.policy.alert_max_age_seconds,
            actor=f"{BY_ALERT}{episode.alertname[:_LONGEST_SHOWN]}",
        ).as_trigger(now)

    def _nowhere(self, intent: Intent) -> Target:
        """What is known of a target that is none: only a site of ours becomes a label."""
        episode = intent.episode
        site = episode.site if self._is_site(episode.site) else ""
        replication = ReplicationId(episode.replication[:_LONGEST_SHOWN])
        vm = episode.labels.get("vm", "")[:_LONGEST_SHOWN]
        return Target(replication, SiteName(site), PairingId(""), vm)

    def _facts(self, intent: Intent, trigger: Trigger, batch: _Batch) -> Facts:
        replication = trigger.target.replication_id
        known = self._ledger.trigger(trigger.key)
        may_act = known is None or may_turn(known, trigger)
        alert = EpisodeFacts(
            intent.episode,
            fault=intent.fault.skip if intent.fault else None,
            known=None if known is None or may_act else known.state,
            claimed_at=self._ledger.last_claim(replication),
            unhealed=self._ledger.unhealed_of(replication),
            silence=batch.silenced(intent.episode.labels) if intent.target else None,
            storm=self._storm(trigger.target, batch),
        )
        return self._desk.gathering.facts(trigger, batch.recent, now=batch.now, alert=alert)

    def _storm(self, target: Target, batch: _Batch) -> StormFacts:
        rule, site = self._desk.policy.alert_storm, target.site
        if site not in batch.asking:
            since = batch.now - rule.window_seconds
            asking = self._crowd.asking(site, since=since, besides=batch.besides)
            batch.asking[site] = len(asking)
        fault = self._desk.gathering.larger_cause(target)
        return StormFacts(batch.asking[site], self._count_at(site), rule, fault)


def _meant(intents: Iterable[Intent]) -> tuple[Target, ...]:
    return tuple(each.target for each in intents if each.target and each.episode.is_firing)


def _refused(trigger: Trigger) -> Verdict:
    return Verdict(trigger, trigger.sentence, skip=Skip(trigger.reason, trigger.sentence))


def _unasked(_labels: Mapping[str, str]) -> None:
    return None
