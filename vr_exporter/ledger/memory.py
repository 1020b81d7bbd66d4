"""What readers see of a ledger: it is all in memory, and no call here waits for the disk."""

from __future__ import annotations

from collections.abc import Mapping

from vr_exporter.domain.counts import SeenTasks, SiteTotals
from vr_exporter.domain.names import ReplicationId, SiteName
from vr_exporter.domain.triggers import Trigger
from vr_exporter.ledger.book import Book
from vr_exporter.ledger.outbox import Outbox


class Memory:
    """The readers' half of the ledger; any thread may call."""

    _book: Book

    def totals(self, site: SiteName) -> SiteTotals:
        """Return all totals of a site, empty ones for a site never recorded."""
        return self._book.totals.totals(site)

    def seen_tasks(self, site: SiteName) -> SeenTasks | None:
        """Return the ended tasks already counted; None before tasks were first recorded."""
        return self._book.totals.seen_tasks(site)

    def sites(self) -> frozenset[SiteName]:
        """Return every site that has totals, also one that is no longer configured."""
        return frozenset(self._book.totals.every)

    def sync_kinds(self, site: SiteName) -> frozenset[str]:
        """Return the kinds of tasks that syncs of ours turned out to be at this site."""
        return self._book.sync_kinds.of(site)

    def triggers(
        self, *, site: SiteName | None = None, unfinished: bool = False, limit: int | None = None
    ) -> tuple[Trigger, ...]:
        """Return triggers, the youngest first; `unfinished` are those without an end.

        All that are open are among them, of the others the youngest 5,000.
        """
        chosen = self._book.remembered.chosen(site=site, unfinished=unfinished)
        return tuple(sorted(chosen, key=_by_age)[:limit])

    def open_triggers(self, site: SiteName) -> tuple[Trigger, ...]:
        """Return those of a site without an end, or with an unknown one; the youngest first."""
        opened = self._book.remembered.opened()
        chosen = [trigger for trigger in opened if trigger.target.site == site]
        return tuple(sorted(chosen, key=_by_age))

    def since_success(self, site: SiteName) -> tuple[Trigger, ...]:
        """Return a site's own triggers from its last success on: ended ones and those under way.

        One that ends at this very moment may stand twice; none is left out.
        """
        opened = self.open_triggers(site)
        under_way = [each for each in opened if not (each.state.is_final or each.has_joined)]
        return (*self._book.remembered.streak(site), *under_way)

    def last_claim(self, replication_id: ReplicationId) -> float | None:
        """Return when a replication was last asked to sync, by anyone, within a day or since."""
        return self._book.last_claims.get(replication_id)

    @property
    def outbox(self) -> Outbox:
        """What is to be told to Alertmanager, for reading; `change_outbox` changes it."""
        return self._book.outbox

    def failures_in_a_row(self, site: SiteName) -> Mapping[ReplicationId, int]:
        """Return how often in a row the syncs of a site's replications failed, where they did."""
        return self._book.failed_syncs.of(site)

    @property
    def unhealed(self) -> Mapping[ReplicationId, int]:
        """How many triggers by alert healed nothing yet, by replication."""
        return self._book.unhealed.counts

    def unhealed_of(self, replication_id: ReplicationId) -> int:
        """How many of one replication."""
        return self._book.unhealed.count(replication_id)


def _by_age(trigger: Trigger) -> tuple[float, str]:
    return (-trigger.asked_at, trigger.key)
