"""The alert bridge of the bad day: a stand-in Alertmanager, told by it and posting to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.alertmanager import Alertmanager
from tests.alerts import a_way_out, serve
from tests.bridged import Alert, Bridged, a_body, an_alert

if TYPE_CHECKING:
    from pathlib import Path

    from tests.day.exporter import Exporter

RECEIVER: Final = "alertmanager:9093"
DEADMAN_MINUTES: Final = 5
OFFER_MINUTES: Final = 4
STRANGE_MINUTES: Final = 15
"""So often somebody posts without the credential, and something that is no webhook."""

MOST_PER_HOUR: Final = 20


class DayBridge:
    """The bridge in one life of an exporter; the Alertmanager lives on without it.

    While that is away, it posts nothing either.
    """

    def __init__(self, exporter: Exporter, standin: Alertmanager) -> None:
        self._time = exporter.time
        self._standin = standin
        folder: Path = exporter.state
        serve(exporter.ledger, RECEIVER, now=self._time.now())
        self._way = a_way_out(
            folder,
            time=exporter.time,
            standin=standin,
            receiver=RECEIVER,
            ledger=exporter.ledger,
        )
        self.counting = self._way.counting
        self.door = Bridged(
            exporter, triggers={"max_per_hour": MOST_PER_HOUR}, cooldown="10m", deadman="VrDeadman"
        )
        self._begun: dict[str, Alert] = {}

    def turn(self) -> None:
        """Tell what is due, as its thread would."""
        self._way.sender.turn()
        self._standin.tick()

    def in_minute(self, minute: int) -> None:
        """Let Alertmanager, and strangers, post what is due."""
        if minute % STRANGE_MINUTES == 0:
            self.door.post(b"{}", authorization="Bearer guessed")
            self.door.post(b"no JSON")
        if self._standin.is_away:
            return
        if minute % DEADMAN_MINUTES == 0:
            self.door.post(a_body([an_alert(self._time.now(), alertname="VrDeadman")]))
        if minute % OFFER_MINUTES == 0:
            self._offer()

    def _offer(self) -> None:
        """Post each breach, with the start that it had before, and once the end of each."""
        rows = {row.replication.id: row for row in self.door.breached()}
        over = [self._begun.pop(key) for key in self._begun.keys() - rows.keys()]
        for key, row in rows.items():
            self._begun.setdefault(key, self.door.an_alert(row))
        alerts = [*self._begun.values(), *({**each, "status": "resolved"} for each in over)]
        if alerts:
            self.door.post(a_body(alerts))
