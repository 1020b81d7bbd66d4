"""What the routes of the alert bridge need of the rest of the program, as two values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from vr_exporter.alerting.arrivals import Refused
from vr_exporter.domain.credentials import Credentials
from vr_exporter.domain.episodes import Intent
from vr_exporter.syncing.desk import Verdict
from vr_exporter.syncing.offers import Explained


@dataclass(frozen=True, slots=True)
class WebhookKey:
    """What opens the webhook: exactly one of the three."""

    bearer_token: str = field(default="", repr=False)
    basic: Credentials | None = None
    is_certificate: bool = False


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """What became of a webhook: of each alert its key and verdict, in their order.

    `failure` says that the ledger could not take a wish, `early` how many alerts name a site whose
    first reading has not ended: in both cases it has to come again.
    """

    verdicts: tuple[Verdict, ...]
    unreadable: tuple[str, ...] = ()
    truncated: int = 0
    failure: str = ""
    early: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """The webhook as HTTP sees it.

    `key` is what opens it, None where nothing does; it is asked for each request. `take` raises
    NotAWebhook. `refused` counts one that was turned away by its head, `received` one that was let
    in, and `failed` such a one that could not be taken.
    """

    key: Callable[[], WebhookKey | None]
    take: Callable[[bytes], WebhookAnswer]
    refused: Callable[[Refused], None]
    received: Callable[[], None]
    failed: Callable[[Refused], None]
    is_stopping: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class ExplainedEpisode:
    """An episode, guard by guard. `times` is 0 where none was offered and one is supposed."""

    intent: Intent
    explained: Explained
    times: int = 0
    first_at: float | None = None
    last_at: float | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class BridgeState:
    """How the bridge stands."""

    is_open: bool
    mode: str
    has_kill_switch: bool
    kill_switch_by: str
    rules: tuple[str, ...]
    deadman: float | None
    unhealed: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of a test alert's way: whether it was made, and what is known of it."""

    name: str
    is_done: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeControl:
    """What people ask of the bridge. `explain` finds nothing for a word that nobody knows."""

    state: Callable[[], BridgeState]
    explain: Callable[[str], tuple[ExplainedEpisode, ...]]
    simulate: Callable[[bytes], tuple[ExplainedEpisode, ...]]
    kill: Callable[[bool, str], None]
    send_test: Callable[[str], float]
    test_hops: Callable[[float], tuple[Hop, ...]]
    acknowledge_loop: Callable[[str, str], int]
