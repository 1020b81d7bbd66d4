"""All the loops there are, and how each is run."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator

from tests.fault_proxy import Kind
from tests.wire_torture.polls import torture_polls
from tests.wire_torture.tally import Loop, Tally
from tests.wire_torture.triggers import torture_triggers

POLL_WITH_LOGIN, POLL, TRIGGER = "poll with login", "poll", "trigger"


def loops(*, seed: int, limit: int | None) -> Iterator[Loop]:
    """Every subject, kind, duration and scheme; the long ones first."""
    lives = (True, False)
    for subject in (TRIGGER, POLL_WITH_LOGIN, POLL):
        for kind, is_lasting, has_tls in itertools.product(Kind, lives, lives):
            if subject != TRIGGER or kind is not Kind.FLIP:
                yield Loop(subject, kind, is_lasting, has_tls, limit=limit, seed=seed)


def torture(loop: Loop) -> Tally:
    """Run one loop, its log lines left out."""
    ours = logging.getLogger("vr_exporter")
    did_propagate, ours.propagate = ours.propagate, False
    try:
        if loop.subject == TRIGGER:
            return torture_triggers(loop)
        return torture_polls(loop, is_fresh=loop.subject == POLL_WITH_LOGIN)
    finally:
        ours.propagate = did_propagate
