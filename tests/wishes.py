"""Wishes for a sync and the facts they are judged by: plain ones, changed by keyword."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.builders import NOW, a_pairing, a_replication
from vr_exporter.domain.names import ReplicationId, SiteName
from vr_exporter.domain.triggers import Origin, Target, Trigger
from vr_exporter.syncing.circuit import Circuit
from vr_exporter.syncing.guards import Facts, FreshFacts, Mode
from vr_exporter.syncing.wishes import Wish, random_key


def a_target(**changes: Any) -> Target:
    """The replication of `a_replication`, asked at Madrid."""
    target = Target(
        replication_id=ReplicationId("GID-1"),
        site=SiteName("madrid"),
        pairing_id=a_pairing().id,
        vm="db-01",
        vm_id="vm-101",
    )
    return replace(target, **changes)


def a_wish(**changes: Any) -> Wish:
    """A person's wish for `a_target`, under a key of its own."""
    wish = Wish(key=random_key(), target=a_target(), origin=Origin.CLI, not_after=NOW + 7200)
    return replace(wish, **changes)


def a_trigger(**changes: Any) -> Trigger:
    """A person's trigger for `a_target` that waits since now."""
    return replace(a_wish().as_trigger(NOW), **changes)


def some_facts(**changes: Any) -> Facts:
    """Facts under which every guard says yes."""
    facts = Facts(
        now=NOW,
        has_kill_switch=False,
        mode=Mode.ON,
        window=None,
        circuit=Circuit(),
        budget_used=0,
        budget_limit=60,
        budget_free_at=None,
        cooldown_seconds=600.0,
        last_claimed_at=None,
        is_target_held=False,
        alert=None,
    )
    return replace(facts, **changes)


def some_fresh_facts(**changes: Any) -> FreshFacts:
    """An idle replication that was read just now."""
    facts = FreshFacts(now=NOW, mode=Mode.ON, read_at=NOW, replication=a_replication())
    return replace(facts, **changes)
