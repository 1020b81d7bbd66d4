"""The far end of a pairing: whether its session can be had, and with whose credentials."""

from __future__ import annotations

from vr_exporter.app.accounts import RemoteAccounts
from vr_exporter.appliance.client import Appliance
from vr_exporter.appliance.errors import ApplianceError
from vr_exporter.cli.check.accounts import owner_of
from vr_exporter.cli.check.report import Finding, fail, ok, warn
from vr_exporter.domain.inventory import Pairing
from vr_exporter.domain.names import PairingId

REMOTE_SESSION = "remote session"

_PARTIAL = "data stays partial: incoming replications have no state, servers there are not seen"


class RemoteEnd:
    """Logs in at the remote site of each pairing as a poll would; `logged_in` holds where."""

    def __init__(self, appliance: Appliance, accounts: RemoteAccounts) -> None:
        self._appliance = appliance
        self._accounts = accounts
        self.logged_in: set[PairingId] = set()

    def log_in(self, pairing: Pairing) -> Finding:
        """Make the remote session of a pairing, where it needs one and credentials exist.

        Which pairing it is about is said by the caller, who knows its name afterwards.
        """
        if pairing.is_local:
            return ok(REMOTE_SESSION, "none needed, both ends are one vCenter")
        account = self._accounts.account_for(pairing)
        site = self._accounts.site
        if account is None:
            return warn(
                REMOTE_SESSION,
                f"no credentials for its remote site; {_PARTIAL}",
                f"set sites.{site}.remote, or configure that site's own appliance",
            )
        owner = owner_of(account, site, self._accounts.settings())
        try:
            if not self._appliance.has_remote_session(pairing.id):
                credentials = self._accounts.credentials_of(account)
                self._appliance.open_remote_session(pairing.id, credentials)
        except ApplianceError as error:
            return _refused(error, f"{account.username} ({owner})")
        self.logged_in.add(pairing.id)
        return ok(REMOTE_SESSION, f"as {account.username} ({owner})")


def _refused(error: ApplianceError, who: str) -> Finding:
    if error.reason == "auth":
        return fail(
            REMOTE_SESSION,
            f"{who} is refused at the remote site; {_PARTIAL}",
            "correct that account; the exporter tries again every 5 min",
        )
    return warn(
        REMOTE_SESSION,
        f"{error}; {_PARTIAL}",
        "is the remote site up and connected?",
    )
