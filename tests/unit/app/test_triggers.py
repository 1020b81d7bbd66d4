"""What the settings want of triggers, and what is done for them from time to time."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.builders import NOW, a_site_never_reached, a_site_snapshot, a_snapshot
from tests.ledgers import BERLIN, MADRID, SqliteEngine, an_engine, lead_to, state_of
from tests.simulated import ManualClock
from tests.wishes import a_target
from vr_exporter.app.triggers import (
    PROBE_SECONDS,
    PRUNE_SECONDS,
    Housekeeping,
    policy_of,
    schedules_of,
)
from vr_exporter.domain.names import SiteName
from vr_exporter.domain.snapshot import Snapshot
from vr_exporter.domain.triggers import Origin, Skip, Trigger, TriggerState
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.settings import Settings, load
from vr_exporter.syncing.circuit import CircuitRule
from vr_exporter.syncing.desk import Desk, Policy, Verdict
from vr_exporter.syncing.guards import Mode
from vr_exporter.syncing.schedules import Schedule
from vr_exporter.syncing.targets import Directory, Wanted
from vr_exporter.syncing.windows import Window
from vr_exporter.syncing.wishes import Wish

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
SITE = """
sites:
  madrid: {url: "https://vr.madrid.example", username: monitor@vsphere.local, password: invented}
"""


def at(text: str, zone: str = "Europe/Madrid") -> float:
    """Seconds since 1970 of a wall clock."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def settings_with(tmp_path: Path, triggers: str = "") -> Settings:
    """One site, and this section of triggers."""
    file = tmp_path / "settings.yml"
    file.write_text(SITE + triggers, encoding="utf-8")
    return load(file, environ={})


class House:
    """A housekeeping over a real ledger and desk; time passes second by second, as in the loop."""

    def __init__(self, engine: SqliteEngine, now: float, *schedules: Schedule) -> None:
        self.engine = engine
        self.time = ManualClock(now)
        self.ledger: Ledger = engine.open(now)
        self.schedules = schedules
        self.snapshot: Snapshot = a_snapshot()
        self.desk = Desk(
            self.ledger,
            snapshot=lambda: self.snapshot,
            policy=Policy(cooldown_seconds=0.0),
            now=self.time.now,
            nudge=lambda _: None,
        )
        self.configured = frozenset({MADRID})
        self.wishes: list[Wish] = []
        self.pruned_at: list[float] = []
        self.probed_at: list[float] = []
        self._watch()
        self.start()

    def _watch(self) -> None:
        prune, probe = self.ledger.prune, self.ledger.probe

        def pruned(*, now: float) -> int:
            self.pruned_at.append(now)
            return prune(now=now)

        def probed() -> bool:
            self.probed_at.append(self.time.now())
            return probe()

        self.ledger.prune = pruned  # type: ignore[method-assign] # seen, and done
        self.ledger.probe = probed  # type: ignore[method-assign] # as above

    def start(self) -> None:
        """Begin to keep house now, as a program that starts."""
        self.keeping = Housekeeping(
            self.ledger,
            Directory(lambda: self.snapshot),
            submit=self._submit,
            schedules=lambda: self.schedules,
            clock=self.time.clock(),
        )

    def _submit(self, wish: Wish) -> Verdict:
        self.wishes.append(wish)
        return self.desk.submit(wish)

    def keep(self, seconds: float, *, step: float = 1.0) -> None:
        """Let time pass, with a tick at each step."""
        end = self.time.now() + seconds
        while self.time.now() < end:
            self.time.advance(step)
            self.keeping.tick()
            self.keeping.end_orphans(self.configured)

    def triggers(self) -> tuple[Trigger, ...]:
        """All that the ledger took."""
        return self.ledger.triggers()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[SqliteEngine]:
    """A ledger's files."""
    with an_engine(tmp_path) as made:
        yield made


def nightly(**changes: Any) -> Schedule:
    """Everything at half past two, by the clock of Madrid."""
    wanted = Wanted(patterns=("*",))
    return Schedule(
        **{
            "name": "night",
            "cron": "30 2 * * *",
            "timezone": "Europe/Madrid",
            "wanted": wanted,
            **changes,
        }
    )


