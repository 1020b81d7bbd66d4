"""Alerts of lives that are killed: what was begun and what was told survives in files."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.alerts import an_alert
from tests.lines import Lines
from vr_exporter.alerting.alertmanager import Answer
from vr_exporter.alerting.counting import Counting
from vr_exporter.alerting.sender import Sender
from vr_exporter.alerting.turns import Timing
from vr_exporter.domain.alerts import Begun, Event, Noticed
from vr_exporter.domain.clock import Clock
from vr_exporter.ledger.outbox import Outbox
from vr_exporter.ledger.sqlite import Ledger

RECEIVER = "am-1"
BEAT_SECONDS = 0.002


@dataclass(frozen=True, slots=True)
class _Told:
    """Stands for an Alertmanager: what it takes is a line in a file."""

    lines: Lines

    def authorize(self) -> str:
        return ""

    def post(self, body: bytes) -> Answer:
        for alert in json.loads(body):
            self.lines.add(alert["labels"]["replication"])
        return Answer(200)

    def close(self) -> None:
        """Nothing is open."""


class Telling:
    """One sender over the ledger of a life; begun alerts are promised once their cause is kept."""

    def __init__(self, folder: Path, ledger: Ledger, *, now: Callable[[], float]) -> None:
        self.begun = Lines(folder / "begun")
        self.told = Lines(folder / "told")
        self._ledger = ledger
        self._now = now

        def serve(outbox: Outbox) -> None:
            outbox.serve([RECEIVER], now=now())

        ledger.change_outbox(serve)
        self._sender = Sender(
            RECEIVER,
            member=_Told(self.told),
            box=ledger,
            timing=Timing(min_hold_seconds=0.02, resolved_for_seconds=0.02),
            counting=Counting(),
            clock=Clock(now, now, lambda _: False),
            random=lambda: 0.5,
        )

    def noticed(self, key: str) -> Noticed:
        """What a poll brings that sees the end of this trigger's task."""
        now = self._now()
        return Noticed((Begun(an_alert(Event.SYNC_FAILED, replication=key), now, now),))

    def promise(self, key: str) -> None:
        """Its cause is recorded: somebody has to be told."""
        if self._ledger.is_up:
            self.begun.add(key)

    def work(self) -> None:
        """Tell what is due."""
        self._sender._look_at = 0.0
        self._sender.turn()

    def work_on(self) -> None:
        """Tell until the kill."""
        while True:
            self.work()
            threading.Event().wait(BEAT_SECONDS)

    def complaints(self) -> list[str]:
        """Name what was promised and never told."""
        for _ in range(3):
            self.work()
        left = set(self.begun.read()) - set(self.told.read())
        return [f"{key}: nobody was told" for key in sorted(left)]
