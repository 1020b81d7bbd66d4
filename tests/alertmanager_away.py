"""A real Alertmanager stopped for a while as alerts start and end: `… tests.alertmanager_away 600`.

The last line says what came of it; the exit code is 1 if an alert was lost.
"""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.alerts import an_alert
from tests.ports import free_port
from tests.prometheus import wait_until
from tests.real_alertmanager import QUICK, Sending, Webhook, a_webhook, an_alertmanager
from vr_exporter.domain.alerts import Begun, Ended, Event

ALERTS = 1000
AWAY_SECONDS = 600.0
RESULT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of it: `lost` were never notified as firing, `unresolved` not as resolved."""

    away_seconds: float
    alerts: int
    ended_meanwhile: int
    accepted_within_seconds: float
    lost: int
    unresolved: int
    rows_left: int
    grown_kib: int

    @property
    def text(self) -> str:
        """The figures."""
        return (
            f"away {self.away_seconds:.0f} s, {self.alerts} alerts, {self.ended_meanwhile} of them"
            f" over meanwhile: {self.lost} lost, {self.unresolved} not told resolved, all accepted"
            f" {self.accepted_within_seconds} s after its return, {self.rows_left} rows left,"
            f" grown {self.grown_kib} KiB"
        )


def away(folder: Path, *, seconds: float, alerts: int = ALERTS) -> Verdict:
    """Let alerts start, every other one end, while the Alertmanager is away for so long."""
    port = free_port()
    with ExitStack() as stack:
        webhook = stack.enter_context(a_webhook())
        with an_alertmanager(folder / "am", webhook, port=port):
            sending = Sending(folder / "state", f"http://127.0.0.1:{port}")
            stack.callback(sending.stop)
            sending.note(Begun(an_alert(Event.TASK_FAILED), sending.clock.now()))
            wait_until(lambda: webhook.told(Event.TASK_FAILED) == ["firing"], "all is well before")
        before = psutil.Process().memory_info().rss
        ended = _while_away(sending, seconds, alerts)
        grown = psutil.Process().memory_info().rss - before
        began = time.monotonic()  # noqa: TID251 - a real process returns
        stack.enter_context(an_alertmanager(folder / "am", webhook, port=port))
        box = sending.ledger.outbox
        wait_until(lambda: all(r.firing_acked_at for r in box.rows("am-0")), "all are accepted")
        accepted = time.monotonic() - began  # noqa: TID251 - as above
        _await_ends(webhook, ended)
        firing, resolved = _heard(webhook, "firing"), _heard(webhook, "resolved")
        return Verdict(
            away_seconds=seconds,
            alerts=alerts,
            ended_meanwhile=len(ended),
            accepted_within_seconds=round(accepted, 2),
            lost=alerts - len(firing),
            unresolved=len(ended - resolved),
            rows_left=len(box.rows("am-0")),
            grown_kib=grown // 1024,
        )


def _while_away(sending: Sending, seconds: float, alerts: int) -> set[str]:
    """Start alerts evenly over the time, and end each other one halfway to the end of it."""
    pause = seconds / alerts
    ended = set()
    for number in range(alerts):
        name = f"GID-{number}"
        alert = an_alert(Event.SYNC_FAILING, replication=name)
        sending.note(Begun(alert, sending.clock.now()))
        if number % 2 and number < alerts - 2:
            sending.note(Ended(alert.kin, sending.clock.now()))
            ended.add(name)
        time.sleep(pause)  # noqa: TID251 - real time passes
    return ended


def _await_ends(webhook: Webhook, ended: set[str]) -> None:
    wait_until(lambda: ended <= _heard(webhook, "resolved"), "what is over is told")
    time.sleep(QUICK.resolved_for_seconds + 2)  # noqa: TID251 - as above


def _heard(webhook: Webhook, status: str) -> set[str]:
    return {
        alert["labels"]["replication"]
        for body in list(webhook.bodies)
        for alert in body["alerts"]
        if alert["status"] == status and alert["labels"]["alertname"] == Event.SYNC_FAILING
    }


def main(arguments: list[str]) -> int:
    """SECONDS [ALERTS]: print the verdict."""
    seconds = float(arguments[0]) if arguments else AWAY_SECONDS
    alerts = int(arguments[1]) if arguments[1:] else ALERTS
    with tempfile.TemporaryDirectory() as folder:
        verdict = away(Path(folder), seconds=seconds, alerts=alerts)
    sys.stdout.write(f"{verdict.text}\n")
    is_good = not verdict.lost and not verdict.unresolved
    return 0 if is_good and verdict.accepted_within_seconds <= RESULT_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
