"""One site as the page must show it: followed from poll to poll by what its appliance told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from tests.fleet_model.brought import ENDS_POLL, Brought, Chain, Reading, brought, count_issues
from tests.fleet_model.rows import STATUSES, VERDICTS, Row, Sample
from tests.fleet_model.tasks import Tasks
from tests.fleet_model.told import Told, Truth

INTERVAL_SECONDS: Final = 60.0
STALE_SECONDS: Final = 300.0
LONGEST_STRETCH: Final = 16
LONGEST_INTERVAL: Final = 900.0
POLL_SECONDS: Final = 60.0
CLOSED_SECONDS: Final = 3600.0
"""A side endpoint that is forbidden or missing is left alone for so long (A26)."""

SIDES: Final = ("replications", "replication_issues", "pairing_issues", "replication_servers", "tasks")
DIRECTIONS: Final = ("outgoing", "incoming")
REASONS: Final = (
    *("dns", "connect", "tls", "timeout", "deadline", "reset", "too_large", "encoding"),
    *("not_json", "schema", "auth", "forbidden", "not_found", "throttled", "server_error"),
    *("redirect", "paging", "session", "internal"),
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
        self.was_told = False

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
            if each.endpoint == "tasks":
                if self._task_lists.take(each):
                    self.tasks.take(self._task_lists.chain, self.name)
                    self.read_at["tasks"] = now
            if each.reason in {"forbidden", "not_found"}:
                self._closed[each.endpoint] = now + CLOSED_SECONDS

    def polled(self, told: list[Told], turn: Turn) -> Brought:
        """Take in a poll."""
        self.hear(told, turn.ended)
        poll = brought(told)
        if not told:
            poll.reasons = self._unasked()
        elif turn.ended - turn.began >= POLL_SECONDS:
            poll.reasons += self._cut(poll, turn.began)
        self.polls += 1
        self.reasons.update(poll.reasons)
        self._stretch = min(self._stretch * 2, LONGEST_STRETCH) if "throttled" in poll.reasons else 1
        self.interval = max(INTERVAL_SECONDS, min(INTERVAL_SECONDS * self._stretch, LONGEST_INTERVAL))
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
        return poll

    def is_stale(self, part: str, now: float) -> bool:
        """Whether a part was read, and too long ago."""
        limit = max(STALE_SECONDS, 3 * self.interval)
        return part in self.read_at and now - self.read_at[part] > limit

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
            if self._misses[key] >= 2:  # noqa: PLR2004 - two polls agree
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


def samples(site: SiteModel, now: float) -> Iterator[Sample]:
    """Everything that the page must hold for a site at this moment."""
    yield from _own(site, now)
    yield from _totals(site)
    is_stale = site.is_stale("site", now)
    if is_stale:
        return
    if site.info is not None:
        names = {"version": site.info["version"], "build": site.info["build_number"], "api": "v2"}
        yield "vr_appliance_info", {"site": site.name} | names, 1
    if not site.is_stale("servers", now):
        for server in site.servers:
            yield from _server(server, site.name)
    fresh = [p for p in site.pairings.values() if not site.is_stale(p.id, now)]
    for pairing in fresh:
        yield from _pairing(site, pairing)
    if site.tasks.shown is not None and not site.is_stale("tasks", now):
        known = {key: _entity(row) for p in fresh for key, row in p.rows.items()}
        yield from site.tasks.detail(site.name, known)


def _entity(row: Row) -> tuple[str, str]:
    is_withheld = row.is_partial and row.direction == "incoming"
    return "" if is_withheld else row.truth["vm_id"], row.truth["name"]


def _own(site: SiteModel, now: float) -> Iterator[Sample]:
    labels = {"site": site.name}
    yield "vr_up", labels, float(site.is_up)
    yield "vr_snapshot_stale", labels, float(site.is_stale("site", now))
    yield "vr_poll_interval_seconds", labels, site.interval
    yield "vr_rows_dropped", labels, 0.0
    if site.last_success is not None:
        yield "vr_poll_last_success_timestamp_seconds", labels, site.last_success
    if site.last_turn is not None:
        yield "vr_poll_last_attempt_timestamp_seconds", labels, site.last_turn.wall
    yield "vr_polls_total", labels, float(site.polls)
    yield "vr_polls_skipped_total", labels, float(site.skipped)
    for reason in REASONS:
        yield "vr_poll_failures_total", labels | {"reason": reason}, float(site.reasons[reason])
    yield "vr_api_logins_total", labels, float(site.logins)
    yield "vr_api_login_failures_total", labels, float(site.failed_logins)
    throttled = sum(n for (_, _, code), n in site.requests.items() if code == "429")
    yield "vr_api_throttled_total", labels, float(throttled)
    for (endpoint, method, code), count in site.requests.items():
        own = {"endpoint": endpoint, "method": method, "code": code}
        yield "vr_api_requests_total", labels | own, float(count)
    for pairing in site.pairings.values():
        yield "vr_pairing_up", labels | {"pairing": pairing.name}, float(pairing.is_up)


def _totals(site: SiteModel) -> Iterator[Sample]:
    if site.was_observed:
        yield "vr_replications_removed_total", {"site": site.name}, float(site.removed)
    for name in site.born:
        for direction in DIRECTIONS:
            key = name, direction
            labels = {"site": site.name, "pairing": name, "direction": direction}
            yield "vr_syncs_observed_total", labels, float(site.syncs[key])
            yield "vr_syncs_observed_bytes_total", labels, float(site.bytes[key])
            yield "vr_transferred_bytes_total", labels, float(site.moved[key])
            yield "vr_sync_duration_seconds_count", labels, float(site.syncs[key])
            yield "vr_sync_duration_seconds_sum", labels, float(site.sync_seconds[key])
    yield from site.tasks.samples(site.name)


def _server(server: Truth, site: str) -> Iterator[Sample]:
    labels = {"site": site, "server": server["uuid"]}
    names = {
        "name": server["name"],
        "side": "local",
        "decommissioned": str(server["decommissioned"]).lower(),
    }
    yield "vr_replication_server_info", labels | names, 1
    yield "vr_replication_server_connected", labels, float(server["connected"])
    yield "vr_replication_server_replications", labels, float(server["replications"])


def _pairing(site: SiteModel, pairing: Pairing) -> Iterator[Sample]:
    p = {"site": site.name, "pairing": pairing.name}
    names = {
        "pairing_id": pairing.id,
        "local_vc": pairing.local_vc,
        "remote_vc": pairing.remote_vc,
    }
    yield "vr_pairing_info", p | names, 1
    if pairing.remote_up is not None:
        yield "vr_pairing_remote_session_up", p, float(pairing.remote_up)
    for side, connected in pairing.vc_connected.items():
        yield "vr_pairing_vc_connected", p | {"side": side}, float(connected)
    for scope, counted in pairing.issues.items():
        for severity in ("warning", "error"):
            labels = p | {"scope": scope, "severity": severity}
            yield "vr_issues", labels, float(counted[severity])
    rows = pairing.rows
    for direction in DIRECTIONS:
        own = [row for row in rows.values() if row.direction == direction]
        states, verdicts = Counter(r.status for r in own), Counter(r.verdict for r in own)
        labels = p | {"direction": direction}
        for status in STATUSES:
            yield "vr_replications", labels | {"status": status}, float(states[status])
        others = sum(count for status, count in states.items() if status not in STATUSES)
        yield "vr_replications", labels | {"status": "OTHER"}, float(others)
        for verdict in VERDICTS:
            yield "vr_replications_rpo", labels | {"verdict": verdict}, float(verdicts[verdict])
    for key, row in rows.items():
        r = p | {"replication": key, "vm": row.truth["name"]}
        yield from row.samples(r, pairing.id)
        totals = site.totals.get(key, Totals())
        yield "vr_replication_rpo_breached_seconds_total", r, totals.breached_seconds
        yield "vr_replication_synced_bytes_total", r, float(totals.synced_bytes)
