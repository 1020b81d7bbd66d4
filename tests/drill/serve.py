"""The shipped `vr-exporter` on a hurried clock; run by itself, the clock's start comes first."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any

from tests.drill.hurry import HurriedTime
from tests.rules_scaled import FACTOR
from vr_exporter.__main__ import main
from vr_exporter.app import exporter, serving, sites
from vr_exporter.app.alarm import Alarm
from vr_exporter.appliance import transport
from vr_exporter.domain.clock import Clock
from vr_exporter.web.server import Server


class HurriedAlarm(Alarm):
    """Waits are as long as the hurried clock has them."""

    def wait(self, seconds: float) -> bool:
        return super().wait(seconds / FACTOR)

    def rest(self, seconds: float) -> bool:
        return super().rest(seconds / FACTOR)


def server_at_rest(*parts: Any, clock: Clock, **more: Any) -> Server:
    """Answer in real time, as those who ask live in it."""
    clock = replace(clock, monotonic=time.monotonic)  # noqa: TID251 - as said
    return serving.server_for(*parts, clock=clock, **more)


def hurry(hurried: HurriedTime) -> None:
    """Put the exporter together on this clock: all else in it is as shipped."""
    shipped = transport.Limits()
    time_there = SimpleNamespace(time=hurried.now, monotonic=hurried.monotonic)
    vars(exporter).update(time=time_there, server_for=server_at_rest)
    vars(sites).update(Alarm=HurriedAlarm)
    vars(transport).update(
        Limits=partial(
            transport.Limits,
            connect_seconds=shipped.connect_seconds * FACTOR,
            read_seconds=shipped.read_seconds * FACTOR,
            response_seconds=shipped.response_seconds * FACTOR,
        )
    )


if __name__ == "__main__":
    hurry(HurriedTime(float(sys.argv.pop(1))))
    main()
