"""One account's session at one site, and what its client told on the way."""

from __future__ import annotations

from vr_exporter.app.reading import Shared, address_of
from vr_exporter.appliance.client import Appliance
from vr_exporter.appliance.errors import ApplianceError
from vr_exporter.cli.check import login
from vr_exporter.cli.check.accounts import source_of
from vr_exporter.cli.check.report import Finding
from vr_exporter.domain.events import Event, LoggedIn
from vr_exporter.domain.inventory import ApplianceFacts
from vr_exporter.settings import Account, SiteSettings

TIME_SECONDS = 60.0
"""What the requests of one step may take together."""

ROWS_WANTED = 100
"""Of each list the first page is enough, which has as many rows unless set otherwise."""


class Connection:
    """The client of a site's appliance for one account; `told` holds all its events."""

    def __init__(self, site: SiteSettings, account: Account, shared: Shared) -> None:
        self.told: list[Event] = []
        self._account = account
        self.appliance = Appliance(
            address_of(site),
            credentials=lambda: shared.credentials_of(account),
            clock=shared.clock,
            tell=self.told.append,
            page_size=site.page_size,
            row_cap=ROWS_WANTED,
            lockout=shared.lockout,
        )

    @property
    def is_open(self) -> bool:
        """Whether a login worked."""
        return any(self._logins)

    @property
    def _logins(self) -> list[bool]:
        return [event.succeeded for event in self.told if isinstance(event, LoggedIn)]

    def log_in(self) -> tuple[Finding, ApplianceFacts | None]:
        """Log in and read /info, which takes no privilege beyond that."""
        self.appliance.begin_poll(TIME_SECONDS)
        username = self._account.username
        facts = None
        try:
            facts = self.appliance.facts()
        except ApplianceError as error:
            if not self.is_open:
                source, was_asked = source_of(self._account), bool(self._logins)
                found = login.refused(error, username=username, source=source, was_asked=was_asked)
                return found, None
        return login.accepted(username), facts
