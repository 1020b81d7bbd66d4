"""Failures that last, told as episodes: a begin, a count now and then, an end (R5)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

K = TypeVar("K", bound=Hashable)

SUMMARY_SECONDS = 600.0

Told = tuple[str, Mapping[str, object]]
"""A constant message and the facts that go with it."""


@dataclass(slots=True)
class _Episode:
    told_as: Told
    began: float
    told: float
    failures: int = 1
    failures_told: int = 1


class Episodes:
    """The failures under way, each under a key such as (reason, where).

    Warns when one begins, again with the count since at most every ten minutes, and informs of
    its end with its length in seconds. `now` is monotonic.
    """

    def __init__(
        self,
        log: logging.Logger,
        *,
        now: Callable[[], float],
        summary_seconds: float = SUMMARY_SECONDS,
    ) -> None:
        self._log = log
        self._now = now
        self._summary_seconds = summary_seconds
        self._open: dict[Hashable, _Episode] = {}

    @property
    def open_keys(self) -> frozenset[Hashable]:
        """What is failing as far as is known."""
        return frozenset(self._open)

    def report(
        self, failures: Mapping[K, Told], *, lasting: Collection[Hashable] = frozenset()
    ) -> None:
        """Take in all that fails at this moment; what is not among it has ended.

        What is `lasting` was not tried: its episode neither ends nor counts another failure.
        """
        now = self._now()
        for key in [key for key in self._open if key not in failures and key not in lasting]:
            self._end(self._open.pop(key), now)
        for key, failure in failures.items():
            episode = self._open.get(key)
            if episode is None:
                self._open[key] = _Episode(failure, began=now, told=now)
                self._log.warning(failure[0], extra=dict(failure[1]))
            else:
                self._go_on(episode, failure, now)

    def _go_on(self, episode: _Episode, failure: Told, now: float) -> None:
        episode.told_as = failure
        episode.failures += 1
        if now - episode.told < self._summary_seconds:
            return
        message, facts = failure
        counted = {
            "failures": episode.failures - episode.failures_told,
            "since_seconds": round(now - episode.began, 3),
        }
        self._log.warning("still: %s", message, extra={**facts, **counted})
        episode.told, episode.failures_told = now, episode.failures

    def _end(self, episode: _Episode, now: float) -> None:
        message, facts = episode.told_as
        kept = {name: value for name, value in facts.items() if name != "error"}
        counted = {
            "failures": episode.failures,
            "lasted_seconds": round(now - episode.began, 3),
        }
        self._log.info("over: %s", message, extra={**kept, **counted})