def test_the_policy_is_what_the_settings_say(tmp_path: Path) -> None:
    """Mode, limits, circuit and windows, in the desk's own nouns."""
    settings = settings_with(
        tmp_path,
        """
triggers:
  mode: dry-run
  cooldown: 5m
  max_per_hour: 7
  circuit: {failures: 2, open_for: 1m, open_max: 1h}
  maintenance:
    - {from: "22:00", to: "04:00", timezone: Europe/Madrid, sites: [madrid], days: [sat]}
""",
    )
    window = Window(time(22), time(4), "Europe/Madrid", sites=("madrid",), days=("sat",))
    assert policy_of(settings) == Policy(
        mode=Mode.DRY_RUN,
        cooldown_seconds=300.0,
        max_per_hour=7,
        circuit=CircuitRule(2, 60.0, 3600.0),
        maintenance=(window,),
    )


@pytest.mark.parametrize(
    ("word", "mode"), [("'off'", Mode.OFF), ("dry-run", Mode.DRY_RUN), ("'on'", Mode.ON)]
)
def test_each_mode_has_its_word(tmp_path: Path, word: str, mode: Mode) -> None:
    """Off, dry-run and on."""
    assert policy_of(settings_with(tmp_path, f"triggers: {{mode: {word}}}")).mode is mode


def test_without_settings_the_defaults_of_settings_and_policy_are_one(tmp_path: Path) -> None:
    """Nobody is surprised by two sets of numbers."""
    settings = settings_with(tmp_path)
    assert policy_of(settings) == Policy()
    assert schedules_of(settings) == ()


def test_schedules_are_what_the_settings_say(tmp_path: Path) -> None:
    """Name, line, zone, what is matched, and how old a copy may be."""
    settings = settings_with(
        tmp_path,
        """
triggers:
  schedules:
    night:
      cron: "30 2 * * *"
      timezone: Europe/Madrid
      match: {site: madrid, pairing: berlin, vm: "db-*"}
      max_age: 4h
    plain: {cron: "0 * * * *"}
""",
    )
    assert schedules_of(settings) == (
        Schedule(
            "night",
            "30 2 * * *",
            "Europe/Madrid",
            Wanted(patterns=("db-*",), site="madrid", pairing="berlin"),
            max_age_seconds=14400.0,
        ),
        Schedule("plain", "0 * * * *", "UTC", Wanted(patterns=("*",))),
    )


def test_a_slot_that_is_due_goes_through_the_desk_once(engine: SqliteEngine) -> None:
    """The ledger has it, by the schedule; the ticks after it wish nothing more."""
    house = House(engine, at("2026-06-13T02:29:00"), nightly())
    house.keep(59)
    assert house.wishes == []
    house.keep(10 * MINUTE)
    (trigger,) = house.triggers()
    assert (trigger.origin, trigger.actor) == (Origin.SCHEDULE, "night")
    assert trigger.asked_at == pytest.approx(at("2026-06-13T02:30:00"), abs=1)
    assert trigger.not_after == at("2026-06-13T08:30:00")
    assert len(house.wishes) == 1


def test_slots_that_were_missed_are_named_and_not_replayed(
    engine: SqliteEngine, caplog: pytest.LogCaptureFixture
) -> None:
    """A machine that slept three nights runs none of them afterwards."""
    house = House(engine, at("2026-06-13T12:00:00"), nightly())
    house.time.advance(3 * DAY)
    with caplog.at_level(logging.WARNING):
        house.keep(HOUR, step=30)
    assert house.wishes == []
    missed = [record for record in caplog.records if record.getMessage() == "schedule slot missed"]
    assert [record.__dict__["schedule"] for record in missed] == ["night"]
    house.keep(DAY, step=30)
    assert len(house.wishes) == 1


def test_a_program_that_was_down_at_the_slot_does_not_make_up_for_it(engine: SqliteEngine) -> None:
    """What counts begins with the start."""
    house = House(engine, at("2026-06-13T02:30:01"), nightly())
    house.keep(10 * MINUTE)
    assert house.wishes == []


def test_a_restart_right_after_a_slot_wishes_the_same_wish(engine: SqliteEngine) -> None:
    """Its key is made of schedule, slot and replication: the ledger knows it."""
    house = House(engine, at("2026-06-13T02:29:00"), nightly())
    house.keep(70)
    house.time.step(-30)
    house.start()
    house.keep(70)
    assert len(house.wishes) == 2
    assert len({wish.key for wish in house.wishes}) == 1
    assert len(house.triggers()) == 1


