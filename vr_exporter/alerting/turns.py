"""What to tell one receiver at this moment: state and time in, the next word out; pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from vr_exporter.domain.alerts import Outgoing

LIVES_FOR_RESENDS: Final = 4
"""A firing alert ends by itself when so many resends in a row did not come."""

TOO_OLD_SECONDS: Final = 86_400.0
"""What ended so long ago is news to nobody."""


class Word(Enum):
    """What a row wants."""

    FIRING = "firing"
    RESOLVED = "resolved"
    EXPIRED = "expired"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Timing:
    """The times of alerting.md 1, as the settings give them."""

    resend_seconds: float = 60.0
    min_hold_seconds: float = 360.0
    resolved_for_seconds: float = 900.0


@dataclass(frozen=True, slots=True)
class Told:
    """The last word that a receiver took, and when, on the monotonic clock; lost in a restart."""

    word: Word
    at: float


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, on both clocks."""

    now: float
    monotonic: float


@dataclass(frozen=True, slots=True)
class Turn:
    """A row's next word. It is due when `wait_seconds` have passed, and waits since `since`.

    `is_news`: the receiver has not heard it yet.
    """

    row: Outgoing
    word: Word
    wait_seconds: float
    since: float
    is_news: bool
    ends_at: float

    @property
    def is_due(self) -> bool:
        """Whether its time has come."""
        return self.wait_seconds <= 0


Key = tuple[str, float]
"""Fingerprint and start of the episode."""


def key_of(row: Outgoing) -> Key:
    """Tell an episode of one receiver from the others."""
    return (row.alert.fingerprint, row.starts_at)


def turn_of(row: Outgoing, told: Told | None, *, moment: Moment, timing: Timing) -> Turn:
    """Say what a row wants next, and when."""
    if row.resolved_acked_at is not None:
        return _repeated_end(row, told, moment, timing)
    if row.firing_acked_at is None:
        return _first_firing(row, moment, timing)
    end = held_until(row, timing)
    if moment.now < end:
        return _firing_again(row, told, moment, timing, end)
    is_too_old = moment.now - end > TOO_OLD_SECONDS
    word = Word.DONE if is_too_old else Word.RESOLVED
    return Turn(row, word, 0.0, end, is_news=True, ends_at=end)


def held_until(row: Outgoing, timing: Timing) -> float:
    """Say when a receiver may be told of the end; infinity while nobody knows of one.

    An alert is held from its first yes on, or nobody is notified (F2). One that was heard before it
    gave way to an alert of its kin is not: its end is told in the same batch.
    """
    if row.ends_at is None or row.firing_acked_at is None:
        return math.inf
    if row.is_superseded and row.firing_acked_at <= row.ends_at:
        return row.ends_at
    return max(row.ends_at, row.firing_acked_at + timing.min_hold_seconds)


def _first_firing(row: Outgoing, moment: Moment, timing: Timing) -> Turn:
    is_too_old = row.ends_at is not None and moment.now - row.ends_at > TOO_OLD_SECONDS
    word = Word.EXPIRED if is_too_old else Word.FIRING
    return Turn(row, word, 0.0, row.starts_at, is_news=True, ends_at=_lifetime(moment, timing))


def _firing_again(
    row: Outgoing, told: Told | None, moment: Moment, timing: Timing, end: float
) -> Turn:
    left = _left(told, Word.FIRING, moment, timing)
    wait = min(left, end - moment.now)
    return Turn(
        row,
        Word.FIRING,
        wait,
        moment.now + left,
        is_news=False,
        ends_at=_lifetime(moment, timing),
    )


def _repeated_end(row: Outgoing, told: Told | None, moment: Moment, timing: Timing) -> Turn:
    """Tell the end again for a while: a clock ahead of the receiver's made it deaf to the first."""
    end = held_until(row, timing)
    over = (row.resolved_acked_at or 0.0) + timing.resolved_for_seconds - moment.now
    if over <= 0:
        return Turn(row, Word.DONE, 0.0, moment.now, is_news=False, ends_at=end)
    left = _left(told, Word.RESOLVED, moment, timing)
    wait = min(left, over)
    return Turn(row, Word.RESOLVED, wait, moment.now + left, is_news=False, ends_at=end)


def _left(told: Told | None, word: Word, moment: Moment, timing: Timing) -> float:
    if told is None or told.word is not word:
        return 0.0
    return told.at + timing.resend_seconds - moment.monotonic


def _lifetime(moment: Moment, timing: Timing) -> float:
    return moment.now + LIVES_FOR_RESENDS * timing.resend_seconds


@dataclass(frozen=True, slots=True)
class Plan:
    """All that one receiver is to be told now, in order, and what is let go of.

    `waiting` counts what is due, `oldest` is since when the first of it waits. Nothing more is due
    for `wait_seconds`.
    """

    told: tuple[Turn, ...]
    expired: tuple[Outgoing, ...]
    done: tuple[Outgoing, ...]
    wait_seconds: float

    @property
    def waiting(self) -> int:
        """How many words wait to be told."""
        return len(self.told)

    @property
    def oldest(self) -> float | None:
        """Since when the first of them waits, seconds since 1970; None when none does."""
        return min((turn.since for turn in self.told), default=None)


def plan_for(
    rows: Iterable[Outgoing], told: Mapping[Key, Told], *, moment: Moment, timing: Timing
) -> Plan:
    """Plan what one receiver is told: news first, the oldest of it first, then the repeats."""
    turns = [turn_of(row, told.get(key_of(row)), moment=moment, timing=timing) for row in rows]
    due = [turn for turn in turns if turn.is_due]
    words = [turn for turn in due if turn.word in (Word.FIRING, Word.RESOLVED)]
    return Plan(
        told=tuple(sorted(words, key=lambda turn: (not turn.is_news, turn.since))),
        expired=tuple(turn.row for turn in due if turn.word is Word.EXPIRED),
        done=tuple(turn.row for turn in due if turn.word is Word.DONE),
        wait_seconds=min((t.wait_seconds for t in turns if not t.is_due), default=math.inf),
    )
