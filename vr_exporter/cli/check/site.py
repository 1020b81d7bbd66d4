"""The checks of one site, in the order in which each rests on those before it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from vr_exporter.app.accounts import RemoteAccounts
from vr_exporter.app.reading import Shared, address_of, scope_of
from vr_exporter.cli.check import closing, login, signs, trust
from vr_exporter.cli.check.accounts import settings_of
from vr_exporter.cli.check.budget import PairingSize
from vr_exporter.cli.check.connection import Connection
from vr_exporter.cli.check.knock import knock
from vr_exporter.cli.check.reading import Readings
from vr_exporter.cli.check.remote_end import RemoteEnd
from vr_exporter.cli.check.report import Finding, Mark, about
from vr_exporter.domain.inventory import ApplianceFacts, Pairing
from vr_exporter.domain.names import SiteName
from vr_exporter.settings import Settings
from vr_exporter.watching.pairings import named


class SiteCheck:
    """One site being checked; `opening` is done once, whoever asks for it first.

    In the opening the site introduces itself to the others: a pairing between two configured
    sites is entered with the other's account.
    """

    def __init__(self, name: SiteName, settings: Settings, shared: Shared) -> None:
        self._name = name
        self._settings = settings
        self._site = settings.sites[name]
        self._shared = shared
        self._connection = Connection(self._site, self._site, shared)
        self._accounts = RemoteAccounts(name, shared.settings, shared.peers, shared.credentials_of)
        self._readings = Readings(self._connection.appliance, username=self._site.username)
        self._opened: tuple[Finding, ...] | None = None
        self._facts: ApplianceFacts | None = None
        self._pairings: tuple[Pairing, ...] = ()

    def opening(self) -> tuple[Finding, ...]:
        """From the settings to the login; what all the rest needs and does not work ends it."""
        if self._opened is None:
            self._opened = tuple(self._opening())
        return self._opened

    def reading(self) -> Iterator[Finding]:
        """Everything that takes a session; nothing where there is none."""
        self.opening()
        if not self._connection.is_open:
            return
        remote_end = RemoteEnd(self._connection.appliance, self._accounts)
        remote_sessions = {pairing.id: remote_end.log_in(pairing) for pairing in self._pairings}
        yield self._pairings_once_more(is_worth_it=bool(remote_end.logged_in))
        for pairing in self._pairings:
            if pairing.id in remote_sessions:
                yield about(pairing.name, remote_sessions[pairing.id])
            yield from self._readings.of_pairing(pairing, local_vc_id=self._local_vc_of(pairing))
        yield from self._readings.of_site()
        if self._readings.sizes:
            yield self._pace(remote_end)
        yield from self._trigger_login()
        yield closing.right_to_sync(self._site)

    def close(self) -> None:
        """Log out."""
        self._connection.appliance.close()

    def _opening(self) -> Iterator[Finding]:
        yield from settings_of(self._name, self._site)
        address = address_of(self._site)
        for look in (partial(trust.resolution, site=self._name), trust.connection):
            found = look(address)
            yield found
            if found.mark is Mark.FAIL:
                return
        trusted = trust.tls(address, self._name, now=self._shared.clock.now())
        yield trusted
        known = signs.recognise(partial(knock, address), port=address.port)
        yield known
        if Mark.FAIL not in (trusted.mark, known.mark):
            yield from self._session()

    def _session(self) -> Iterator[Finding]:
        found, self._facts = self._connection.log_in()
        yield found
        if self._facts is not None:
            yield login.version(self._facts)
        yield from login.clock(self._connection.told)
        if found.mark is not Mark.FAIL:
            self._pairings, self._listed = self._readings.pairings()
            self._accounts.introduce(self._facts, self._pairings)

    def _pairings_once_more(self, *, is_worth_it: bool) -> Finding:
        """Name the pairings; a remote session may have brought the names of their far ends."""
        if is_worth_it and any(pairing.remote_vc is None for pairing in self._pairings):
            self._pairings, self._listed = self._readings.pairings()
        self._pairings = named(self._pairings, scope_of(self._settings, self._site).aliases)
        return self._listed

    def _local_vc_of(self, pairing: Pairing) -> str:
        if pairing.local_vc:
            return pairing.local_vc.id
        return self._facts.vc_id if self._facts else ""

    def _pace(self, remote_end: RemoteEnd) -> Finding:
        sizes = [
            PairingSize(count, has_remote_login=pairing in remote_end.logged_in)
            for pairing, count in self._readings.sizes.items()
        ]
        return closing.pace(self._site, sizes, granted=self._connection.appliance.page_limit)

    def _trigger_login(self) -> Iterator[Finding]:
        """Log the account in that starts syncs, where there is one, and out again."""
        if self._site.trigger_account is None:
            return
        connection = Connection(self._site, self._site.trigger_account, self._shared)
        try:
            found, _ = connection.log_in()
        finally:
            connection.appliance.close()
        yield about("trigger_account", found)
