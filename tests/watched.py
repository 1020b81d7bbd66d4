"""Sites as they are watched: simulator, client, worker and page in one process, time by hand."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any, Self

import httpx

from tests.pages import families_of, text_of
from tests.simulated import AN_INSTANT, ManualClock, SimulatedTransport, syncs_asked
from vr_exporter.alerting.arrivals import WebhookFacts
from vr_exporter.appliance.address import Address
from vr_exporter.appliance.client import Appliance
from vr_exporter.appliance.lockout import Lockout
from vr_exporter.appliance.transport import Limits
from vr_exporter.domain.alerts import Noticed
from vr_exporter.domain.counts import SiteChanges
from vr_exporter.domain.credentials import Credentials
from vr_exporter.domain.events import Event
from vr_exporter.domain.inventory import ApplianceFacts, Pairing
from vr_exporter.domain.names import SiteName
from vr_exporter.domain.rpo import Grace
from vr_exporter.domain.snapshot import SiteSnapshot
from vr_exporter.domain.triggers import Origin, Target, Trigger
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.metrics.own import OwnMetrics
from vr_exporter.metrics.page import Page
from vr_exporter.simulator.api import Api
from vr_exporter.simulator.faults import Fault
from vr_exporter.simulator.options import Account, ApiOptions
from vr_exporter.simulator.world import World, WorldOptions
from vr_exporter.syncing.desk import Desk, Policy, Verdict
from vr_exporter.syncing.healing import note_healed
from vr_exporter.syncing.posting import Poster
from vr_exporter.syncing.targets import Wanted, find
from vr_exporter.syncing.tasks import SyncTasks
from vr_exporter.syncing.wishes import Wish
from vr_exporter.watching.board import Board
from vr_exporter.watching.inventory import Reader, Scope
from vr_exporter.watching.site import SiteWatch
from vr_exporter.worker import SiteRooms, Worker

ACCOUNT = Account("monitor@vsphere.local", "simulated")
MEMORY = Path("/dev/shm")  # noqa: S108 a folder with a name of its own is made in it
"""Ledgers lie here where there is such a folder: nobody cuts the power, and disks are slow."""

INTERVAL = 60.0


@dataclass(frozen=True, slots=True)
class OneAccount:
    """The far ends of a site: one account serves them all."""

    account: Account | None

    def introduce(self, facts: ApplianceFacts | None, pairings: Iterable[Pairing]) -> None:
        """Nobody else is there to hear it."""

    def may_learn_more(self) -> bool:
        """Nobody else is there to be waited for."""
        return False

    def credentials(self, pairing: Pairing) -> Credentials | None:
        """The account, whatever the pairing."""
        del pairing
        return _credentials(self.account) if self.account else None


@dataclass(frozen=True, slots=True)
class Way:
    """How a site's requests travel: over sockets where there is no transport."""

    address: Address
    transport: httpx.BaseTransport | None = None
    limits: Limits | None = None


