"""What an alert asks for: by rule, action and labels one replication, or nothing; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from vr_exporter.alerting.matchers import Rule
from vr_exporter.domain.episodes import Episode, Intent, NoTarget
from vr_exporter.domain.triggers import Skip, Target

ACTION: Final = ("vr_action", "sync")
"""The label by which a rule says that its alert may start a sync."""

TargetOf = Callable[[str, str], Target | NoTarget]
"""Finds the target of a site's name and a replication's id, or says why there is none."""


def intent_of(episode: Episode, rules: Iterable[Rule], target_of: TargetOf) -> Intent:
    """Say what an alert asks for. Labels alone decide, and never a URL or an annotation."""
    labels = episode.labels
    if not any(rule.matches(labels) for rule in rules):
        return _unmatched(episode, f"{episode.alertname} is not in webhook.rules")
    name, value = ACTION
    if labels.get(name) != value:
        return _unmatched(episode, f'{episode.alertname} has no label {name}="{value}"')
    if not (episode.site and episode.replication):
        return _unmatched(episode, f"{episode.alertname} names no site and replication")
    target = target_of(episode.site, episode.replication)
    if isinstance(target, NoTarget):
        return Intent(episode, fault=target)
    return Intent(episode, target)


def _unmatched(episode: Episode, sentence: str) -> Intent:
    return Intent(episode, fault=NoTarget(Skip("unmatched", sentence)))
