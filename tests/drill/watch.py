"""What Alertmanager held and told while an episode was watched, against what it was to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from tests.drill.stack import Stack

DEADMAN: Final = "VrDeadman"
LOOK_SECONDS: Final = 0.2
PLACES: Final = ("site", "pairing", "vm", "reason", "kind", "operation", "instance", "name")


@dataclass(frozen=True, slots=True)
class Expected:
    """An alert that an episode is to bring, at `count` places (None: one or more).

    `is_inhibited`: it is silenced in the end. `is_told` False: nobody ever hears of it; None: that
    depends on when it ends.
    `may_miss`: it depends on chance whether it comes.
    """

    alertname: str
    where: dict[str, str] = field(default_factory=dict)
    count: int | None = 1
    is_inhibited: bool = False
    is_told: bool | None = True
    may_miss: bool = False

    def fits(self, labels: dict[str, str]) -> bool:
        """Whether an alert is this one."""
        return {"alertname": self.alertname, **self.where}.items() <= labels.items()


@dataclass(slots=True)
class Sighting:
    """One alert from its first to its last sight, by the machine's clock."""

    labels: dict[str, str]
    seen_at: float
    stage: str
    inhibited_at: float | None = None
    is_inhibited: bool = False
    gone_at: float | None = None

    @property
    def name(self) -> str:
        """The alert and where it is."""
        places = [self.labels[place] for place in PLACES if place in self.labels]
        return " ".join([self.labels["alertname"], *places])


class Watch:
    """Looks at Alertmanager again and again; `faults` is what should not have been."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.sightings: dict[frozenset[tuple[str, str]], Sighting] = {}
        self.faults: list[str] = []
        self._expected: tuple[Expected, ...] = ()
        self._stage = "baseline"
        self._is_cured = False
        self._rest = threading.Event()

    def begin(self, stage: str, expected: tuple[Expected, ...], *, is_cured: bool = False) -> None:
        """From now on these alerts may be seen."""
        self._stage, self._expected, self._is_cured = stage, expected, is_cured

    def until(self, holds: Callable[[], bool], *, patience: float) -> bool:
        """Look until something holds; False when it did not in so many seconds."""
        end = _now() + patience
        while _now() < end:
            self.look()
            if holds():
                return True
            self._rest.wait(LOOK_SECONDS)
        return False

    def hold(self, seconds: float) -> None:
        """Look for so many seconds."""
        self.until(lambda: False, patience=seconds)

    def look(self) -> None:
        """Take in what fires now."""
        now = _now()
        alerts = {frozenset(each["labels"].items()): each for each in self.stack.alerts()}
        for key, alert in alerts.items():
            if alert["labels"]["alertname"] != DEADMAN:
                self._see(key, alert, now)
        for key, sighting in self.sightings.items():
            if key not in alerts and sighting.gone_at is None:
                self._part(sighting, now)

    def has_deadman(self) -> bool:
        """Whether alerts get through."""
        return any(each["labels"]["alertname"] == DEADMAN for each in self.stack.alerts())

    def firing(self) -> list[Sighting]:
        """What fires now."""
        return [each for each in self.sightings.values() if each.gone_at is None]

    def missing(self) -> list[str]:
        """What is expected and not so yet."""
        return [
            each.alertname for each in self._expected if not each.may_miss and not self._is_so(each)
        ]

    def told(self, sighting: Sighting) -> list[str]:
        """Who was told that an alert fires."""
        return list(
            dict.fromkeys(
                notice.receiver
                for notice in self.stack.notices()
                if notice.is_firing and notice.labels == sighting.labels
            )
        )

    def pages(self) -> int:
        """How many groups the pager was told of."""
        return len({n.group for n in self.stack.notices() if n.receiver == "pager" and n.is_firing})

    def _is_so(self, expected: Expected) -> bool:
        found = [
            each
            for each in self.firing()
            if expected.fits(each.labels) and each.is_inhibited == expected.is_inhibited
        ]
        return len(found) == expected.count if expected.count is not None else bool(found)

    def _see(self, key: frozenset[tuple[str, str]], alert: dict[str, Any], now: float) -> None:
        sighting = self.sightings.get(key)
        if sighting is None or sighting.gone_at is not None:
            if sighting is not None:
                self._blame(sighting, "came back")
            sighting = self.sightings[key] = Sighting(alert["labels"], now, self._stage)
            if not any(each.fits(sighting.labels) for each in self._expected):
                self._blame(sighting, "is not expected")
        sighting.is_inhibited = bool(alert["status"]["inhibitedBy"])
        if sighting.is_inhibited and sighting.inhibited_at is None:
            sighting.inhibited_at = now

    def _part(self, sighting: Sighting, now: float) -> None:
        sighting.gone_at = now
        if not self._is_cured and not sighting.is_inhibited:
            self._blame(sighting, "resolved in the open while its fault lasted")

    def _blame(self, sighting: Sighting, what: str) -> None:
        self.faults.append(f"{self._stage}: {sighting.name} {what}")


def _now() -> float:
    return time.time()  # noqa: TID251 - the drill lives in real time
