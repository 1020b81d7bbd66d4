"""Credentials as the settings have them: whose serve, at a site and at its far ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from vr_exporter.appliance.errors import Refused
from vr_exporter.domain.credentials import Credentials
from vr_exporter.domain.inventory import ApplianceFacts, Pairing
from vr_exporter.domain.names import SiteName
from vr_exporter.logs import learn_secret
from vr_exporter.settings import Account, Secrets, Settings, SettingsError, inline_secrets
from vr_exporter.watching.peers import Peers

CredentialsOf = Callable[[Account], Credentials]
"""Reads an account's password, afresh each time it is asked."""


def credentials_reader(secrets: Secrets) -> CredentialsOf:
    """Read credentials at use; one that cannot be read is a refused login, not a bug."""

    def read(account: Account) -> Credentials:
        try:
            return secrets.credentials(account)
        except SettingsError as error:
            raise Refused("auth", "; ".join(error.lines)) from error

    return read


def bearer_token_of(settings: Settings, secrets: Secrets) -> str | None:
    """Read the token that opens what acts over HTTP, afresh; None where none is set."""
    api = settings.api
    if api.bearer_token is None and api.bearer_token_file is None:
        return None
    return secrets.read(api.bearer_token, api.bearer_token_file)


def learn_secrets(settings: Settings) -> None:
    """Let the log mask every secret that stands in the settings themselves."""
    for secret in inline_secrets(settings):
        learn_secret(secret)


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