class Site:
    """One site at work: its appliance, and its worker, which polls when told."""

    def __init__(self, name: str, watched: Watched, *, api: Api | None = None) -> None:
        self.api = api or Api(watched.world, name, watched.api_options)
        self.password = ACCOUNT.password
        clock = watched.time.clock()
        way = watched.way_to(name, self.api)
        self.transport = way.transport
        site = SiteName(name)
        watched.own.watch_site(site)

        def tell(event: Event) -> None:
            watched.own.tell(site, event)

        def an_appliance() -> Appliance:
            return Appliance(
                way.address,
                credentials=lambda: Credentials(ACCOUNT.username, self.password),
                clock=clock,
                tell=tell,
                page_size=watched.page_size,
                lockout=Lockout(),
                transport=way.transport,
                limits=way.limits,
                random=lambda: 0.5,
            )

        self.appliance = an_appliance()
        self.triggering = an_appliance() if watched.has_trigger_account else None
        reader = Reader(self.appliance, scope=Scope(), far_ends=OneAccount(ACCOUNT), clock=clock)
        watch = SiteWatch(
            site,
            url=f"https://{name}.example",
            grace=Grace(),
            stale_after_seconds=None,
            monotonic=clock.monotonic,
        )
        syncs = self._syncs(watched, site, tell)
        rooms = SiteRooms(
            self.appliance,
            reader,
            watch,
            watched.ledger,
            watched.board,
            syncs,
            self.triggering,
            watched.notice,
        )
        self._poll_at = clock.monotonic()
        self._interval_seconds = watched.interval_seconds
        self.worker = Worker(
            site, rooms, interval_seconds=self._interval_seconds, clock=clock, tell=tell
        )

    def _syncs(self, watched: Watched, site: SiteName, tell: Callable[[Event], None]) -> SyncTasks:
        def pairing_of(target: Target) -> Pairing | None:
            known = watched.board.current().sites[site].pairings
            return next((p.pairing for p in known if p.pairing.id == target.pairing_id), None)

        clock = watched.time.clock()
        poster = Poster(
            ledger=watched.ledger,
            syncs=(self.triggering or self.appliance).syncs,
            reads=self.appliance.syncs,
            policy=lambda: watched.policy,
            pairing_of=pairing_of,
            clock=clock,
            tell=tell,
        )
        return SyncTasks(
            site,
            poster=poster,
            reads=self.appliance.syncs,
            ledger=watched.ledger,
            pairing_of=pairing_of,
            clock=clock,
            max_running=lambda: watched.max_running,
            skew=lambda: 0.0,
            circuit=lambda: watched.desk.circuit(site),
        )

    def serve(self) -> None:
        """Do what the worker's loop does in one turn."""
        now = self.worker._clock.monotonic()
        self.worker.serve()
        if now >= self._poll_at:
            self._poll_at = now + self._interval_seconds
            self.worker.poll()

    @property
    def posts(self) -> int:
        """How many syncs the appliance was asked for."""
        return syncs_asked(self.api)

    def breaks(self, kind: str, **fault: Any) -> Fault:
        """Switch a fault of this appliance on."""
        made = Fault(kind=kind, **fault)
        self.api.faults.add(made)
        return made

    def heals(self) -> None:
        """Switch every fault off."""
        self.api.faults.clear()


class Watched:
    """A world and the sites of it that are watched, on one clock."""

    def __init__(
        self,
        *,
        sites: tuple[str, ...] = ("madrid",),
        page_size: int = 1000,
        api_options: ApiOptions | None = None,
        has_trigger_account: bool = False,
        time: ManualClock | None = None,
        inhabits: World | None = None,
        interval_seconds: float = INTERVAL,
        start: float = AN_INSTANT,
        **world: Any,
    ) -> None:
        self.time = time or ManualClock(start)
        options = {"calm": True, "replications": 30, **world}
        self.world = inhabits or World(WorldOptions(**options), now=self.time.now)
        self.api_options = api_options or ApiOptions(accounts=(ACCOUNT,))
        self.page_size = page_size
        self.interval_seconds = interval_seconds
        self.webhooks = WebhookFacts()
        self._keys = count()
        self.policy = Policy()
        self.max_running = 4
        self.folder = tempfile.TemporaryDirectory(
            prefix="vr-watched-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None
        )
        self.has_trigger_account = has_trigger_account
        self._begin()
        self.log = Lines()
        self.sites = {name: Site(name, self, api=self._api(name)) for name in sites}
        self.madrid = self.sites["madrid"]

    def _begin(self) -> None:
        """Make what a process has in memory, on the state as it is."""
        self.ledger = self._new_ledger()
        self.own = self._new_own()
        self.page = self._new_page()
        self.board = self._new_board()
        self.renew_desk()

    def _api(self, name: str) -> Api | None:
        """The appliance of a site where there is one already."""
        del name
        return None

    def way_to(self, name: str, api: Api) -> Way:
        """Say how the requests of a site reach its appliance: without sockets."""
        transport = SimulatedTransport(api, peer=name, wait=self.time.wait)
        return Way(Address(f"https://{name}.example"), transport)

    def _new_board(self) -> Board:
        return Board(on_change=lambda snapshot, site: self.page.put(snapshot, changed=site))

    def _new_own(self) -> OwnMetrics:
        return OwnMetrics(webhooks=lambda: self.webhooks)

    def _new_page(self) -> Page:
        return Page(own=self.own, clock=self.time.clock())

    def _new_ledger(self) -> Ledger:
        return Ledger(Path(self.folder.name) / "state.db", now=self.time.now())

    def notice(self, site: SiteSnapshot, _changes: SiteChanges) -> Noticed:
        """Note what has healed; nobody is told of anything."""
        note_healed(self.ledger, site)
        return Noticed()

    def renew_desk(self) -> None:
        """Let the desk go by the policy as it is now."""
        self.desk = Desk(
            self.ledger,
            snapshot=self.board.current,
            policy=self.policy,
            now=self.time.now,
            nudge=lambda _site: None,
        )

    def restart(self) -> None:
        """End this process and begin another on the same state; the appliances live on."""
        self.ledger.close()
        self._begin()
        for name, site in self.sites.items():
            site.appliance.close()
            self.sites[name] = Site(name, self, api=site.api)
        self.madrid = self.sites["madrid"]

    def poll(self, *, after: float = INTERVAL) -> Page:
        """Poll every site once, some seconds later."""
        self.time.advance(after)
        for site in self.sites.values():
            site.worker.poll()
        return self.page

    def ask(self, *names: str, **wish: Any) -> list[Verdict]:
        """Wish for syncs by VM name or id, as a person on the command line does."""
        found = find(Wanted(words=names), self.board.current())
        assert not found.faults, found.faults
        given = {"origin": Origin.CLI, "not_after": self.time.now() + 7200, **wish}
        return [
            self.desk.submit(Wish(key=self._next_key(), target=target, **given))
            for target in found.targets
        ]

    def _next_key(self) -> str:
        """The same at each run: which wish has its turn first goes by the key."""
        return sha256(next(self._keys).to_bytes(8, "big")).hexdigest()

    def work(self, seconds: float, *, step: float = 1.0) -> None:
        """Let time pass in small steps, triggers being served and sites polled meanwhile."""
        end = self.time.now() + seconds
        while self.time.now() < end:
            self.time.advance(step)
            for site in self.sites.values():
                site.serve()

    def trigger(self, verdict: Verdict) -> Trigger:
        """A trigger as it stands now."""
        found = self.ledger.trigger(verdict.trigger.key)
        assert found is not None
        return found

    def names(self) -> list[str]:
        """The VMs of idle replications whose source is Madrid, in a stable order."""
        return sorted(
            row.replication.vm
            for paired in self.snapshot().pairings
            for row in paired.replications
            if row.replication.status == "OK" and row.replication.direction == "outgoing"
        )

    def snapshot(self, site: str = "madrid") -> SiteSnapshot:
        """What is known of a site."""
        return self.board.current().sites[SiteName(site)]

    def metrics(self) -> Samples:
        """The page as a scrape now would read it, through the strict parser."""
        self.time.advance(1.0)
        return Samples(text_of(self.page))

    def __enter__(self) -> Self:
        logger = logging.getLogger("vr_exporter")
        logger.addHandler(self.log)
        self._level = logger.level
        logger.setLevel(logging.INFO)
        return self

    def __exit__(self, *_: object) -> None:
        logger = logging.getLogger("vr_exporter")
        logger.removeHandler(self.log)
        logger.setLevel(self._level)
        for site in self.sites.values():
            site.appliance.close()
        self.ledger.close()
        self.folder.cleanup()


