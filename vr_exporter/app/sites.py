"""One site's worker with its thread, made from the settings and ended when they change."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from vr_exporter.appliance.client import Appliance
from vr_exporter.appliance.errors import Refused
from vr_exporter.appliance.lockout import Lockout
from vr_exporter.appliance.transport import Address
from vr_exporter.domain.clock import Clock
from vr_exporter.domain.credentials import Credentials
from vr_exporter.domain.events import ClockRead, Event
from vr_exporter.domain.inventory import ApplianceFacts, Pairing
from vr_exporter.domain.names import PairingName, SiteName
from vr_exporter.domain.rpo import Grace
from vr_exporter.domain.triggers import Target
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.metrics.own import OwnMetrics
from vr_exporter.settings import Account, Secrets, Settings, SettingsError, SiteSettings
from vr_exporter.syncing.desk import Desk, Policy
from vr_exporter.syncing.posting import Poster
from vr_exporter.syncing.tasks import SyncTasks
from vr_exporter.watching.board import Board
from vr_exporter.watching.inventory import FarEnds, Reader, Scope
from vr_exporter.watching.peers import Peers
from vr_exporter.watching.site import SiteWatch
from vr_exporter.worker import SiteRooms, Worker

CredentialsOf = Callable[[Account], Credentials]
"""Reads an account's password, afresh each time it is asked."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What all sites of a process have in common for reading them."""

    board: Board
    lockout: Lockout
    peers: Peers
    settings: Callable[[], Settings]
    clock: Clock
    credentials_of: CredentialsOf


@dataclass(frozen=True, slots=True)
class Served(Shared):
    """What sites have in common beside that, where they are served."""

    ledger: Ledger
    own: OwnMetrics
    desk: Callable[[], Desk]
    policy: Callable[[], Policy]


class Site:
    """A configured site at work. `settings` are those it was made from."""

    def __init__(self, name: SiteName, settings: Settings, shared: Served) -> None:
        self.name = name
        self.settings = settings
        self._shared = shared
        self._alarm = Alarm()
        shared.own.watch_site(
            name, tls_verification_disabled=settings.sites[name].tls.insecure_skip_verify
        )
        self.worker = worker_for(name, settings, shared, alarm=self._alarm)
        self._thread = self._new_thread()

    @property
    def is_alive(self) -> bool:
        """Whether the worker's thread runs."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin to poll."""
        self._thread.start()

    def restart(self) -> None:
        """Give a worker whose thread died of a bug a new one."""
        self._thread = self._new_thread()
        self._thread.start()

    def tell_to_stop(self) -> None:
        """Ask the worker to log out and end; returns at once."""
        self._alarm.end()

    def nudge(self) -> None:
        """Wake the worker: there is a new wish, or news of one."""
        self._alarm.ring()

    def join(self, timeout_seconds: float) -> bool:
        """Wait for the worker's end; False if it did not come in time."""
        if self._thread.ident is not None:
            self._thread.join(timeout_seconds)
        return not self._thread.is_alive()

    def has_same_settings(self, settings: Settings) -> bool:
        """Whether these settings would make the same worker."""
        return _what_matters(self.name, self.settings) == _what_matters(self.name, settings)

    def _new_thread(self) -> threading.Thread:
        return threading.Thread(target=self.worker.run, name=f"site-{self.name}", daemon=True)


class Alarm:
    """What a site's thread waits on: its end, which lasts, or a call, which is heard once."""

    def __init__(self) -> None:
        self._end = threading.Event()
        self._call = threading.Event()

    def ring(self) -> None:
        """Wake whoever rests."""
        self._call.set()

    def end(self) -> None:
        """End every wait from now on."""
        self._end.set()
        self._call.set()

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until the end; True at the end."""
        return self._end.wait(seconds)

    def rest(self, seconds: float) -> bool:
        """Wait so long, or until the end or a call; True at the end."""
        self._call.wait(seconds)
        self._call.clear()
        return self._end.is_set()


def worker_for(name: SiteName, settings: Settings, shared: Served, *, alarm: Alarm) -> Worker:
    """Make the worker of a site with all that it works with."""
    shared = replace(shared, clock=replace(shared.clock, wait=alarm.wait))

    def tell(event: Event) -> None:
        shared.own.tell(name, event)

    return Worker(
        name,
        rooms_for(name, settings, shared, tell=tell),
        interval_seconds=settings.sites[name].poll_interval,
        clock=shared.clock,
        tell=tell,
        rest=alarm.rest,
    )


def rooms_for(
    name: SiteName, settings: Settings, shared: Served, *, tell: Callable[[Event], None]
) -> SiteRooms:
    """Make all that a site's worker works with."""
    skew = Skew(tell)
    reading = reading_for(name, settings, shared, tell=skew)
    site = settings.sites[name]
    account = site.trigger_account
    triggering = appliance_for(site, shared, skew, account=account) if account else None
    posting = triggering or reading.appliance
    return SiteRooms(
        reading.appliance,
        reading.reader,
        reading.watch,
        shared.ledger,
        shared.board,
        syncs_for(name, shared, reading.appliance, posting, skew),
        triggering,
    )


@dataclass(frozen=True, slots=True)
class Reading:
    """What a site is read with."""

    appliance: Appliance
    reader: Reader
    watch: SiteWatch


