"""The alert bridge put together: from a webhook's body to the desk, and what people ask of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from vr_exporter.alerting.alertmanager import Alertmanager
from vr_exporter.alerting.arrivals import Arrivals
from vr_exporter.alerting.inbound import Webhook, read_webhook
from vr_exporter.alerting.intents import ACTION, intent_of
from vr_exporter.alerting.matchers import Rule, parse_rule
from vr_exporter.app.proving import Proving
from vr_exporter.app.wishing import Wishing
from vr_exporter.domain.alerts import TEST_ALERT
from vr_exporter.domain.credentials import Credentials
from vr_exporter.domain.episodes import Episode, Intent, stamp
from vr_exporter.domain.names import ReplicationId
from vr_exporter.domain.triggers import Origin, Target
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.settings import Secrets, Settings, SettingsError
from vr_exporter.settings.alerting import Webhook as WebhookSettings
from vr_exporter.syncing.desk import Verdict
from vr_exporter.syncing.offered import Offered, OfferedEpisodes, is_key
from vr_exporter.syncing.offers import Taken
from vr_exporter.syncing.targets import Wanted
from vr_exporter.web.bridging import (
    BridgeControl,
    BridgeState,
    ExplainedEpisode,
    Inbound,
    WebhookAnswer,
    WebhookKey,
)

log = logging.getLogger(__name__)

MOST_EXPLAINED = 5
"""So many episodes of one replication are explained."""

_LAST_DEEDS = 1000


class Bridge:
    """The way in, by the settings that hold. Any thread may call.

    `wishing` and `secrets` are asked when they are needed: the settings change under them.
    """

    def __init__(
        self,
        ledger: Ledger,
        wishing: Wishing,
        *,
        settings: Settings,
        secrets: Callable[[], Secrets],
        now: Callable[[], float],
    ) -> None:
        self._ledger = ledger
        self._wishing = wishing
        self._secrets = secrets
        self._now = now
        self._offered = OfferedEpisodes()
        self.arrivals = Arrivals()
        self.obey(settings)

    def obey(self, settings: Settings) -> None:
        """Go by these settings from now on."""
        self._settings = settings.webhook
        self._mode = self._wishing.desk.policy.mode_of(Origin.ALERT).word
        self._rules: tuple[Rule, ...] = ()
        if settings.webhook is None:
            self.arrivals.close()
            return
        self._rules = tuple(map(parse_rule, settings.webhook.rules))
        self.arrivals.open(self._now())

    # the way in

    def take(self, body: bytes) -> WebhookAnswer:
        """Take a webhook in; raises NotAWebhook."""
        webhook = read_webhook(body)
        self._tell_of_losses(webhook)
        episodes = self._without_tests(webhook.episodes)
        intents = [self._intent(each) for each in episodes]
        taken = self._wishing.offer(intents)
        self._note(intents, taken)
        return WebhookAnswer(
            taken.verdicts,
            webhook.unreadable,
            webhook.truncated,
            failure=str(taken.failure or ""),
            early=taken.early,
        )

    def inbound(self, *, is_stopping: Callable[[], bool]) -> Inbound:
        """Hand over what the route of the webhook calls."""
        return Inbound(
            key=lambda: key_of(self._settings, self._secrets()),
            take=self.take,
            refused=self.arrivals.refused,
            received=self.arrivals.received,
            failed=self.arrivals.failed,
            is_stopping=is_stopping,
        )

    def warn_of_no_way_in(self, *, has_web_file: bool) -> None:
        """Say at the start that nobody can show a client certificate where none is asked for."""
        if self._settings and self._settings.client_certificate and not has_web_file:
            remedy = "client_ca_file in --web.config.file, or another credential"
            log.warning("webhook stays closed, no web file", extra={"remedy": remedy})

    def _intent(self, episode: Episode) -> Intent:
        return intent_of(episode, self._rules, self._wishing.directory.target_of)

    def _without_tests(self, episodes: Iterable[Episode]) -> list[Episode]:
        """Take note of what only proves the way in, and leave the dead man aside."""
        deadman = self._settings.deadman if self._settings else ""
        asking = []
        for episode in episodes:
            if episode.alertname == deadman:
                if episode.is_firing:
                    self.arrivals.deadman(self._now())
                continue
            if episode.alertname == TEST_ALERT:
                self.arrivals.tested_at = episode.starts_at
            asking.append(episode)
        return asking

    def _tell_of_losses(self, webhook: Webhook) -> None:
        if webhook.truncated:
            log.warning(
                "alertmanager left alerts out of a webhook",
                extra={"count": webhook.truncated, "remedy": "max_alerts: 0 in its receiver"},
            )
        if webhook.unreadable:
            facts = {"count": len(webhook.unreadable), "error": webhook.unreadable[0]}
            log.warning("alerts of a webhook cannot be read", extra=facts)

    def _note(self, intents: Sequence[Intent], taken: Taken) -> None:
        """Count what the ledger took note of, and remember for those who ask why."""
        if taken.failure is not None or taken.early:
            self.arrivals.alerts(firing=len(taken.verdicts) - taken.unnoted, resolved=0)
        else:
            firing = sum(intent.episode.is_firing for intent in intents)
            self.arrivals.alerts(firing=firing, resolved=len(intents) - firing)
        if taken.failure is not None:
            return
        now = self._now()
        for intent, verdict in zip(intents, taken.verdicts, strict=True):
            if intent.episode.is_firing:
                key = verdict.trigger.key
                self._offered.note(key, intent, said=_said(verdict), now=now)

    # what people ask

    def state(self) -> BridgeState:
        """Say how the bridge stands."""
        return BridgeState(
            is_open=self._settings is not None,
            mode=self._mode,
            has_kill_switch=self._ledger.kill_switch,
            kill_switch_by=self._kill_switch_by(),
            rules=tuple(rule.text for rule in self._rules),
            deadman=self.arrivals.facts.deadman,
            unhealed={str(name): count for name, count in self._ledger.unhealed.items()},
        )

    def simulate(self, body: bytes) -> tuple[ExplainedEpisode, ...]:
        """Say what would become of a webhook; writes nothing. Raises NotAWebhook."""
        intents = [self._intent(each) for each in read_webhook(body).episodes]
        found = self._wishing.preview_offers(intents)
        pairs = zip(intents, found, strict=True)
        return tuple(ExplainedEpisode(intent, explained) for intent, explained in pairs)

    def explain(self, word: str) -> tuple[ExplainedEpisode, ...]:
        """Explain the episodes of a key, a replication or a VM; without any, one supposed."""
        offered = self._offered.find(word)[:MOST_EXPLAINED]
        if offered:
            return tuple(map(self._explained, offered))
        intents = [self._supposed(target) for target in self._targets(word)]
        found = zip(intents, self._wishing.preview_offers(intents), strict=True)
        return tuple(ExplainedEpisode(intent, explained) for intent, explained in found)

    def kill(self, is_on: bool, actor: str) -> None:  # noqa: FBT001 - as HTTP says it
        """Turn the kill switch."""
        self._ledger.set_kill_switch(on=is_on, actor=actor, now=self._now())

    def acknowledge_loop(self, word: str, actor: str) -> int:
        """Let alerts ask for a replication again, by its id or VM; how many healed nothing."""
        names = {word, *(str(each.replication_id) for each in self._targets(word))}
        now = self._now()
        return sum(
            self._ledger.acknowledge_loop(ReplicationId(name), actor=actor, now=now)
            for name in names & {*map(str, self._ledger.unhealed)}
        )

    def _explained(self, offered: Offered) -> ExplainedEpisode:
        (explained,) = self._wishing.preview_offers([self._intent(offered.intent.episode)])
        return ExplainedEpisode(
            offered.intent,
            explained,
            offered.times,
            offered.first_at,
            offered.last_at,
            offered.said,
        )

    def _targets(self, word: str) -> tuple[Target, ...]:
        found = self._wishing.directory.find(Wanted((word,)))
        if found.targets:
            return found.targets[:MOST_EXPLAINED] if len(found.targets) == 1 else ()
        known = (each for each in self._ledger.triggers() if is_key(word, each.key))
        return tuple(each.target for each in islice(known, 1))

    def _supposed(self, target: Target) -> Intent:
        """An alert as the first rule names it, firing since now."""
        matchers = (matcher for rule in self._rules[:1] for matcher in rule.matchers)
        named = (each.value for each in matchers if each.name == "alertname")
        labels = {
            "alertname": next(named, "VrRpoBreached"),
            "site": str(target.site),
            "replication": str(target.replication_id),
            "vm": target.vm,
            ACTION[0]: ACTION[1],
        }
        return self._intent(Episode(labels["alertname"], labels, self._now()))

    def _kill_switch_by(self) -> str:
        rows = self._ledger.audit(limit=_LAST_DEEDS, of_bridge=True)
        last = next((row for row in rows if row.what == "kill_switch"), None)
        return f"{last.actor} at {stamp(last.at)}" if last else ""


def key_of(settings: WebhookSettings | None, secrets: Secrets) -> WebhookKey | None:
    """Read what opens the webhook, afresh; None where nothing does, or it cannot be read."""
    if settings is None:
        return None
    try:
        if settings.client_certificate:
            return WebhookKey(is_certificate=True)
        if settings.basic is not None:
            found: Credentials = secrets.credentials(settings.basic)
            return WebhookKey(basic=found)
        return WebhookKey(secrets.read(settings.bearer_token, settings.bearer_token_file))
    except SettingsError as error:
        log.warning("webhook closed, its secret is away", extra={"error": "; ".join(error.lines)})
        return None


def _said(verdict: Verdict) -> str:
    return f"{verdict.skip.reason}: {verdict.sentence}" if verdict.skip else verdict.sentence


def control_of(
    bridge: Bridge,
    ledger: Ledger,
    *,
    settings: Callable[[], Settings],
    members: Callable[[], Sequence[Alertmanager]],
    now: Callable[[], float],
) -> BridgeControl:
    """Hand over what the routes of the bridge call."""
    proving = Proving(
        ledger,
        settings=settings,
        members=members,
        came_back=lambda: bridge.arrivals.tested_at,
        now=now,
    )
    return BridgeControl(
        state=bridge.state,
        explain=bridge.explain,
        simulate=bridge.simulate,
        kill=bridge.kill,
        send_test=proving.send,
        test_hops=proving.hops,
        acknowledge_loop=bridge.acknowledge_loop,
    )
