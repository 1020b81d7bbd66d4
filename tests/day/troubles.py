"""The bad day: states that are rare are made to happen, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.alertmanager import Alertmanager
from tests.day.exporter import Exporter
from tests.day.wishing import Wishing
from vr_exporter.domain.triggers import Origin
from vr_exporter.simulator.world import World

HOUR_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """From `at` (a share of the day) on for so many minutes; `cure` ends it."""

    at: float
    minutes: int
    begin: Callable[[Stage], object]
    cure: Callable[[Stage], object] = lambda _: None


@dataclass(frozen=True, slots=True)
class Stage:
    """What can be broken. The second exporter watches on while the first has its troubles."""

    world: World
    first: Exporter
    second: Exporter
    wishing: Wishing
    alertmanager: Alertmanager | None

    def breaks(self, site: str, kind: str, **fault: Any) -> None:
        """Switch a fault of an appliance on."""
        self.first.sites[site].breaks(kind, **fault)

    def heals(self) -> None:
        """Switch every fault of every appliance off."""
        for site in self.first.sites.values():
            site.heals()

    def squeeze(self, share: float) -> None:
        """Give every link another part of its capacity."""
        for pairing in self.world.population.pairings.values():
            for link in pairing.links:
                self.world.actions.syncing.squeeze(link, share, now=self.world.time)

    def each(self, act: Callable[[Exporter], object]) -> None:
        """Do something with both exporters."""
        for exporter in (self.first, self.second):
            act(exporter)


def _password(exporter: Exporter, password: str) -> None:
    exporter.sites["berlin"].password = password
    exporter.sites["berlin"].api.restart()


def _refusing_password(stage: Stage) -> None:
    stage.each(lambda exporter: _password(exporter, "wrong"))


def _right_password(stage: Stage) -> None:
    stage.each(lambda exporter: _password(exporter, "simulated"))


def _lonely(stage: Stage) -> None:
    """No login at the far side is good, and every session has to log in anew."""
    stage.breaks("madrid", "error", operation="createRemoteSession", value=401)
    stage.breaks("madrid", "error", operation="getRemoteSession", value=404)
    stage.first.sites["madrid"].api.restart()


def _odd(stage: Stage) -> None:
    """An appliance of another release, with a clock of its own, that is slow and forgets."""
    stage.breaks("madrid", "clock_skew", value=120)
    stage.breaks("madrid", "unknown_status", rate=0.2)
    stage.breaks("madrid", "session_expired", times=2)
    stage.breaks("madrid", "bare_error", operation="getRecentTasksInfo", value=503, rate=0.5)
    stage.breaks("madrid", "slow", operation="getVrPairings", value=6)
    stage.breaks("madrid", "falling_progress", rate=1.0)
    stage.breaks("madrid", "task_progress_falls", rate=1.0)


def _unanswered(stage: Stage) -> None:
    """A POST whose answer is lost, and nothing comes of it."""
    stage.breaks("madrid", "dropped", operation="syncReplication")
    stage.wishing.wish("OK", Origin.CLI)


def _refusing(stage: Stage) -> None:
    for site in ("madrid", "berlin"):
        stage.breaks(site, "error", operation="syncReplication", value=400)
    for _ in range(4):
        stage.wishing.wish("OK", Origin.CLI)


def _kill(stage: Stage, *, on: bool) -> None:
    now = stage.first.time.now()
    stage.first.ledger.set_kill_switch(on=on, actor="day", now=now)
    stage.wishing.wish("OK", Origin.ALERT)


def _crash(stage: Stage) -> None:
    stage.first.is_down = True


def _restart(stage: Stage) -> None:
    stage.first.restart()
    stage.first.is_down = False
    stage.first.begin()


def _bad_reload(stage: Stage) -> None:
    stage.first.own.reloaded(False, stage.first.time.now())
    stage.first.own.secret_reload_failed()
    stage.first.own.log_lines_dropped(3)


def _good_reload(stage: Stage) -> None:
    stage.first.own.reloaded(True, stage.first.time.now())


def _certificate(stage: Stage, *, days: float) -> None:
    until = stage.first.time.now() + days * 24 * HOUR_SECONDS
    stage.each(lambda exporter: exporter.sees_certificate("berlin", until))


def _disk_fails(stage: Stage) -> None:
    stage.first.disk.commits.extend(["lost"] * 40)


def _disk_works(stage: Stage) -> None:
    stage.first.disk.commits.clear()


def _mute(stage: Stage, *, is_away: bool) -> None:
    """Let Alertmanager be away, while there is something to tell."""
    assert stage.alertmanager is not None
    stage.alertmanager.is_away = is_away


def _choosy(stage: Stage, *, status: int) -> None:
    """Let Alertmanager refuse each alert for itself; 0 ends it."""
    assert stage.alertmanager is not None
    stage.alertmanager.status = status


TROUBLES = (
    Trouble(0.03, 8, lambda s: _kill(s, on=True), lambda s: _kill(s, on=False)),
    Trouble(0.06, 25, lambda s: s.squeeze(0.02), lambda s: s.squeeze(1.0)),
    Trouble(
        0.25,
        20,
        lambda s: s.world.set_down("berlin"),
        lambda s: s.world.set_down("berlin", down=False),
    ),
    Trouble(0.40, 12, lambda s: s.breaks("madrid", "throttled", value="45"), Stage.heals),
    Trouble(0.50, 16, _refusing_password, _right_password),
    Trouble(0.60, 10, _lonely, Stage.heals),
    Trouble(0.68, 5, _unanswered, Stage.heals),
    Trouble(0.73, 8, _refusing, Stage.heals),
    Trouble(0.79, 8, _odd, Stage.heals),
    Trouble(0.68, 22, lambda s: _mute(s, is_away=True), lambda s: _mute(s, is_away=False)),
    Trouble(0.83, 2, lambda s: _choosy(s, status=400), lambda s: _choosy(s, status=0)),
    Trouble(0.85, 3, _crash, _restart),
    Trouble(0.89, 5, _bad_reload, _good_reload),
    Trouble(0.92, 5, _disk_fails, _disk_works),
    Trouble(0.96, 500, lambda s: _certificate(s, days=6)),
)
