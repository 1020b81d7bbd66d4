"""Following wishes to their end: one request for all each second, and their progress."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from vr_exporter.cli.common import CommandError
from vr_exporter.cli.reached import Reached
from vr_exporter.cli.sync.speed import Progress, Speed
from vr_exporter.cli.sync.standing import Standing
from vr_exporter.domain.triggers import TriggerState

LOOK_SECONDS = 1.0
PROGRESS_SECONDS = 2.0
PATIENCE_SECONDS = 60.0
"""So long an exporter may be silent, as for a restart, before its wishes count as unknown."""

LISTED = "1000"
"""The most that the API lists."""
ASKED_APART = 20
"""Triggers that the list left out are asked for by their keys, so many each time."""
MOVING_SHOWN = 40
"""More bars than a screen has lines need no figures."""

_OK, _GONE = 200, 404
_MOVING = frozenset({TriggerState.RUNNING, TriggerState.JOINED, TriggerState.POSTING})


@dataclass(slots=True)
class Round:
    """The wishes of one command, in their order, as they stand now."""

    standings: dict[str, Standing]
    speeds: dict[str, Speed] = field(default_factory=dict)

    def put(self, standing: Standing) -> None:
        """Note how a wish stands."""
        self.standings[standing.token] = standing

    @property
    def every(self) -> list[Standing]:
        """All of them."""
        return list(self.standings.values())

    @property
    def unfinished(self) -> list[Standing]:
        """Those of which more is to be learned."""
        return [standing for standing in self.every if not standing.is_over]

    def speed_of(self, standing: Standing) -> Speed:
        """What was seen of its progress."""
        return self.speeds.setdefault(standing.token, Speed())


class Screen(Protocol):
    """Shows a round while it goes on."""

    shows_progress: bool

    def show(self, wishes: Round) -> None:
        """Show how it stands now."""


class Following:
    """Keeps a round up to date. `wait` sleeps; `monotonic` is in seconds from anywhere."""

    def __init__(
        self,
        reached: Reached,
        wishes: Round,
        screen: Screen,
        *,
        wait: Callable[[float], object],
        monotonic: Callable[[], float],
    ) -> None:
        self._reached = reached
        self._round = wishes
        self._screen = screen
        self._wait = wait
        self._monotonic = monotonic
        self._heard_at = monotonic()
        self._next_progress = self._heard_at

    def run(self, is_enough: Callable[[Round], bool], *, until: float) -> bool:
        """Follow until it is enough; False when the time `until` came first."""
        while not is_enough(self._round):
            if self._monotonic() >= until:
                return False
            self._wait(LOOK_SECONDS)
            self._look()
            self._screen.show(self._round)
        return True

    def _look(self) -> None:
        try:
            self._read_triggers()
            self._heard_at = self._monotonic()
            if self._screen.shows_progress and self._monotonic() >= self._next_progress:
                self._next_progress = self._monotonic() + PROGRESS_SECONDS
                self._read_progress()
        except CommandError as error:
            self._endure(error)

    def _endure(self, error: CommandError) -> None:
        """An exporter may be started anew meanwhile; for good it is not waited for."""
        if self._monotonic() - self._heard_at < PATIENCE_SECONDS:
            self._reached.again()
            return
        for standing in self._round.unfinished:
            self._round.put(standing.unheard(f"its end was not seen: {error}"))

    def _read_triggers(self) -> None:
        wanted = {standing.key: standing for standing in self._round.unfinished if standing.key}
        listed = self._get("/api/v1/triggers", [("limit", LISTED)])
        for row in listed["triggers"]:
            standing = wanted.pop(str(row.get("key")), None)
            if standing is not None:
                self._round.put(standing.after(row))
        for standing in list(wanted.values())[:ASKED_APART]:
            self._round.put(self._asked_apart(standing))

    def _asked_apart(self, standing: Standing) -> Standing:
        path = f"/api/v1/triggers/{standing.key}"
        answer = self._reached.exporter.ask("GET", path)
        if answer.status == _GONE:
            return standing.unheard("the exporter knows nothing of it any more")
        if answer.status != _OK or not isinstance(answer.shape, dict):
            raise self._reached.exporter.refusal(answer, path)
        return standing.after(answer.shape)

    def _read_progress(self) -> None:
        moving = [each for each in self._round.unfinished if each.state in _MOVING][:MOVING_SHOWN]
        if not moving:
            return
        sites = [("site", site) for site in sorted({each.target.site for each in moving})]
        ids = [("match", each.target.replication) for each in moving]
        listed = self._get("/api/v1/replications", [*sites, *ids])
        tasks = self._get("/api/v1/tasks", sites)["tasks"]
        for standing in moving:
            row = _row_of(standing, listed["replications"])
            progress = _progress(
                row, _ratio_of(standing, tasks), listed["generated_timestamp_seconds"]
            )
            if progress is not None:
                self._round.speed_of(standing).see(progress)

    def _get(self, path: str, parameters: list[tuple[str, str]]) -> Any:
        answer = self._reached.exporter.ask("GET", path, parameters)
        if answer.status != _OK or not isinstance(answer.shape, dict):
            raise self._reached.exporter.refusal(answer, path)
        return answer.shape


def are_over(wishes: Round) -> bool:
    """Whether every wish has its end."""
    return not wishes.unfinished


def are_begun(wishes: Round) -> bool:
    """Whether nothing waits for its turn any more."""
    return all(standing.was_begun for standing in wishes.every)


def _row_of(standing: Standing, rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    target = standing.target
    here = (row for row in rows if row["site"] == target.site)
    return next((row for row in here if row["replication"] == target.replication), {})


def _ratio_of(standing: Standing, rows: Iterable[dict[str, Any]]) -> float | None:
    """The task's own share is read more often than the replication's."""
    if not standing.task:
        return None
    place = (standing.target.site, standing.task)
    return next(
        (row["progress_ratio"] for row in rows if (row["site"], row["task"]) == place), None
    )


def _progress(row: dict[str, Any], ratio: float | None, at: float) -> Progress | None:
    shown = row.get("progress") or {}
    if not shown and ratio is None:
        return None
    return Progress(
        at=at,
        ratio=shown.get("ratio") if ratio is None else ratio,
        transferred_bytes=shown.get("transferred_bytes"),
        size_bytes=shown.get("transfer_size_bytes"),
    )
