"""A test alert through the outbox to every Alertmanager, and each hop of its way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from vr_exporter.alerting.alertmanager import Alertmanager, NotAsked
from vr_exporter.alerting.routing import routes_of
from vr_exporter.domain.alerts import TEST_ALERT, Begun, EventAlert, event_alert
from vr_exporter.domain.episodes import stamp
from vr_exporter.ledger.outbox import Outbox
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.settings import Settings
from vr_exporter.web.bridging import Hop


class Proving:
    """Sends one, and tells how far it came. `came_back` is when the webhook brought one home."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        settings: Callable[[], Settings],
        members: Callable[[], Sequence[Alertmanager]],
        came_back: Callable[[], float | None],
        now: Callable[[], float],
    ) -> None:
        self._ledger = ledger
        self._settings = settings
        self._members = members
        self._came_back = came_back
        self._now = now

    def send(self, actor: str) -> float:
        """Put it into the outbox; raises LookupError where nobody would get it."""
        settings = self._settings()
        if not settings.alertmanagers:
            raise LookupError("the settings have no alertmanagers")
        now = self._now()
        hold = settings.alerts.min_hold
        begun = Begun(proving_alert(settings, actor), now, now + hold)
        self._ledger.change_outbox(lambda outbox: outbox.take([begun]), step="T4")
        self._ledger.note("test_alert", actor=actor, now=now, result=f"held for {hold:.0f} s")
        return now

    def hops(self, began: float) -> tuple[Hop, ...]:
        """Say how far the test came that began then."""
        return tuple(self._hops(began))

    def _hops(self, began: float) -> Iterator[Hop]:
        outbox = self._ledger.outbox
        yield Hop("outbox", self._ledger.is_up, f"written at {stamp(began)}")
        members = self._members()
        try:
            for member in members:
                yield from _hops_at(member, outbox)
        finally:
            for member in members:
                member.close()
        came_back = self._came_back()
        if came_back is not None and came_back >= began - 1:
            said = "Alertmanager's webhook brought it back; it is refused as loop, as it has to be"
            yield Hop("webhook", True, said)


def proving_alert(settings: Settings, actor: str) -> EventAlert:
    """Make the alert that means nothing."""
    alerts = settings.alerts
    return event_alert(
        TEST_ALERT,
        {},
        annotations={
            **alerts.annotations,
            "summary": "A test of vr-exporter: nothing is wrong",
            "description": f"Asked for by {actor}. It resolves by itself.",
        },
        added=alerts.labels,
    )


def _hops_at(member: Alertmanager, outbox: Outbox) -> Iterator[Hop]:
    name = member.member.receiver
    rows = [row for row in outbox.rows(name) if row.alert.name == TEST_ALERT]
    acked = max((row.firing_acked_at for row in rows if row.firing_acked_at), default=None)
    if acked is None:
        yield Hop(name, False, "not taken yet")
        return
    yield Hop(name, True, f"taken at {stamp(acked)}")
    try:
        receivers = routes_of(member.active_alerts(TEST_ALERT))
    except NotAsked as error:
        yield Hop(f"{name} routes", False, str(error))
        return
    if receivers:
        yield Hop(f"{name} routes", True, f"to {', '.join(receivers)}")
    else:
        yield Hop(f"{name} routes", False, "it is held there, and goes to no receiver")