@pytest.mark.parametrize(
    ("begin", "slot"),
    [
        ("2026-10-25T01:00:00", "2026-10-25T02:30:00"),
        ("2026-03-29T01:00:00", "2026-03-29T03:00:00"),
    ],
    ids=["repeated", "skipped"],
)
def test_a_slot_in_the_hour_that_clocks_change_comes_once(
    engine: SqliteEngine, begin: str, slot: str
) -> None:
    """The hour that is shown twice runs it the first time; the one that is skipped, after it."""
    house = House(engine, at(begin), nightly())
    house.keep(6 * HOUR, step=30)
    (wish,) = house.wishes
    (trigger,) = house.triggers()
    assert trigger.asked_at == pytest.approx(at(slot), abs=30)
    assert wish.key == trigger.key


def test_a_schedule_that_meets_nothing_says_so(
    engine: SqliteEngine, caplog: pytest.LogCaptureFixture
) -> None:
    """A pattern without a match is a warning with the sentence, and no wish."""
    nothing = Wanted(patterns=("no-such-*",))
    house = House(engine, at("2026-06-13T02:29:30"), nightly(wanted=nothing))
    house.snapshot = a_snapshot(a_site_snapshot())
    with caplog.at_level(logging.WARNING):
        house.keep(60)
    assert house.wishes == []
    (record,) = [one for one in caplog.records if one.getMessage() == "schedule meets nothing"]
    assert "no-such-*" in record.__dict__["sentence"]


def unread_madrid() -> Snapshot:
    """Berlin was read, Madrid never: its first poll goes on."""
    return a_snapshot(a_site_never_reached(), a_site_snapshot(site=BERLIN))


def test_a_slot_before_the_first_poll_has_ended_waits_for_it(engine: SqliteEngine) -> None:
    """Of none of its VMs is the night's sync lost, nor asked at another site than the source."""
    house = House(engine, at("2026-06-13T02:29:30"), nightly())
    house.snapshot = unread_madrid()
    house.keep(5 * MINUTE)
    assert house.wishes == []
    house.snapshot = a_snapshot()
    house.keep(10 * MINUTE)
    (wish,) = house.wishes
    assert (wish.target.site, wish.not_after) == (MADRID, at("2026-06-13T08:30:00"))


def test_a_slot_waits_for_a_first_poll_no_longer_than_ten_minutes(
    engine: SqliteEngine, caplog: pytest.LogCaptureFixture
) -> None:
    """Then it is run with what is known, and the log says what was left out."""
    house = House(engine, at("2026-06-13T02:29:59"), nightly())
    house.snapshot = unread_madrid()
    house.keep(10 * MINUTE)
    assert house.wishes == []
    with caplog.at_level(logging.WARNING):
        house.keep(10 * MINUTE)
    (wish,) = house.wishes
    assert wish.target.site == BERLIN
    (record,) = [one for one in caplog.records if one.getMessage() == "schedule leaves out"]
    assert record.__dict__["sentence"] == "madrid has not been read yet"


def test_a_slot_does_not_wait_for_a_site_that_it_does_not_ask(engine: SqliteEngine) -> None:
    """What another site has is no matter of it."""
    here = Wanted(patterns=("*",), site=BERLIN)
    house = House(engine, at("2026-06-13T02:29:30"), nightly(wanted=here))
    house.snapshot = unread_madrid()
    house.keep(MINUTE)
    assert len(house.wishes) == 1


def test_a_slot_whose_successor_has_come_waits_no_more(
    engine: SqliteEngine, caplog: pytest.LogCaptureFixture
) -> None:
    """Of a schedule for every minute one slot at a time waits; those that did in vain are named."""
    house = House(engine, at("2026-06-13T02:29:30"), nightly(cron="* * * * *"))
    house.snapshot = unread_madrid()
    with caplog.at_level(logging.WARNING):
        house.keep(2 * MINUTE)
    assert [record.getMessage() for record in caplog.records] == ["schedule slot missed"]
    house.snapshot = a_snapshot()
    house.keep(1)
    assert len(house.wishes) == 1


def test_a_slot_that_waits_goes_with_its_schedule(engine: SqliteEngine) -> None:
    """A reload that takes the schedule away leaves nothing of it behind."""
    house = House(engine, at("2026-06-13T02:29:30"), nightly())
    house.snapshot = unread_madrid()
    house.keep(MINUTE)
    house.schedules = ()
    house.keep(1)
    house.snapshot, house.schedules = a_snapshot(), (nightly(),)
    house.keep(MINUTE)
    assert house.wishes == []


