"""The episodes that were offered of late, with what was said of each; lost in a restart."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from vr_exporter.domain.episodes import Intent

MOST_REMEMBERED: Final = 10_000
LEAST_OF_A_KEY: Final = 6
"""So many characters of a key name an episode."""


@dataclass(frozen=True, slots=True)
class Offered:
    """One episode: how often it came, first and last, and what was said the last time."""

    key: str
    intent: Intent
    first_at: float
    last_at: float
    times: int = 1
    said: str = ""


class OfferedEpisodes:
    """Safe for any number of threads; those offered longest ago are forgotten first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._episodes: OrderedDict[str, Offered] = OrderedDict()

    def note(self, key: str, intent: Intent, *, said: str, now: float) -> None:
        """Take note of an offer and of what was said to it."""
        with self._lock:
            known = self._episodes.pop(key, None)
            new = Offered(key, intent, now, now, said=said)
            if known is not None:
                new = replace(new, first_at=known.first_at, times=known.times + 1)
            self._episodes[key] = new
            while len(self._episodes) > MOST_REMEMBERED:
                self._episodes.popitem(last=False)

    def find(self, word: str) -> tuple[Offered, ...]:
        """Find by the beginning of a key, a replication or a VM; the youngest first."""
        with self._lock:
            every = list(reversed(self._episodes.values()))
        return tuple(each for each in every if word in _names(each) or is_key(word, each.key))

    def youngest(self, limit: int) -> Iterable[Offered]:
        """Give those that were offered last."""
        with self._lock:
            return list(reversed(self._episodes.values()))[:limit]


def _names(offered: Offered) -> tuple[str, ...]:
    target, episode = offered.intent.target, offered.intent.episode
    own = (target.vm, target.replication_id) if target else ()
    return tuple(name for name in (*own, episode.replication, episode.labels.get("vm", "")) if name)


def is_key(word: str, key: str) -> bool:
    """Whether a word is the beginning of a key, and enough of it."""
    return len(word) >= LEAST_OF_A_KEY and key.startswith(word)
