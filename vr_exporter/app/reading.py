"""What one site is read with, made from the settings: by a worker or by a single command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vr_exporter.app.accounts import CredentialsOf, RemoteAccounts
from vr_exporter.appliance.client import Appliance
from vr_exporter.appliance.lockout import Lockout
from vr_exporter.appliance.transport import Address
from vr_exporter.domain.clock import Clock
from vr_exporter.domain.events import Event
from vr_exporter.domain.names import PairingName, SiteName
from vr_exporter.domain.rpo import Grace
from vr_exporter.settings import Account, Settings, SiteSettings
from vr_exporter.watching.board import Board
from vr_exporter.watching.inventory import FarEnds, Reader, Scope
from vr_exporter.watching.peers import Peers
from vr_exporter.watching.site import SiteWatch


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