class Samples:
    """A page, asked for by name and labels."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.samples = [sample for family in families_of(text) for sample in family.samples]

    def of(self, name: str, **labels: str) -> dict[tuple[tuple[str, str], ...], float]:
        """All samples of a name that have these labels, by all their labels."""
        return {
            tuple(sorted(sample.labels.items())): sample.value
            for sample in self.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        }

    def value(self, name: str, **labels: str) -> float | None:
        """The one sample of a name with these labels, None if there is none."""
        found = list(self.of(name, **labels).values())
        assert len(found) <= 1, f"{len(found)} samples of {name} {labels}"
        return found[0] if found else None

    def total(self, name: str, **labels: str) -> float:
        """The sum over all samples of a name with these labels."""
        return sum(self.of(name, **labels).values())

    def failures(self, site: str = "madrid") -> dict[str, float]:
        """The reasons for which polls failed, with how often."""
        found = self.of("vr_poll_failures_total", site=site)
        return {dict(labels)["reason"]: count for labels, count in found.items() if count}

    def surprises(self, site: str = "madrid") -> dict[str, float]:
        """The kinds of oddities met, with how often."""
        found = self.of("vr_poll_surprises_total", site=site)
        return {dict(labels)["kind"]: count for labels, count in found.items() if count}


class Lines(logging.Handler):
    """Keeps what is logged, as an operator would read it."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def messages(self) -> list[str]:
        """The constant texts, in their order."""
        return [record.getMessage() for record in self.records]

    def with_reason(self, reason: str) -> Iterator[logging.LogRecord]:
        """The records that give this reason."""
        return (record for record in self.records if getattr(record, "reason", "") == reason)

    def warnings(self, reason: str) -> list[str]:
        """The error texts of the warnings that give this reason."""
        return [
            getattr(record, "error", "")
            for record in self.with_reason(reason)
            if record.levelno == logging.WARNING
        ]


def _credentials(account: Account) -> Credentials:
    return Credentials(account.username, account.password)
