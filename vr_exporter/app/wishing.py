"""Where wishes come in, from every side: the desk of the settings that hold, and who is woken."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vr_exporter.app.triggers import policy_of
from vr_exporter.domain.episodes import Intent
from vr_exporter.domain.names import SiteName
from vr_exporter.domain.snapshot import Snapshot
from vr_exporter.domain.triggers import Skip, Trigger
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.settings import Settings
from vr_exporter.syncing.crowd import Crowd
from vr_exporter.syncing.desk import Desk, Verdict
from vr_exporter.syncing.offers import Explained, Offers, SilencedBy, Taken
from vr_exporter.syncing.targets import Directory
from vr_exporter.syncing.wishes import Wish
from vr_exporter.web.acting import Acting


class Wishing:
    """The one way to the desk. `nudge` wakes a site's worker, so that it is shown at once.

    `show_unsited` is called when the totals of wishes without a site have changed.
    """

    def __init__(
        self,
        ledger: Ledger,
        settings: Settings,
        *,
        snapshot: Callable[[], Snapshot],
        now: Callable[[], float],
        nudge: Callable[[SiteName], None],
        show_unsited: Callable[[], None],
        silences: Callable[[], SilencedBy],
    ) -> None:
        self._ledger = ledger
        self._snapshot = snapshot
        self._now = now
        self._nudge = nudge
        self._show_unsited = show_unsited
        self._silences = silences
        self._crowd = Crowd()
        self.directory = Directory(snapshot)
        self.obey(settings)

    def obey(self, settings: Settings) -> None:
        """Go by these settings from now on."""
        self.desk = Desk(
            self._ledger,
            snapshot=self._snapshot,
            policy=policy_of(settings),
            now=self._now,
            nudge=self._nudge,
        )
        self._offers = Offers(
            self.desk,
            self._ledger,
            crowd=self._crowd,
            count_at=self.directory.count_at,
            is_site=lambda name: name in self._snapshot().sites,
            silences=self._silences,
            now=self._now,
        )

    def submit(self, wish: Wish) -> Verdict:
        """Take a wish to the desk; its site shows it at once."""
        try:
            return self.desk.submit(wish)
        finally:
            self._nudge(wish.target.site)

    def preview(self, wish: Wish) -> Skip | None:
        """Say what would keep a wish from being taken, None if nothing would."""
        return self.desk.preview(wish)

    def offer(self, intents: Sequence[Intent]) -> Taken:
        """Take to the desk what alerts ask for; their sites show it at once."""
        taken = self._offers.take(intents)
        for site in {verdict.trigger.target.site for verdict in taken.verdicts}:
            self._nudge(site)
        self._show_unsited()
        return taken

    def preview_offers(self, intents: Sequence[Intent]) -> tuple[Explained, ...]:
        """Say what guards say of alerts, taking none."""
        return self._offers.preview(intents)

    def turn_away(self, wish: Wish, skip: Skip) -> Verdict:
        """Note a wish that means no target."""
        try:
            return self.desk.turn_away(wish, skip)
        finally:
            self._nudge(wish.target.site)
            self._show_unsited()

    def acknowledge(
        self, key_or_replication: str, *, actor: str, now: float
    ) -> tuple[Trigger, ...]:
        """Close what stayed unknown."""
        closed = self._ledger.acknowledge(key_or_replication, actor=actor, now=now)
        for trigger in closed:
            self._nudge(trigger.target.site)
        return closed

    def over_http(
        self, *, token: Callable[[], str | None], is_stopping: Callable[[], bool]
    ) -> Acting:
        """Hand over what the routes of triggers call."""
        return Acting(
            find=self.directory.find,
            submit=self.submit,
            preview=self.preview,
            turn_away=self.turn_away,
            trigger=self._ledger.trigger,
            triggers=self._ledger.triggers,
            audit=self._ledger.audit,
            acknowledge=self.acknowledge,
            token=token,
            is_stopping=is_stopping,
        )