def reading_for(
    name: SiteName,
    settings: Settings,
    shared: Shared,
    *,
    tell: Callable[[Event], None],
    far_ends: FarEnds | None = None,
) -> Reading:
    """Make what a site is read with; its far ends are found among the settings unless given."""
    site = settings.sites[name]
    appliance = appliance_for(site, shared, tell)
    accounts = RemoteAccounts(name, shared.settings, shared.peers, shared.credentials_of)
    reader = Reader(
        appliance,
        scope=scope_of(settings, site),
        far_ends=far_ends or accounts,
        clock=shared.clock,
    )
    watch = SiteWatch(
        name,
        url=site.url,
        grace=Grace(settings.rpo.grace, settings.rpo.grace_min),
        stale_after_seconds=settings.metrics.stale_after,
        monotonic=shared.clock.monotonic,
        configured=tuple(PairingName(alias) for alias in site.pairings),
    )
    return Reading(appliance, reader, watch)


class Skew:
    """Passes events on, and remembers how far the appliance's clock is from ours."""

    def __init__(self, tell: Callable[[Event], None]) -> None:
        self._tell = tell
        self.seconds = 0.0

    def __call__(self, event: Event) -> None:
        """Take an event."""
        if isinstance(event, ClockRead):
            self.seconds = event.skew_seconds
        self._tell(event)


def syncs_for(
    name: SiteName, shared: Served, reading: Appliance, posting: Appliance, skew: Skew
) -> SyncTasks:
    """Make what serves the triggers of a site."""

    def pairing_of(target: Target) -> Pairing | None:
        site = shared.board.current().sites.get(name)
        known = (each.pairing for each in site.pairings) if site else ()
        return next((each for each in known if each.id == target.pairing_id), None)

    poster = Poster(
        ledger=shared.ledger,
        syncs=posting.syncs,
        reads=reading.syncs,
        policy=shared.policy,
        pairing_of=pairing_of,
        clock=shared.clock,
        tell=skew,
        skew=lambda: skew.seconds,
    )
    return SyncTasks(
        name,
        poster=poster,
        reads=reading.syncs,
        ledger=shared.ledger,
        pairing_of=pairing_of,
        clock=shared.clock,
        max_running=lambda: shared.settings().triggers.max_running_per_site,
        skew=lambda: skew.seconds,
        circuit=lambda: shared.desk().circuit(name),
    )


def appliance_for(
    site: SiteSettings,
    shared: Shared,
    tell: Callable[[Event], None],
    *,
    account: Account | None = None,
) -> Appliance:
    """Make a client of a site's appliance: as the site's own account, or as another."""
    return Appliance(
        address_of(site),
        credentials=lambda: shared.credentials_of(account or site),
        clock=shared.clock,
        tell=tell,
        page_size=site.page_size,
        lockout=shared.lockout,
    )


def credentials_reader(secrets: Secrets) -> CredentialsOf:
    """Read credentials at use; one that cannot be read is a refused login, not a bug."""

    def read(account: Account) -> Credentials:
        try:
            return secrets.credentials(account)
        except SettingsError as error:
            raise Refused("auth", "; ".join(error.lines)) from error

    return read


def address_of(site: SiteSettings) -> Address:
    """Say where a site's appliance is and how it is known."""
    return Address(
        site.url,
        ca_file=site.tls.ca_file,
        fingerprint_sha256=site.tls.fingerprint_sha256,
        insecure_skip_verify=site.tls.insecure_skip_verify,
    )


def scope_of(settings: Settings, site: SiteSettings) -> Scope:
    """Say what of a site is watched."""
    return Scope(
        include=tuple(settings.replications.include),
        exclude=tuple(settings.replications.exclude),
        aliases={
            pairing.remote_vc.lower(): PairingName(alias)
            for alias, pairing in site.pairings.items()
        },
    )


@dataclass(frozen=True, slots=True)
class RemoteAccounts:
    """Finds the account for the far end of a site's pairings.

    The pairing's own account wins, then the site's `remote`, then that of the configured site
    which is the far end. All of them are those of the settings that hold at that moment.
    """

    site: SiteName
    settings: Callable[[], Settings]
    peers: Peers
    credentials_of: CredentialsOf

    def introduce(self, facts: ApplianceFacts | None, pairings: Iterable[Pairing]) -> None:
        """Tell the other sites who this one is."""
        self.peers.introduce(self.site, vc_id=facts.vc_id if facts else "", pairings=pairings)

    def may_learn_more(self) -> bool:
        """Whether another configured site has yet to say who it is."""
        return not self.peers.are_all_known()

    def credentials(self, pairing: Pairing) -> Credentials | None:
        """Return the credentials, None if nothing is known."""
        account = self.account_for(pairing)
        return self.credentials_of(account) if account else None

    def account_for(self, pairing: Pairing) -> Account | None:
        """Return the account whose credentials serve, None if nothing is known."""
        sites = self.settings().sites
        site = sites.get(self.site)
        if site is None:
            return None
        remote = pairing.remote_vc
        names = {remote.name.lower(), remote.id.lower()} if remote else set()
        for known in site.pairings.values():
            if known.remote and known.remote_vc.lower() in names:
                return known.remote
        if site.remote:
            return site.remote
        peer = self.peers.far_end(self.site, pairing)
        return sites.get(peer) if peer else None


def _what_matters(name: SiteName, settings: Settings) -> tuple[object, ...]:
    """All settings that a site's worker is made from."""
    return (
        settings.sites.get(name),
        settings.replications,
        settings.rpo,
        settings.metrics.stale_after,
    )
