"""What one poll brought, by the answers alone: which lists came whole, and what failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from tests.fleet_model.told import LISTS, Told, Truth

ENDS_POLL: Final = frozenset({"dns", "connect", "tls", "auth", "session", "throttled"})
"""After one of these nothing more is asked in a poll: it concerns the whole site."""

_REPEATED_LOGINS: Final = frozenset({"connect", "throttled"})
"""A login is sent again only where the appliance cannot have acted."""

_TRIGGERS: Final = frozenset({"sync", "task", "replication"})


@dataclass(slots=True)
class Chain:
    """One list, page by page: each row with the truth of the moment at which its page left."""

    rows: dict[str, tuple[dict[str, Any], Truth]] = field(default_factory=dict)
    next_offset: int | None = 0
    total: int | None = None
    errors: frozenset[str] = frozenset()
    at: float = 0.0
    reason: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether it was told to its end."""
        return self.next_offset is None

    def take(self, told: Told) -> None:
        """Take in the next page."""
        for number, row in enumerate(told.rows):
            key = _key(row) or f"{told.offset + number}"
            self.rows.setdefault(key, (row, told.truth))
        meta = told.document["_meta"]
        self.total, self.at = meta["total"], told.at
        self.errors |= {error["code"] for error in meta.get("errors") or ()}
        self.next_offset = _following(told, meta)
        if self.next_offset is not None and self.next_offset <= told.offset:
            self.reason, self.next_offset = "paging", -1


class Reading:
    """One list as it is read again and again; between two of its pages another may read it."""

    def __init__(self) -> None:
        self.chain = Chain()
        self._outer: Chain | None = None

    def take(self, told: Told) -> bool:
        """Take in an answer; True when the list is whole with it."""
        if told.offset == 0:
            self._outer = self.chain if self.chain.next_offset else None
            self.chain = Chain()
        elif self._outer is not None and self.chain.next_offset != told.offset:
            self.chain, self._outer = self._outer, None
        if told.is_good and told.offset == self.chain.next_offset:
            self.chain.take(told)
            return self.chain.is_whole
        if told.reason == "session":
            self.chain.next_offset = 0  # it begins anew
        return False

    @property
    def is_cut(self) -> bool:
        """Whether it was not gone on with after a good page."""
        is_open = bool(self.chain.next_offset) and not self.chain.reason
        return is_open or self._outer is not None


def _key(row: dict[str, Any]) -> str:
    found: str = row.get("id") or row.get("pairing_id") or ""
    return found if "queued_time" not in row else f"{found} {row['queued_time']}"


def _following(told: Told, meta: dict[str, Any]) -> int | None:
    end = told.offset + len(told.rows)
    if end >= meta["total"]:
        return None
    link = (meta["links"].get("next") or {}).get("href")
    if link is None:
        return end if told.rows else None
    return int(parse_qs(urlsplit(link).query)["offset"][0])


@dataclass(slots=True)
class Brought:
    """A poll: `lists` by endpoint and pairing, `reasons` each thing that failed, in order."""

    info: dict[str, Any] | None = None
    lists: dict[tuple[str, str], Reading] = field(default_factory=dict)
    remote: dict[str, bool] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)

    def whole(self, endpoint: str, pairing_id: str = "") -> Chain | None:
        """A list that was told to its end."""
        reading = self.lists.get((endpoint, pairing_id))
        return reading.chain if reading is not None and reading.chain.is_whole else None

    def is_cut(self, endpoint: str) -> bool:
        """Whether lists of this kind were not asked for, or not on after a good page."""
        found = [each for (name, _), each in self.lists.items() if name == endpoint]
        return not found or any(each.is_cut for each in found)


def brought(told: Iterable[Told]) -> Brought:
    """Go through the answers of one poll, those for triggers left aside."""
    own = [each for each in told if each.endpoint not in _TRIGGERS and not each.is_filtered]
    poll = Brought()
    for each in own:
        if each.endpoint == "info" and each.is_good:
            poll.info = each.document
        if each.endpoint in LISTS:
            key = each.endpoint, each.pairing_id
            poll.lists.setdefault(key, Reading()).take(each)
        if each.endpoint == "remote_session":
            poll.remote[each.pairing_id] = each.is_good
    poll.reasons = _failures(_without_looks(own), poll)
    return poll


def _without_looks(own: list[Told]) -> list[Told]:
    """A poll's own tasks come last: those told before are looked at for triggers."""
    others = [at for at, told in enumerate(own) if told.endpoint in LISTS - {"tasks"}]
    last = max(others, default=0)
    return [told for at, told in enumerate(own) if told.endpoint != "tasks" or at > last]


def read_by(told: list[Told], now: float) -> float:
    """When the reading was over: what is asked of triggers' syncs after it is none of the poll."""
    own = [each for each in told if each.endpoint not in _TRIGGERS and not each.is_filtered]
    if not own or brought(told).is_cut("tasks"):
        return now
    return min(now, own[-1].at + own[-1].lasts)


def _failures(own: list[Told], poll: Brought) -> list[str]:
    """A thing that is asked for again in a row was retried: its last answer decides."""
    found: list[str] = []
    pending: tuple[tuple[str, str, int], str] | None = None
    after_login = False
    for told in own:
        key = told.endpoint, told.pairing_id, told.offset
        if pending and pending[0] != key:
            is_replaced = pending[1] == "session" and told.endpoint == "session"
            found += [] if is_replaced else [pending[1]]
        pending = None
        reason = _reason(told, after_login=after_login)
        if reason and told.endpoint == "session" and reason not in _REPEATED_LOGINS:
            found.append(reason)
        elif reason:
            pending = key, reason
        after_login = told.endpoint == "session" and told.is_good
    found += [pending[1]] if pending else []
    return found + [each.chain.reason for each in poll.lists.values() if each.chain.reason]


def _reason(told: Told, *, after_login: bool) -> str:
    """No session at the far side is none of the failures; a login that is redone neither."""
    if told.endpoint != "remote_session":
        return told.reason
    if told.method == "GET" and told.code != "error" and told.code not in {"429", "503"}:
        return ""
    return "" if after_login else told.reason


def count_issues(chain: Chain) -> Counter[str]:
    """Issues by severity, in lower case."""
    return Counter(row["status"].lower() for row, _ in chain.rows.values())
