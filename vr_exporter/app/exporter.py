"""The whole exporter in one process: made, watched over, reloaded, stopped."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from vr_exporter import __version__
from vr_exporter.alerting.silencing import Silencing
from vr_exporter.app.accounts import bearer_token_of, credentials_reader, learn_secrets
from vr_exporter.app.alerting import Alerting, named_url
from vr_exporter.app.bridge import Bridge, control_of
from vr_exporter.app.fleet import Fleet, names_of
from vr_exporter.app.rooms import Served
from vr_exporter.app.serving import WebOptions, server_for
from vr_exporter.app.sites import Site
from vr_exporter.app.supervision import Supervision
from vr_exporter.app.triggers import Housekeeping, schedules_of
from vr_exporter.app.wishing import Wishing
from vr_exporter.appliance.lockout import Lockout
from vr_exporter.domain.alerts import Noticed
from vr_exporter.domain.clock import Clock
from vr_exporter.domain.counts import SiteChanges, SiteTotals
from vr_exporter.domain.names import SiteName
from vr_exporter.domain.snapshot import SiteSnapshot, Snapshot
from vr_exporter.ledger.folder import StateFolder
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.logs import learn_secret
from vr_exporter.metrics.own import OwnMetrics
from vr_exporter.metrics.page import Body, Page
from vr_exporter.settings import Secrets, Settings, SettingsError
from vr_exporter.syncing.healing import note_healed
from vr_exporter.watching.board import Board
from vr_exporter.watching.peers import Peers
from vr_exporter.web.routes import Sources

log = logging.getLogger(__name__)

SUPERVISION_SECONDS = 1.0
FIRST_POLLS_STEP_SECONDS = 0.005
LAST_ALERTS_SECONDS = 0.2
LAST_ANSWERS_SECONDS = 0.8
"""With the logouts and last log lines an end takes less than five seconds (fault-matrix B8)."""


class Exporter:
    """Everything between the settings and the scrape.

    `load` reads the settings again for a reload; it raises SettingsError when they are bad.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        folder: StateFolder,
        load: Callable[[], Settings],
        web: WebOptions,
    ) -> None:
        self._settings = settings
        self._load = load
        self._stop = threading.Event()
        self._reloading = threading.Lock()
        self.clock = Clock(time.time, time.monotonic, self._stop.wait)
        self._web = web
        self.alerting = self._new_alerting()
        self.ledger = Ledger(
            folder.path / Path(settings.state).name,
            now=self.clock.now(),
            notice=self.alerting.notice_trigger,
        )
        self.own = OwnMetrics(
            store=lambda: self.ledger.facts,
            alerts=self.alerting.facts,
            webhooks=lambda: self._bridge.arrivals.facts,
            kill_switch=lambda: self.ledger.kill_switch,
        )
        self._page = self._new_page(settings)
        self._board = Board(on_change=self._render)
        self._secrets = Secrets(learned=learn_secret, failed=self.own.secret_reload_failed)
        self._fleet = Fleet(self._new_site, monotonic=self.clock.monotonic)
        self._supervision = Supervision(self.clock.monotonic)
        self._silencing = Silencing(self.alerting.members, monotonic=self.clock.monotonic)
        self._wishing = self._new_wishing(settings)
        self._bridge = Bridge(
            self.ledger,
            self._wishing,
            settings=settings,
            secrets=lambda: self._secrets,
            now=self.clock.now,
        )
        self._housekeeping = self._new_housekeeping()
        self._shared = self._new_shared(folder)
        self.server = server_for(
            self._sources(web), web, unix_socket=folder.socket, clock=self.clock
        )

    def start(self) -> None:
        """Listen, then begin to poll; raises ListenError before any site was asked."""
        self._fleet.complete(self._settings, is_started=False)
        self.server.start()
        self._bridge.warn_of_no_way_in(has_web_file=self._web.config_file is not None)
        self._end_orphans()
        self._show_unsited()
        self.own.reloaded(True, self.clock.now())
        self.alerting.apply(self._settings)
        self._fleet.start()

    def await_first_polls(self, seconds: float) -> None:
        """Wait until every site was tried, well or not, but no longer than this."""
        deadline = self.clock.monotonic() + seconds
        while not all(site.was_tried for site in self.snapshot().sites.values()):
            if self.clock.monotonic() > deadline or self._stop.wait(FIRST_POLLS_STEP_SECONDS):
                return

    def run(self) -> None:
        """Watch over the workers until told to stop; raises TooManyCrashesError."""
        while not self._stop.wait(SUPERVISION_SECONDS):
            self._housekeeping.tick()
            self._end_orphans()
            self._supervision.revive(self._fleet)
            self.alerting.revive()

    @property
    def external_url(self) -> str:
        """The address that links are made of; empty before we listen, unless it was given."""
        return self._web.external_url or named_url(self.server.urls)

    def tell_to_stop(self) -> None:
        """Ask everything to end; from any thread."""
        self._stop.set()

    @property
    def is_stopping(self) -> bool:
        """Whether the end was asked for."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Log out everywhere and close, all sites at once."""
        self._stop.set()
        self.alerting.tell_to_stop()
        late = self._fleet.end()
        self.alerting.join(LAST_ALERTS_SECONDS)
        self.server.stop(LAST_ANSWERS_SECONDS)
        self.ledger.close()
        log.info("stopped", extra={"sites": len(self._fleet), "not_in_time": ",".join(late)})

    def reload(self) -> str | None:
        """Read the settings again, all or nothing; return the fault, None if there was none."""
        with self._reloading:
            succeeded = False
            try:
                self._take_over(self._load())
                succeeded = True
            except SettingsError as error:
                fault = "; ".join(error.lines)
                log.warning("settings not reloaded, the old ones hold", extra={"error": fault})
                return fault
            finally:
                self.own.reloaded(succeeded, self.clock.now())
            log.info("settings reloaded", extra={"sites": len(self._fleet)})
            return None

    def is_healthy(self) -> tuple[bool, str]:
        """Say whether every loop beats, with a line on why."""
        if silent := self._fleet.silent():
            return False, f"no heartbeat of {', '.join(silent)}"
        return True, f"healthy: {len(self._fleet)} sites watched"

    def snapshot(self) -> Snapshot:
        """Return what is known of every site now."""
        return self._board.current()

    def _take_over(self, settings: Settings) -> None:
        learn_secrets(settings)
        for name in self._fleet.part_from(settings):
            self._forget(name)
        if settings.state != self._settings.state:
            log.warning("setting takes effect at the next start", extra={"setting": "state"})
        self._settings = settings
        self._wishing.obey(settings)
        self._bridge.obey(settings)
        self._silencing.forget()
        self._end_orphans()
        self._change_page(self._new_page(settings))
        self._fleet.complete(settings, is_started=not self.is_stopping)
        if not self.is_stopping:
            self.alerting.apply(settings)

    def _forget(self, name: SiteName) -> None:
        """Forget a site that left; one that stays under its name keeps its totals."""
        self._board.remove(name)
        self.ledger.forget(name)
        self.own.forget_site(name)

    def _end_orphans(self) -> None:
        self._housekeeping.end_orphans(frozenset(names_of(self._settings)))

    def _change_page(self, page: Page) -> None:
        """Show a page that is full from its first moment on."""
        page.put(self._board.current())
        self._page = page
        self._board.tell_again()  # with what a poll gave to the old page meanwhile
        self._show_unsited()

    def _show_unsited(self) -> None:
        totals = self.ledger.trigger_totals().get(SiteName(""))
        self._page.put_unsited(totals or SiteTotals())

    def _render(self, snapshot: Snapshot, site: SiteName | None) -> None:
        self._page.put(snapshot, changed=site)

    def _body(self, *, openmetrics: bool, gzip: bool, sites: frozenset[str] | None = None) -> Body:
        return self._page.body(openmetrics=openmetrics, gzip=gzip, sites=sites)

    def _new_site(self, name: SiteName, settings: Settings) -> Site:
        return Site(name, settings, self._shared)

    def _new_page(self, settings: Settings) -> Page:
        return Page(
            own=self.own,
            clock=self.clock,
            expected_vms=tuple(settings.expected_vms),
            excluded=tuple(settings.metrics.exclude),
        )

    def _new_wishing(self, settings: Settings) -> Wishing:
        return Wishing(
            self.ledger,
            settings,
            snapshot=self.snapshot,
            now=self.clock.now,
            nudge=self._fleet.nudge,
            show_unsited=self._show_unsited,
            silences=self._silencing,
        )

    def _new_alerting(self) -> Alerting:
        return Alerting(
            ledger=lambda: self.ledger,
            snapshot=self.snapshot,
            settings=lambda: self._settings,
            secrets=lambda: self._secrets,
            external_url=lambda: self.external_url,
            clock=self.clock,
        )

    def _new_housekeeping(self) -> Housekeeping:
        return Housekeeping(
            self.ledger,
            self._wishing.directory,
            submit=self._wishing.submit,
            schedules=lambda: schedules_of(self._settings),
            clock=self.clock,
        )

    def _new_shared(self, folder: StateFolder) -> Served:
        return Served(
            board=self._board,
            ledger=self.ledger,
            desk=lambda: self._wishing.desk,
            policy=lambda: self._wishing.desk.policy,
            own=self.own,
            lockout=Lockout(folder.path),
            peers=Peers(lambda: names_of(self._settings)),
            settings=lambda: self._settings,
            clock=self.clock,
            credentials_of=credentials_reader(self._secrets),
            notice=self._notice,
        )

    def _notice(self, site: SiteSnapshot, changes: SiteChanges) -> Noticed:
        """Say what of a look at a site is news, out and in."""
        note_healed(self.ledger, site)
        return self.alerting.notice(site, changes)

    def _sources(self, web: WebOptions) -> Sources:
        return Sources(
            snapshot=self.snapshot,
            metrics_body=self._body,
            is_healthy=self.is_healthy,
            now=self.clock.now,
            version=__version__,
            reload=self.reload if web.enable_lifecycle else None,
            schedules=lambda: schedules_of(self._settings),
            expected_vms=lambda: tuple(self._settings.expected_vms),
            acting=self._wishing.over_http(
                token=lambda: bearer_token_of(self._settings, self._secrets),
                is_stopping=self._stop.is_set,
            ),
            inbound=self._bridge.inbound(is_stopping=self._stop.is_set),
            control=control_of(
                self._bridge,
                self.ledger,
                settings=lambda: self._settings,
                members=self.alerting.members,
                now=self.clock.now,
            ),
        )
