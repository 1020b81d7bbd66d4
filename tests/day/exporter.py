"""An exporter of the day: the real rooms on the simulated appliances, run by a clock in hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.alertmanager import Alertmanager
from tests.bridged import some_settings
from tests.day.bridge import DayBridge
from tests.day.clock import ScrapedClock
from tests.ledgers import Faults
from tests.pages import text_of
from tests.watched import Site, Watched
from vr_exporter.alerting.arrivals import WebhookFacts
from vr_exporter.app.alerting import Alerting
from vr_exporter.app.triggers import Housekeeping
from vr_exporter.domain.alerts import Noticed
from vr_exporter.domain.counts import SiteChanges, SiteTotals
from vr_exporter.domain.events import CertificateSeen
from vr_exporter.domain.names import SiteName
from vr_exporter.domain.snapshot import SiteSnapshot
from vr_exporter.domain.triggers import Skip
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.metrics.own import OwnMetrics
from vr_exporter.metrics.page import Page
from vr_exporter.settings import Secrets
from vr_exporter.simulator.api import Api
from vr_exporter.simulator.world import World
from vr_exporter.syncing.desk import Policy
from vr_exporter.syncing.guards import Mode
from vr_exporter.syncing.healing import note_healed
from vr_exporter.syncing.schedules import Schedule
from vr_exporter.syncing.targets import Directory, Wanted
from vr_exporter.syncing.wishes import Wish
from vr_exporter.watching.board import Board

LOOK_SECONDS = 30.0
"""How finely time passes while triggers are under way."""

POLL_SECONDS = 60.0
SECOND_POLL_SECONDS = 300.0
"""The second exporter polls seldom: its day costs a fifth, and one that lags is the harder case."""

SCHEDULES = (Schedule("databases", "*/30 * * * *", wanted=Wanted(patterns=("db-*",))),)
POLICY = Policy(alert_mode=Mode.ON, alert_cooldown_seconds=600.0, max_per_hour=20)


class Exporter(Watched):
    """Watches some sites of a world in which another exporter may watch the same.

    Only the first has schedules. With an Alertmanager it has an alert bridge. `disk` makes
    commits fail. While `is_down` there is no process: no polls, no page.
    """

    def __init__(
        self,
        world: World,
        apis: Mapping[str, Api],
        time: ScrapedClock,
        *,
        expected_vms: tuple[str, ...] = (),
        is_first: bool = True,
        alertmanager: Alertmanager | None = None,
    ) -> None:
        self._alertmanager = alertmanager
        self.disk = Faults()
        self.is_down = False
        self._apis = apis
        self._expected_vms = expected_vms
        self._schedules = SCHEDULES if is_first else ()
        super().__init__(
            sites=tuple(apis),
            time=time,
            inhabits=world,
            interval_seconds=POLL_SECONDS if is_first else SECOND_POLL_SECONDS,
        )
        self.policy = POLICY
        self.begin()

    def begin(self) -> None:
        """Do what comes after the parts are made, as at the start of a process."""
        self.renew_desk()
        self.bridge = self._new_bridge()
        self.born_at = self.time.now()
        self.own.reloaded(True, self.born_at)
        self._due = dict.fromkeys(self.sites, self.time.monotonic())
        self.housekeeping = Housekeeping(
            self.ledger,
            Directory(self.board.current),
            submit=self.desk.submit,
            schedules=lambda: self._schedules,
            clock=self.time.clock(),
        )
        self._show_unsited()
        for name in self.sites:
            self.sees_certificate(name, self.world.site(name).certificate_until)

    def sees_certificate(self, site: str, until: float) -> None:
        """Tell what a TLS connection would: in this process there is none."""
        self.own.tell(SiteName(site), CertificateSeen(until))

    def live_until(self, moment: float) -> None:
        """Serve triggers and poll when due, until then."""
        while not self.is_down:
            for name, site in self.sites.items():
                self._turn(name, site)
            self.housekeeping.tick()
            if self.bridge is not None:
                self.bridge.turn()
            if self.time.now() + LOOK_SECONDS > moment or not self.is_busy:
                return
            self.time.advance(LOOK_SECONDS)

    @property
    def is_busy(self) -> bool:
        """Whether triggers want looking after."""
        return bool(self.ledger.triggers(unfinished=True))

    def turn_away(self, wish: Wish, skip: Skip) -> None:
        """Note a wish that means no target, and show its count."""
        self.desk.turn_away(wish, skip)
        self._show_unsited()

    def text(self) -> str | None:
        """The answer of `/metrics` now, None where there is no process."""
        if self.is_down:
            return None
        while self._changed:
            self.page.put(self.board.current(), changed=self._changed.pop())
        return text_of(self.page)

    def _show_unsited(self) -> None:
        self.page.put_unsited(self.ledger.trigger_totals().get(SiteName(""), SiteTotals()))

    def _turn(self, name: str, site: Site) -> None:
        worker = site.worker
        worker.serve()
        worker.shown.age()
        if self.time.monotonic() >= self._due[name]:
            worker.poll()
            self._due[name] = worker._next_due(self._due[name])

    def _new_board(self) -> Board:
        """Render what changed when a scrape comes: most changes are overtaken by then."""
        self._changed: set[SiteName | None] = set()
        return Board(on_change=lambda _, site: self._changed.add(site))

    def _api(self, name: str) -> Api:
        return self._apis[name]

    @property
    def state(self) -> Path:
        """The folder of its state."""
        return Path(self.folder.name)

    def notice(self, site: SiteSnapshot, changes: SiteChanges) -> Noticed:
        """Say what of a look at a site is news, out and in."""
        note_healed(self.ledger, site)
        return self.alerting.notice(site, changes)

    def _new_bridge(self) -> DayBridge | None:
        if self._alertmanager is None:
            return None
        bridge = DayBridge(self, self._alertmanager)
        self.alerting._counting = bridge.counting
        return bridge

    def _webhooks(self) -> WebhookFacts:
        return WebhookFacts() if self.bridge is None else self.bridge.door.arrivals.facts

    def _new_ledger(self) -> Ledger:
        """Open it with what tells of its steps, as the process does."""
        settings = some_settings(self._apis)
        self.alerting = Alerting(
            ledger=lambda: self.ledger,
            snapshot=lambda: self.board.current(),  # noqa: PLW0108 - it is made later
            settings=lambda: settings,
            secrets=lambda: Secrets(learned=lambda _: None, failed=lambda: None),
            external_url=lambda: "http://vr-exporter.example:10843",
            clock=self.time.clock(),
        )
        return Ledger(
            self.state / "state.db",
            now=self.time.now(),
            connect=self.disk.connect,
            notice=self.alerting.notice_trigger,
        )

    def _new_own(self) -> OwnMetrics:
        return OwnMetrics(
            store=lambda: self.ledger.facts,
            alerts=lambda: self.alerting.facts(),  # noqa: PLW0108 - each life has its own
            webhooks=self._webhooks if self._alertmanager else None,
            kill_switch=lambda: self.ledger.kill_switch,
        )

    def _new_page(self) -> Page:
        return Page(own=self.own, clock=self.time.clock(), expected_vms=self._expected_vms)
