"""One episode from a healthy baseline to the last alert's end."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.drill.episodes import EPISODES, Episode, Stage
from tests.drill.field import Field, a_field
from tests.drill.stack import a_stack
from tests.drill.watch import Expected, Sighting, Watch
from tests.rules_scaled import FACTOR

BASELINE_MINUTES: Final = 15.0
AFTERMATH_MINUTES: Final = 5.0
PATIENCE_SECONDS: Final = 180.0
"""How long an alert may take to come, or to go: three hours of the rules."""

_MINUTE_SECONDS: Final = 60.0 / FACTOR


@dataclass(frozen=True, slots=True)
class Row:
    """One alert in the table; times in seconds after the stage began, or after the cure."""

    stage: str
    alert: str
    seen: float
    inhibited: float | None
    told: str
    gone: float | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an episode; `faults` is empty when all was as it should be."""

    name: str
    rows: tuple[Row, ...]
    pages: int
    faults: tuple[str, ...]


def drill(name: str, *, is_short: bool = False) -> Outcome:
    """Play the episode of this name; a short one waits no longer than it has to."""
    (episode,) = (each for each in EPISODES if each.name == name)
    with tempfile.TemporaryDirectory(prefix="vr-drill-") as place:
        folder = Path(place)
        with a_field(folder) as field, a_stack(folder, field.page) as stack:
            return _Play(episode, field, Watch(stack), patient=not is_short).outcome()


class _Play:
    def __init__(self, episode: Episode, field: Field, watch: Watch, *, patient: bool) -> None:
        self._episode = episode
        self._field = field
        self._watch = watch
        self._patient = patient
        self._faults: list[str] = []
        self._begun: dict[str, float] = {}
        self._cured_at = 0.0
        self._told_before_cure = 0

    def outcome(self) -> Outcome:
        """Play it."""
        watch = self._watch
        if not watch.until(watch.has_deadman, patience=30.0):
            self._faults.append("baseline: no dead man")
        self._hold(BASELINE_MINUTES)
        for stage in self._episode.stages:
            self._provoke(stage)
        self._cure()
        self._judge_notices()
        rows = map(self._row, sorted(watch.sightings.values(), key=lambda each: each.seen_at))
        faults = (*self._faults, *watch.faults)
        return Outcome(self._episode.name, tuple(rows), watch.pages(), faults)

    def _provoke(self, stage: Stage) -> None:
        watch = self._watch
        watch.begin(stage.name, stage.expected)
        begun = self._begun[stage.name] = self._now()
        stage.provoke(self._field)
        if not watch.until(lambda: not watch.missing(), patience=PATIENCE_SECONDS):
            self._faults.append(f"{stage.name}: missing: {', '.join(watch.missing())}")
        self._hold(stage.minutes - (self._now() - begun) / _MINUTE_SECONDS)
        if gone := watch.missing():
            self._faults.append(f"{stage.name}: did not last: {', '.join(gone)}")

    def _cure(self) -> None:
        watch, episode = self._watch, self._episode
        watch.begin("cure", tuple(self._expectations()), is_cured=True)
        self._cured_at = self._now()
        self._told_before_cure = len(watch.stack.webhook.bodies)
        self._field.until_cure.close()
        episode.cure(self._field)
        if not watch.until(lambda: not watch.firing(), patience=PATIENCE_SECONDS):
            names = ", ".join(each.name for each in watch.firing())
            self._faults.append(f"cure: still firing: {names}")
        self._hold(AFTERMATH_MINUTES)

    def _hold(self, minutes: float) -> None:
        if self._patient:
            self._watch.hold(max(0.0, minutes * _MINUTE_SECONDS))

    def _judge_notices(self) -> None:
        watch = self._watch
        if watch.pages() != self._episode.pages:
            self._faults.append(f"{watch.pages()} pages, not {self._episode.pages}")
        for notice in watch.stack.notices():
            if not notice.is_firing and notice.number < self._told_before_cure:
                name = notice.labels["alertname"]
                self._faults.append(f"{name}: told as resolved while its fault lasted")
        for sighting in watch.sightings.values():
            meant = [each for each in self._expectations() if each.fits(sighting.labels)]
            is_told = bool(watch.told(sighting))
            if meant and is_told not in _allowed(meant):
                self._faults.append(f"{sighting.name}: {'told' if is_told else 'not told'}")

    def _expectations(self) -> Iterable[Expected]:
        return (each for stage in self._episode.stages for each in stage.expected)

    def _row(self, sighting: Sighting) -> Row:
        begun = self._begun.get(sighting.stage, self._cured_at)
        inhibited, gone = sighting.inhibited_at, sighting.gone_at
        return Row(
            sighting.stage,
            sighting.name,
            sighting.seen_at - begun,
            None if inhibited is None else inhibited - begun,
            ", ".join(self._watch.told(sighting)),
            None if gone is None else gone - self._cured_at,
        )

    def _now(self) -> float:
        time = self._field.time
        return time.at_rest(time.now())


def _allowed(meant: list[Expected]) -> set[bool]:
    """Whether somebody may hear of an alert that several stages expect."""
    wanted = {each.is_told for each in meant}
    return {True, False} if None in wanted else {any(wanted)}
