"""The whole exporter in one process: made, watched over, reloaded, stopped."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from vr_exporter import __version__
from vr_exporter.app.sites import Served, Site, credentials_reader
from vr_exporter.app.triggers import Housekeeping, policy_of, schedules_of
from vr_exporter.appliance.lockout import Lockout
from vr_exporter.domain.clock import Clock
from vr_exporter.domain.counts import SiteTotals
from vr_exporter.domain.names import SiteName
from vr_exporter.domain.snapshot import Snapshot
from vr_exporter.domain.triggers import Skip, Trigger
from vr_exporter.ledger.folder import StateFolder
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.logs import learn_secret
from vr_exporter.metrics.own import OwnMetrics
from vr_exporter.metrics.page import Body, Page
from vr_exporter.settings import Secrets, Settings, SettingsError, inline_secrets
from vr_exporter.syncing.desk import Desk, Verdict
from vr_exporter.syncing.targets import Directory
from vr_exporter.syncing.wishes import Wish
from vr_exporter.watching.board import Board
from vr_exporter.watching.peers import Peers
from vr_exporter.web.acting import Acting
from vr_exporter.web.routes import Routes, Sources
from vr_exporter.web.server import Server
from vr_exporter.web.webfile import WebFile

log = logging.getLogger(__name__)

SUPERVISION_SECONDS = 1.0
FIRST_POLLS_STEP_SECONDS = 0.02
RESTARTS_ALLOWED = 5
RESTART_WINDOW_SECONDS = 600.0
LOGOUT_SECONDS = 3.2
LAST_ANSWERS_SECONDS = 0.8
"""With the last log lines an end takes less than five seconds (fault-matrix B8)."""


@dataclass(frozen=True, slots=True)
class WebOptions:
    """Where the exporter listens, and whether it may be reloaded over HTTP."""

    listen: tuple[str, ...] = (":10843",)
    config_file: Path | None = None
    enable_lifecycle: bool = False


class TooManyCrashesError(Exception):
    """Workers die of a bug again and again: it is better to end than to pretend."""


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
        self.ledger = Ledger(folder.path / Path(settings.state).name, now=self.clock.now())
        self.own = OwnMetrics(
            store=lambda: self.ledger.facts, kill_switch=lambda: self.ledger.kill_switch
        )
        self._page = self._new_page(settings)
        self._board = Board(on_change=self._render)
        self._desk = self._new_desk(settings)
        self._directory = Directory(self.snapshot)
        self._secrets = self._new_secrets()
        self._housekeeping = Housekeeping(
            self.ledger,
            self._directory,
            submit=self.submit,
            schedules=lambda: schedules_of(self._settings),
            clock=self.clock,
        )
        self._shared = Served(
            board=self._board,
            ledger=self.ledger,
            desk=lambda: self._desk,
            policy=lambda: self._desk.policy,
            own=self.own,
            lockout=Lockout(folder.path),
            peers=Peers(lambda: _names(self._settings)),
            settings=lambda: self._settings,
            clock=self.clock,
            credentials_of=credentials_reader(self._secrets),
        )
        self._sites: dict[SiteName, Site] = {}
        self._crashes: deque[float] = deque()
        self.server = self._new_server(web, folder)

    def start(self) -> None:
        """Listen, then begin to poll; raises ListenError before any site was asked."""
        self._sites = {
            name: self._new_site(name, self._settings) for name in _names(self._settings)
        }
        self.server.start()
        self._end_orphans()
        self._show_unsited()
        self.own.reloaded(True, self.clock.now())
        for site in self._sites.values():
            site.start()

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
            for site in list(self._sites.values()):
                if not site.is_alive and not self._stop.is_set():
                    self._revive(site)

    def tell_to_stop(self) -> None:
        """Ask everything to end; safe in a signal handler."""
        self._stop.set()

    @property
    def is_stopping(self) -> bool:
        """Whether the end was asked for."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Log out everywhere and close, all sites at once."""
        self._stop.set()
        late = self._end(self._sites.values())
        self.server.stop(LAST_ANSWERS_SECONDS)
        self.ledger.close()
        log.info("stopped", extra={"sites": len(self._sites), "not_in_time": ",".join(late)})

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
            log.info("settings reloaded", extra={"sites": len(self._sites)})
            return None

    def is_healthy(self) -> tuple[bool, str]:
        """Say whether every loop beats, with a line on why."""
        now = self.clock.monotonic()
        silent = [site.name for site in self._sites.values() if site.worker.due_by < now]
        if silent:
            return False, f"no heartbeat of {', '.join(silent)}"
        return True, f"healthy: {len(self._sites)} sites watched"

    def snapshot(self) -> Snapshot:
        """Return what is known of every site now."""
        return self._board.current()

    def submit(self, wish: Wish) -> Verdict:
        """Take a wish to the desk; its site shows it at once."""
        try:
            return self._desk.submit(wish)
        finally:
            self._nudge(wish.target.site)

    def preview(self, wish: Wish) -> Skip | None:
        """Say what would keep a wish from being taken, None if nothing would."""
        return self._desk.preview(wish)

    def turn_away(self, wish: Wish, skip: Skip) -> Verdict:
        """Note a wish that means no target."""
        try:
            return self._desk.turn_away(wish, skip)
        finally:
            self._nudge(wish.target.site)
            self._show_unsited()

    def acknowledge(
        self, key_or_replication: str, *, actor: str, now: float
    ) -> tuple[Trigger, ...]:
        """Close what stayed unknown."""
        closed = self.ledger.acknowledge(key_or_replication, actor=actor, now=now)
        for trigger in closed:
            self._nudge(trigger.target.site)
        return closed

    def _end_orphans(self) -> None:
        self._housekeeping.end_orphans(frozenset(_names(self._settings)))

    def _nudge(self, name: SiteName) -> None:
        if site := self._sites.get(name):
            site.nudge()

    def _show_unsited(self) -> None:
        totals = self.ledger.trigger_totals().get(SiteName(""))
        self._page.put_unsited(totals or SiteTotals())

    def _token(self) -> str | None:
        api = self._settings.api
        if api.bearer_token is None and api.bearer_token_file is None:
            return None
        return self._secrets.read(api.bearer_token, api.bearer_token_file)

    def _take_over(self, settings: Settings) -> None:
        learn_secrets(settings)
        kept = {
            name: site
            for name, site in self._sites.items()
            if name in settings.sites and site.has_same_settings(settings)
        }
        ended = [site for name, site in self._sites.items() if name not in kept]
        self._end(ended)
        for site in ended:
            self._forget(site.name, settings)
        if settings.state != self._settings.state:
            log.warning("setting takes effect at the next start", extra={"setting": "state"})
        self._settings = settings
        self._desk = self._new_desk(settings)
        self._end_orphans()
        self._change_page(self._new_page(settings))
        self._sites = {
            name: kept.get(name) or self._started(name, settings) for name in _names(settings)
        }

    def _started(self, name: SiteName, settings: Settings) -> Site:
        site = self._new_site(name, settings)
        if not self.is_stopping:
            site.start()
        return site

    def _change_page(self, page: Page) -> None:
        """Show a page that is full from its first moment on."""
        page.put(self._board.current())
        self._page = page
        self._board.tell_again()  # with what a poll gave to the old page meanwhile
        self._show_unsited()

    def _end(self, sites: Iterable[Site]) -> list[SiteName]:
        """Let sites log out, all at once; name those that did not end in time."""
        ending = list(sites)
        for site in ending:
            site.tell_to_stop()
        deadline = self.clock.monotonic() + LOGOUT_SECONDS
        return [
            site.name
            for site in ending
            if not site.join(max(0.0, deadline - self.clock.monotonic()))
        ]

    def _forget(self, name: SiteName, settings: Settings) -> None:
        """Forget a site that left; one that stays under its name keeps its totals."""
        if name in settings.sites:
            return
        self._board.remove(name)
        self._shared.ledger.forget(name)
        self.own.forget_site(name)

    def _revive(self, site: Site) -> None:
        now = self.clock.monotonic()
        while self._crashes and now - self._crashes[0] > RESTART_WINDOW_SECONDS:
            self._crashes.popleft()
        self._crashes.append(now)
        if len(self._crashes) > RESTARTS_ALLOWED:
            raise TooManyCrashesError(f"the worker of {site.name} died {RESTARTS_ALLOWED} times")
        log.error("worker died, started again", extra={"site": site.name})
        site.restart()

    def _new_site(self, name: SiteName, settings: Settings) -> Site:
        return Site(name, settings, self._shared)

    def _new_desk(self, settings: Settings) -> Desk:
        return Desk(
            self.ledger,
            snapshot=self.snapshot,
            policy=policy_of(settings),
            now=self.clock.now,
            nudge=self._nudge,
        )

    def _new_secrets(self) -> Secrets:
        return Secrets(learned=learn_secret, failed=self.own.secret_reload_failed)

    def _new_page(self, settings: Settings) -> Page:
        return Page(
            own=self.own,
            clock=self.clock,
            expected_vms=tuple(settings.expected_vms),
            excluded=tuple(settings.metrics.exclude),
        )

    def _render(self, snapshot: Snapshot, site: SiteName | None) -> None:
        self._page.put(snapshot, changed=site)

    def _body(self, *, openmetrics: bool, gzip: bool, sites: frozenset[str] | None = None) -> Body:
        return self._page.body(openmetrics=openmetrics, gzip=gzip, sites=sites)

    def _new_server(self, web: WebOptions, folder: StateFolder) -> Server:
        sources = Sources(
            snapshot=self.snapshot,
            metrics_body=self._body,
            is_healthy=self.is_healthy,
            now=self.clock.now,
            version=__version__,
            reload=self.reload if web.enable_lifecycle else None,
            schedules=lambda: schedules_of(self._settings),
            expected_vms=lambda: tuple(self._settings.expected_vms),
            acting=Acting(
                find=self._directory.find,
                submit=self.submit,
                preview=self.preview,
                turn_away=self.turn_away,
                trigger=self.ledger.trigger,
                triggers=self.ledger.triggers,
                audit=self.ledger.audit,
                acknowledge=self.acknowledge,
                token=self._token,
                is_stopping=self._stop.is_set,
            ),
        )
        routes = Routes(sources)
        return Server(
            routes,
            gate=routes,
            clock=self.clock,
            listen=web.listen,
            unix_socket=folder.socket,
            web_file=WebFile(web.config_file) if web.config_file else None,
        )


def learn_secrets(settings: Settings) -> None:
    """Let the log mask every secret that stands in the settings themselves."""
    for secret in inline_secrets(settings):
        learn_secret(secret)


def _names(settings: Settings) -> list[SiteName]:
    return [SiteName(name) for name in settings.sites]
