"""One site as the page must show it: followed from poll to poll by what its appliance told."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from tests.fleet_model.brought import ENDS_POLL, Brought, Chain, Reading, brought, count_issues
from tests.fleet_model.rows import Row
from tests.fleet_model.tasks import Tasks
from tests.fleet_model.told import Told, Truth

INTERVAL_SECONDS: Final = 60.0
STALE_SECONDS: Final = 300.0
LONGEST_STRETCH: Final = 16
LONGEST_INTERVAL: Final = 900.0
POLL_SECONDS: Final = 60.0
CLOSED_SECONDS: Final = 3600.0
"""A side endpoint that is forbidden or missing is left alone for so long (A26)."""

SIDES: Final = (
    "replications",
    "replication_issues",
    "pairing_issues",
    "replication_servers",
    "tasks",
)


@dataclass(frozen=True, slots=True)
class Turn:
    """A poll: when it began and ended by the clock that nobody sets, when it ended by the wall."""

    began: float
    ended: float
    wall: float


@dataclass(slots=True)
class Totals:
    """What outlives a restart for one replication."""

    breached_seconds: float = 0.0
    synced_bytes: int = 0
    synced_at: float | None = None


@dataclass(slots=True)
class Pairing:
    """One pairing as last told; `read_at` is when its list was read last, by the steady clock."""

    id: str
    name: str = ""
    is_up: bool = False
    read_at: float | None = None
    rows: dict[str, Row] = field(default_factory=dict)
    was_emptied: bool = False
    issues: dict[str, Counter[str]] = field(default_factory=dict)
    remote_up: bool | None = None
    local_vc: str = ""
    remote_vc: str = ""
    vc_connected: dict[str, bool] = field(default_factory=dict)


class SiteModel:
    """Follows one site; `vc_id` is its vCenter's, by which direction goes."""

    def __init__(self, name: str, vc_id: str) -> None:
        self.name = name
        self._vc_id = vc_id
        self.totals: dict[str, Totals] = {}
        self.syncs: Counter[tuple[str, str]] = Counter()
        self.bytes: Counter[tuple[str, str]] = Counter()
        self.moved: Counter[tuple[str, str]] = Counter()
        self.sync_seconds: Counter[tuple[str, str]] = Counter()
        self.removed = 0
        self.born: set[str] = set()
        self.was_observed = False
        self.tasks = Tasks()
        self._task_lists = Reading()
        self.restart()

    def restart(self) -> None:
        """A new process: it knows what the state keeps, and has seen nothing yet."""
        self.tasks.restart()
        self.pairings: dict[str, Pairing] = {}
        self.servers: list[Truth] = []
        self.info: dict[str, str] | None = None
        self.is_up = False
        self.read_at: dict[str, float] = {}
        self.last_success: float | None = None
        self.last_turn: Turn | None = None
        self.polls = self.skipped = 0
        self.reasons: Counter[str] = Counter()
        self.requests: Counter[tuple[str, str, str]] = Counter()
        self.logins = self.failed_logins = 0
        self.interval, self._stretch = INTERVAL_SECONDS, 1
        self.skew: float | None = None
        self._misses: Counter[str] = Counter()
        self._home: dict[str, str] = {}
        self._closed: dict[str, float] = {}
        self._names: dict[str, str] = {}
        self._hold, self._locked_until = "", 0.0

    def hear(self, told: Iterable[Told], now: float) -> None:
        """Take in answers, whatever they were asked for."""
        for each in told:
            endpoint = "replications" if each.endpoint == "replication" else each.endpoint
            self.requests[endpoint, each.method, each.code] += 1
            if each.code != "error":
                self.skew = each.skew_seconds + 0.5
            if each.reason in {"throttled", "server_error"} and each.code in {"429", "503"}:
                self._hold = each.reason
            if each.endpoint == "session" and each.method == "POST" and each.code != "429":
                self.logins += each.code != "error"
                self.failed_logins += not each.is_good and each.code != "error"
                self._locked_until = now + 300 if each.reason == "auth" else 0.0
            if each.endpoint == "tasks" and self._task_lists.take(each):
                self.tasks.take(self._task_lists.chain, self.name)
                self.read_at["tasks"] = now
            if each.reason in {"forbidden", "not_found"}:
                self._closed[each.endpoint] = now + CLOSED_SECONDS

    def polled(self, told: list[Told], turn: Turn) -> Brought:
        """Take in a poll."""
        for part in self.read_at:
            self.is_stale(part, turn.began)
        self.hear(told, turn.ended)
        poll = brought(told)
        if not told:
            poll.reasons = self._unasked()
        elif turn.ended - turn.began >= POLL_SECONDS:
            poll.reasons += self._cut(poll, turn.began)
        self.polls += 1
        self.reasons.update(poll.reasons)
        self._stretch = (
            min(self._stretch * 2, LONGEST_STRETCH) if "throttled" in poll.reasons else 1
        )
        self.interval = max(
            INTERVAL_SECONDS, min(INTERVAL_SECONDS * self._stretch, LONGEST_INTERVAL)
        )
        self.was_observed = True
        if poll.info is not None:
            self.info = poll.info
        self._take_pairings(poll, turn)
        if servers := poll.whole("replication_servers"):
            truth = next(iter(servers.rows.values()))[1]
            self.servers = truth["sites"][self.name]["replication_servers"]
            self.read_at["servers"] = turn.ended
        self.is_up = any(pairing.is_up for pairing in self.pairings.values())
        if self.is_up:
            self.read_at["site"] = turn.ended
            self.last_success = turn.wall
        self._remove(poll)
        self.last_turn = turn
        self.age(turn.ended)
        return poll

    def is_stale(self, part: str, now: float) -> bool:
        """Whether a part was read too long ago; so it is until it is read again (R2)."""
        limit = max(STALE_SECONDS, 3 * self.interval)
        if now - self.read_at.get(part, now) > limit:
            self.read_at[part] = -math.inf
        return self.read_at.get(part, now) == -math.inf

    def age(self, now: float) -> None:
        """Drop servers and tasks that are too old for good: they have no mark of their own."""
        if self.is_stale("site", now):
            return
        if self.is_stale("servers", now):
            self.servers = []
        if self.is_stale("tasks", now):
            self.tasks.restart()

    def _unasked(self) -> list[str]:
        """Why a poll asked nothing at all: a password that was refused, or a throttle."""
        if self._locked_until:
            return ["auth"]
        return ["throttled"] if self._hold == "throttled" else ["server_error", "server_error"]

    def _cut(self, poll: Brought, began: float) -> list[str]:
        """What a poll could not ask any more because its time was used up."""
        if ENDS_POLL & {*poll.reasons} or poll.whole("pairings") is None:
            return []
        open_sides = (name for name in SIDES if self._closed.get(name, 0.0) <= began)
        return ["deadline" for name in open_sides if poll.is_cut(name)]

    def _take_pairings(self, poll: Brought, turn: Turn) -> None:
        listed = poll.whole("pairings")
        if listed is None:
            for pairing in self.pairings.values():
                pairing.is_up = False
            return
        known, self.pairings = self.pairings, {}
        for row, _ in listed.rows.values():
            key = row["pairing_id"]
            pairing = self.pairings[key] = known.get(key) or Pairing(key)
            self._name(pairing, row, listed)
            self._read(pairing, poll, turn)

    def _name(self, pairing: Pairing, row: Truth, listed: Chain) -> None:
        local, remote = row["local_vc_server"], row.get("remote_vc_server") or {}
        pairing.local_vc = local["name"]
        pairing.remote_vc = remote.get("name") or self._names.get(pairing.id, "")
        if pairing.remote_vc:
            self._names[pairing.id] = pairing.remote_vc
        pairing.name = pairing.remote_vc or pairing.id
        pairing.vc_connected = {"local": local["server_status"] != "ERROR"}
        if remote:
            pairing.vc_connected["remote"] = remote["server_status"] != "ERROR"
        elif "remote_server_down" in listed.errors:
            pairing.vc_connected["remote"] = False

    def _read(self, pairing: Pairing, poll: Brought, turn: Turn) -> None:
        pairing.remote_up = poll.remote.get(pairing.id, False)
        pairing.issues = {
            scope: count_issues(chain)
            for scope in ("pairing", "replication")
            if (chain := poll.whole(f"{scope}_issues", pairing.id)) is not None
        }
        chain = poll.whole("replications", pairing.id)
        was_up, pairing.is_up = pairing.is_up, chain is not None
        if chain is None:
            return
        if "remote_server_down" in chain.errors:
            pairing.vc_connected["remote"] = False
        rows = {key: self._row(key, truth, chain) for key, (_, truth) in chain.rows.items()}
        seen = turn.ended - pairing.read_at if was_up and pairing.read_at is not None else 0.0
        for key, row in rows.items():
            self._follow(key, row, pairing, seen=seen, turn=turn)
        pairing.read_at = turn.ended
        self.read_at[pairing.id] = turn.ended
        self.born.add(pairing.name)
        is_emptied = not rows and bool(pairing.rows) and not pairing.was_emptied
        pairing.was_emptied = is_emptied
        if not is_emptied:
            pairing.rows = rows

    def _row(self, key: str, truth: Truth, chain: Chain) -> Row:
        facts = next(r for r in truth["replications"] if r["ids"].get(self.name) == key)
        direction = "outgoing" if facts["source_vc_id"] == self._vc_id else "incoming"
        return Row(facts, direction, is_partial=bool(chain.errors))

    def _follow(self, key: str, row: Row, pairing: Pairing, *, seen: float, turn: Turn) -> None:
        before, labels = pairing.rows.get(key), (pairing.name, row.direction)
        known = self.totals.get(key)
        at, size = row.truth["last_sync_timestamp_seconds"], row.truth["last_sync_bytes"] or 0
        has_synced = known is not None and at is not None and at > (known.synced_at or 0)
        totals = self.totals.setdefault(key, Totals())
        if before is not None and before.verdict == "breached":
            totals.breached_seconds += seen
        if has_synced:
            totals.synced_bytes += size
            self.syncs[labels] += 1
            self.bytes[labels] += size
            self.sync_seconds[labels] += row.truth["last_sync_duration_seconds"]
        totals.synced_at = at if at is not None else totals.synced_at
        self._move(row, before, labels, rest=size if has_synced else None)
        if row.progress is not None:
            is_still = before is not None and before.progress is not None
            is_still = is_still and not _has_moved(before, row)  # type: ignore[arg-type]
            row.progress_changed = before.progress_changed if is_still else turn.wall  # type: ignore[union-attr]

    def _move(
        self, row: Row, before: Row | None, labels: tuple[str, str], *, rest: int | None
    ) -> None:
        """Bytes on the link as they move: what this look shows beyond the look before."""
        here = row.progress["transferred_bytes"] if row.progress else None
        if before is None:
            row.counted_bytes = here or 0
            return
        counted = before.counted_bytes
        if rest is not None:
            self.moved[labels] += max(0, rest - counted) + (here or 0)
            row.counted_bytes = here or 0
        elif here is None:
            row.counted_bytes = counted
        else:
            self.moved[labels] += max(0, here - counted)
            row.counted_bytes = here

    def _remove(self, poll: Brought) -> None:
        """Gone is what two polls lack whose list came whole, with as many rows as it says."""
        if poll.whole("pairings") is None:
            return
        unsure = set()
        for pairing in self.pairings.values():
            chain = poll.whole("replications", pairing.id)
            if chain is None or chain.total != len(chain.rows):
                unsure.add(pairing.id)
            present = chain.rows if chain is not None else {}
            self._home.update(dict.fromkeys(present, pairing.id))
            for key in present:
                self._misses.pop(key, None)
        for key in list(self.totals):
            chains = (poll.whole("replications", each) for each in self.pairings)
            if any(chain is not None and key in chain.rows for chain in chains):
                continue
            home = self._home.get(key)
            self._misses[key] += home not in unsure if home else not unsure
            if self._misses[key] >= 2:
                del self.totals[key], self._misses[key]
                self._home.pop(key, None)
                self.removed += 1


def _has_moved(before: Row, row: Row) -> bool:
    old, new = before.progress, row.progress
    assert old is not None
    assert new is not None
    names = ("transferred_bytes", "checksum_compared_bytes")
    has_moved = any(None not in (old[n], new[n]) and old[n] != new[n] for n in names)
    return has_moved or round(abs(new["ratio"] - old["ratio"]) * 100) >= 1
