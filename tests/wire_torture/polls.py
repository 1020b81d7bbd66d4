"""Polls whose n-th crossing fails: whole or counted, what was known is kept, the next is whole."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.fault_proxy import Kind
from tests.pages import text_of
from tests.wire_torture.tally import Loop, Tally, until_none_fails
from tests.wired import Wired
from vr_exporter.domain.names import PairingId, ReplicationId
from vr_exporter.domain.snapshot import SiteSnapshot

Ids = dict[PairingId, frozenset[ReplicationId]]

_SHOWN = re.compile(
    r'^vr_(?:up|poll_failures_total)\{(?:reason="(\w+)"|site="madrid"|,)+\} (\S+)', re.MULTILINE
)
"""The two families by which a poll is judged: a strict parse of the page takes longer than it."""

_BROKEN_OFF = frozenset({"reset", "connect", "tls"})
REASONS: dict[Kind, frozenset[str]] = {
    Kind.CUT: _BROKEN_OFF,
    Kind.RESET: _BROKEN_OFF,
    Kind.HOLD: frozenset({"timeout", "deadline", "connect", "tls"}),
    Kind.UNANSWERED: _BROKEN_OFF,
    Kind.SLOW: frozenset({"deadline"}),
    Kind.SPLIT: frozenset(),
    Kind.DUPLICATE: frozenset({"schema", *_BROKEN_OFF}),
    Kind.FLIP: frozenset({"schema", "not_json", "redirect", "timeout", "encoding", *_BROKEN_OFF}),
}
"""The reasons for which a poll may fail under each kind: any other is a wrong word for it."""

HEALS_IN = 3
"""So many polls after a bit was flipped what it feigned is gone: an id that was never there is
believed to be removed at the second poll without it."""


class Polls:
    """One site, polled again and again; `is_fresh` logs out before each poll."""

    def __init__(self, wired: Wired, loop: Loop, *, is_fresh: bool) -> None:
        self._wired = wired
        self._loop = loop
        self._is_fresh = is_fresh
        wired.poll()
        self._ids = _ids(wired.snapshot())
        self._used = wired.used()

    def turn(self, number: int, tally: Tally) -> bool:
        """Poll under the n-th fault, and then without; whether the fault was reached."""
        wired = self._wired
        wired.log.records.clear()
        wired.time.waits.clear()
        if self._is_fresh:
            wired.madrid.appliance._session.end(2.0)
        before = wired.snapshot()
        wired.arm(self._loop.fault(number))
        reasons = self._poll()
        is_reached = wired.proxy.struck > 0
        tally.endings[" and ".join(sorted(reasons)) or "whole"] += 1
        found = [*self._faults(before, reasons), *self._healing()]
        tally.broken += [f"{self._loop.name}, crossing {number}: {text}" for text in found]
        return is_reached

    def _poll(self) -> set[str]:
        """Poll once; returns the reasons for which it is counted as failed."""
        before = self._page()
        self._wired.poll()
        return {reason for reason, count in self._page().items() - before.items() if reason}

    def _page(self) -> dict[str, str]:
        """Read the failures by reason, and `vr_up` under no reason, off the page as it is now."""
        return {found[1] or "": found[2] for found in _SHOWN.finditer(text_of(self._wired.page))}

    def _faults(self, before: SiteSnapshot, reasons: set[str]) -> Iterator[str]:
        """Say what is wrong with a poll under a fault."""
        now = self._wired.snapshot()
        shown = self._page()[""] == "1"
        if strange := reasons - REASONS[self._loop.kind]:
            yield f"failed for {', '.join(sorted(strange))}"
        if shown != now.up:
            yield f"vr_up is {shown}, up is {now.up}"
        if not reasons and not now.up:
            yield f"not up, and no reason is counted: {now.poll.error}"
        if self._loop.kind is not Kind.FLIP:
            yield from self._unlike(before, now)
        if not reasons and now.poll.error:
            yield f"an error without a reason: {now.poll.error}"

    def _unlike(self, before: SiteSnapshot, now: SiteSnapshot) -> Iterator[str]:
        if _ids(now) != self._ids:
            yield "replications are missing, or there are others"
        kept = {one.pairing.id: one for one in before.pairings}
        for one in now.pairings:
            rows = [row.replication for row in one.replications]
            was = [row.replication for row in kept[one.pairing.id].replications]
            if not one.up and rows != was:
                yield "what was known of a pairing that was not read has changed"

    def _healing(self) -> Iterator[str]:
        """Say what is wrong after the fault: the next poll is whole, and nothing is left behind."""
        self._wired.disarm()
        polls = HEALS_IN if self._loop.kind is Kind.FLIP else 1
        reasons = [self._poll() for _ in range(polls)]
        now = self._wired.snapshot()
        if any(reasons):
            yield f"a poll without a fault failed: {reasons}"
        if not now.up or now.poll.error or not all(one.up for one in now.pairings):
            yield f"a poll without a fault is not whole: {now.poll.error}"
        if _ids(now) != self._ids:
            yield "after a poll without a fault replications are missing, or there are others"
        used = self._wired.used()
        if used != self._used:
            yield f"left behind: {used}, before {self._used}"
        for record in self._wired.log.records:
            if "bug" in record.getMessage():
                yield f"logged: {record.getMessage()} {getattr(record, 'error', '')}"


def torture_polls(loop: Loop, *, is_fresh: bool) -> Tally:
    """Fail the n-th crossing of a poll with a login, or of one in a session that lives on."""
    options = {"has_tls": loop.has_tls, "chunk_bytes": loop.chunk_bytes, "replications": 12}
    with Wired(**options) as wired:  # type: ignore[arg-type] # options by name
        return until_none_fails(loop, Polls(wired, loop, is_fresh=is_fresh).turn)


def _ids(snapshot: SiteSnapshot) -> Ids:
    return {
        one.pairing.id: frozenset(row.replication.id for row in one.replications)
        for one in snapshot.pairings
    }
