"""The guard chain: pure functions from a trigger and the facts to a skip, in their order."""

from __future__ import annotations

from vr_exporter.syncing.guards.chain import judge_before, judge_fresh
from vr_exporter.syncing.guards.facts import (
    BUDGETED,
    OLDEST_READ_SECONDS,
    EpisodeFacts,
    Facts,
    FreshFacts,
    Mode,
    StormFacts,
    StormRule,
    stricter,
)

__all__ = [
    "BUDGETED",
    "OLDEST_READ_SECONDS",
    "EpisodeFacts",
    "Facts",
    "FreshFacts",
    "Mode",
    "StormFacts",
    "StormRule",
    "judge_before",
    "judge_fresh",
    "stricter",
]
