"""Alerts as tests make them, and the way out for one receiver, on a clock moved by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.alertmanager import Alertmanager as StandIn
from tests.builders import NOW
from tests.ledgers import MADRID
from tests.simulated import ManualClock
from vr_exporter.alerting.alertmanager import Alertmanager, Member
from vr_exporter.alerting.counting import Counting
from vr_exporter.alerting.sender import Sender
from vr_exporter.alerting.turns import Timing
from vr_exporter.domain.alerts import (
    Begun,
    Event,
    EventAlert,
    News,
    Noticed,
    Outgoing,
    event_alert,
)
from vr_exporter.domain.counts import SiteChanges
from vr_exporter.ledger.sqlite import Ledger

HOLD = 360.0


def an_alert(
    name: str = Event.SYNC_FAILED,
    *,
    error_class: str = "connectivity",
    replication: str = "GID-1",
    **annotations: str,
) -> EventAlert:
    """A sync of db-01 failed, or what is named instead."""
    labels = {
        "site": "madrid",
        "pairing": "berlin",
        "replication": replication,
        "vm": "db-01",
        "error_class": error_class,
    }
    return event_alert(name, labels, annotations={"summary": "A sync failed", **annotations})


def begun(
    alert: EventAlert | None = None, *, at: float = NOW, ends_at: float | None = None
) -> Begun:
    """An alert that lasts until somebody ends it."""
    return Begun(alert or an_alert(), at, ends_at)


def held(alert: EventAlert | None = None, *, at: float = NOW) -> Begun:
    """An event that is over at once, and is held."""
    return Begun(alert or an_alert(), at, at + HOLD)


def an_outgoing(**changes: Any) -> Outgoing:
    """A row that no receiver has heard of yet."""
    return replace(Outgoing("am-1", an_alert(), NOW), **changes)


def note(ledger: Ledger, *news: News) -> None:
    """Let a poll bring this news."""
    ledger.record(MADRID, SiteChanges(), (), Noticed(news))


def serve(ledger: Ledger, *receivers: str, now: float = NOW) -> None:
    """Keep rows for these receivers."""
    ledger.change_outbox(lambda outbox: outbox.serve(receivers, now=now))


@dataclass(slots=True)
class WayOut:
    """A ledger, a sender and the Alertmanager it tells; time passes by `pass_time`."""

    time: ManualClock
    ledger: Ledger
    standin: StandIn
    sender: Sender
    counting: Counting

    def pass_time(self, seconds: float, *, step: float = 1.0) -> None:
        """Let so much time pass; the sender works and notifications go out on the way."""
        end = self.time.monotonic() + seconds
        while True:
            self.sender.turn()
            self.standin.tick()
            left = end - self.time.monotonic()
            if left <= 0:
                return
            self.time.advance(min(left, step))

    def note(self, *news: News) -> None:
        """Let a poll bring this news."""
        note(self.ledger, *news)

    @property
    def rows(self) -> tuple[Outgoing, ...]:
        """What the outbox holds for the receiver."""
        return self.ledger.outbox.rows(self.sender.receiver)


def a_way_out(
    folder: Path,
    *,
    time: ManualClock | None = None,
    standin: StandIn | None = None,
    timing: Timing | None = None,
    authorize: Callable[[], str] = lambda: "",
    receiver: str = "am-1",
    ledger: Ledger | None = None,
) -> WayOut:
    """A way out to one Alertmanager, over a ledger in this folder unless one is given."""
    time = time or ManualClock(NOW)
    standin = standin or StandIn(time)
    if ledger is None:
        ledger = Ledger(folder / "state.db", now=time.now())
        serve(ledger, receiver, now=time.now())
    counting = Counting()
    counting.watch([receiver])
    sender = Sender(
        receiver,
        member=Alertmanager(
            Member(receiver, "http://am-1:9093"),
            authorize=authorize,
            clock=time.clock(),
            transport=standin,
        ),
        box=ledger,
        timing=timing or Timing(),
        counting=counting,
        clock=replace(time.clock(), wait=lambda _: time.is_stopped),
        random=lambda: 1.0,
    )
    return WayOut(time, ledger, standin, sender, counting)
