"""What the routes of triggers need of the rest of the program, as one value of callables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from vr_exporter.domain.triggers import Skip, Trigger
from vr_exporter.ledger.audit import AuditRow
from vr_exporter.syncing.desk import Verdict
from vr_exporter.syncing.targets import Found, Wanted
from vr_exporter.syncing.wishes import Wish


class Acknowledge(Protocol):
    """Closes what stayed unknown, as the ledger does."""

    def __call__(self, key_or_replication: str, *, actor: str, now: float) -> tuple[Trigger, ...]:
        """What was closed, one trigger or all of a replication."""


class AuditOf(Protocol):
    """Reads the audit, as the ledger does."""

    def __call__(self, *, limit: int, of_bridge: bool = False) -> tuple[AuditRow, ...]:
        """The last rows, the youngest first; or those of the bridge alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """Desk, directory and ledger as HTTP sees them.

    `submit` raises StoreFailed where the ledger could not take a wish. `triggers` are all that
    are remembered, the youngest first. `token` is the bearer token of the settings' `api`, None
    where there is none: then nothing acts over TCP. It is asked for each request, and so may be
    changed at any time.
    """

    find: Callable[[Wanted], Found]
    submit: Callable[[Wish], Verdict]
    preview: Callable[[Wish], Skip | None]
    turn_away: Callable[[Wish, Skip], Verdict]
    trigger: Callable[[str], Trigger | None]
    triggers: Callable[[], tuple[Trigger, ...]]
    audit: AuditOf
    acknowledge: Acknowledge
    token: Callable[[], str | None]
    is_stopping: Callable[[], bool]