def test_B1_a_schedule_whose_wish_the_ledger_cannot_take_goes_on(
    engine: SqliteEngine, caplog: pytest.LogCaptureFixture
) -> None:
    """The wish is lost with a warning; the next slot is taken again."""
    house = House(engine, at("2026-06-13T02:29:00"), nightly())
    engine.faults.commits = ["lost"] * 50
    with caplog.at_level(logging.WARNING):
        house.keep(70)
    assert house.triggers() == ()
    assert "scheduled wish not taken" in [record.getMessage() for record in caplog.records]
    engine.faults.commits.clear()
    house.keep(DAY, step=30)
    assert len(house.triggers()) == 1


def test_B6_a_store_that_is_down_is_probed_until_it_works(engine: SqliteEngine) -> None:
    """Every few seconds, not at every tick; and not while it is up."""
    house = House(engine, NOW)
    house.keep(30)
    assert house.probed_at == []
    engine.faults.commits = ["lost"] * 3
    house.ledger.set_kill_switch(on=True, actor="alice", now=NOW)
    assert not house.ledger.is_up
    begun = house.time.now()
    house.keep(30)
    assert house.ledger.is_up
    assert house.probed_at == [begun + 1 + PROBE_SECONDS * number for number in range(3)]


def test_what_is_too_old_is_removed_once_an_hour(engine: SqliteEngine) -> None:
    """At the start, and an hour later; by the wall clock's now."""
    house = House(engine, NOW)
    house.keep(2 * PRUNE_SECONDS, step=10)
    assert house.pruned_at == [NOW + 10, NOW + 10 + PRUNE_SECONDS]


ENDS = [
    (TriggerState.RESERVED, TriggerState.EXPIRED),
    (TriggerState.RUNNING, TriggerState.LOST),
    (TriggerState.JOINED, TriggerState.LOST),
    (TriggerState.AMBIGUOUS, TriggerState.UNRESOLVED),
]


@pytest.mark.parametrize(("before", "after"), ENDS)
def test_triggers_of_a_site_that_left_the_settings_are_ended(
    engine: SqliteEngine, before: TriggerState, after: TriggerState
) -> None:
    """Nobody is there to follow them: each ends as far as is known, and says why."""
    house = House(engine, NOW)
    lead_to(house.ledger, before)
    house.configured = frozenset({BERLIN})
    house.keep(1)
    assert state_of(house.ledger) is after
    (trigger,) = house.triggers()
    assert trigger.sentence == "the site madrid left the settings"
    assert trigger.ended_at == NOW + 1


@pytest.mark.parametrize("state", [state for state, _ in ENDS])
def test_triggers_of_configured_sites_go_on(engine: SqliteEngine, state: TriggerState) -> None:
    """A reload that leaves the site in place ends nothing."""
    house = House(engine, NOW)
    lead_to(house.ledger, state)
    house.keep(1)
    assert state_of(house.ledger) is state


def test_B1_orphans_end_while_the_store_is_down_and_the_probe_still_comes(
    engine: SqliteEngine,
) -> None:
    """No tick fails of it; what was decided meanwhile is on disk once the store works."""
    house = House(engine, NOW)
    lead_to(house.ledger, TriggerState.RESERVED)
    engine.faults.commits = ["lost"] * 20
    house.ledger.set_kill_switch(on=True, actor="alice", now=NOW)
    house.configured = frozenset({BERLIN})
    house.keep(2)
    assert not house.ledger.is_up
    engine.faults.commits.clear()
    house.keep(30)
    assert house.ledger.is_up
    assert state_of(engine.open()) is TriggerState.EXPIRED


def test_totals_of_a_site_that_left_are_forgotten_and_those_of_no_site_stay(
    engine: SqliteEngine,
) -> None:
    """Wishes that named no site of ours are counted for the empty one, whoever is configured."""
    house = House(engine, NOW)
    lead_to(house.ledger, TriggerState.SUCCEEDED)
    nowhere = Wish("key", a_target(site=SiteName("")), Origin.CLI, NOW + 60)
    house.desk.turn_away(nowhere, Skip("not_found", "no such VM"))
    house.configured = frozenset({BERLIN})
    house.keeping.end_orphans(house.configured)
    assert MADRID not in house.ledger.trigger_totals()
    assert SiteName("") in house.ledger.trigger_totals()
