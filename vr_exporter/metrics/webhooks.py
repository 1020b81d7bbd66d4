"""The families of the webhook, read whenever our own part of the page is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from vr_exporter.metrics.family import Declaration, Declarations, Samples
from vr_exporter.metrics.looked_up import LookedUp

REFUSED = ("auth", "body", "disabled", "store")
"""Why a webhook was turned away as a whole, a closed set: the values of the label `reason`."""

STATUSES = ("firing", "resolved")

WEBHOOKS = Declarations(
    "Webhooks from Alertmanager",
    (),
    (
        Declaration(
            "vr_webhooks_received_total", "counter", "Webhooks that came in, good and bad."
        ),
        Declaration(
            "vr_webhooks_refused_total",
            "counter",
            "Webhooks that were turned away as a whole: no credential or a bad one, a body that"
            " cannot be read, no webhook in the settings, or what has to come again (`store`): the"
            " ledger cannot be written, or a site that is named was not read yet.",
            ("reason",),
        ),
        Declaration(
            "vr_webhook_alerts_total",
            "counter",
            "Alerts in the webhooks that were taken, the dead man's aside: each a wish by alert.",
            ("status",),
        ),
        Declaration(
            "vr_webhook_deadman_timestamp_seconds",
            "gauge",
            "When the alert that only proves the way in came last; before the first one when the"
            " webhook was opened, absent where the settings have none.",
            is_optional=True,
        ),
    ),
)


class WebhookFacts(Protocol):
    """What the page tells of webhooks; `deadman` is None where the webhook is closed."""

    @property
    def received(self) -> int:
        """How many came."""

    @property
    def refused(self) -> Mapping[str, int]:
        """How many were turned away, by reason."""

    @property
    def alerts(self) -> Mapping[str, int]:
        """How many alerts were in those taken, by status."""

    @property
    def deadman(self) -> float | None:
        """When the dead man was heard last."""


def webhook_families(facts: Callable[[], WebhookFacts]) -> LookedUp:
    """The families of the webhook, for the registry."""
    return LookedUp(WEBHOOKS, lambda: _samples(facts()))


def _samples(facts: WebhookFacts) -> Mapping[str, Samples]:
    deadman = facts.deadman
    return {
        "vr_webhooks_received_total": (((), facts.received),),
        "vr_webhooks_refused_total": tuple(((r,), facts.refused.get(r, 0)) for r in REFUSED),
        "vr_webhook_alerts_total": tuple(((s,), facts.alerts.get(s, 0)) for s in STATUSES),
        "vr_webhook_deadman_timestamp_seconds": () if deadman is None else (((), deadman),),
    }
