"""How things look: colours that colour-blind people tell apart, thresholds, words for values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

GREEN: Final = "#009E73"
BLUE: Final = "#56B4E9"
DEEP_BLUE: Final = "#0072B2"
YELLOW: Final = "#F0E442"
ORANGE: Final = "#E69F00"
RED: Final = "#D55E00"
PURPLE: Final = "#CC79A7"
GREY: Final = "#999999"
BROWN: Final = "#8B5A2B"
"""The palette of Okabe and Ito; what is good is the bluish green, what is bad the vermilion.
Its black is not seen on a dark page; brown stands in."""

PALETTE: Final = (DEEP_BLUE, ORANGE, GREEN, RED, BLUE, PURPLE, YELLOW, GREY)
"""For series that are neither good nor bad, in the order in which they are listed."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """A base colour, and from each value upwards another one."""

    base: str
    steps: tuple[tuple[float, str], ...] = ()

    def json(self) -> dict[str, Any]:
        """As Grafana writes them."""
        steps: list[dict[str, Any]] = [{"color": self.base, "value": None}]
        steps += [{"color": color, "value": value} for value, color in self.steps]
        return {"mode": "absolute", "steps": steps}


PLAIN = Thresholds(GREY)
"""A number that is neither good nor bad."""
NONE_IS_GOOD = Thresholds(GREEN, ((1, RED),))
NONE_IS_BEST = Thresholds(GREEN, ((1, ORANGE),))
ONE_IS_GOOD = Thresholds(RED, ((1, GREEN),))


def rising(warn: float, bad: float) -> Thresholds:
    """The less the better."""
    return Thresholds(GREEN, ((warn, ORANGE), (bad, RED)))


def falling(bad: float, warn: float) -> Thresholds:
    """The more the better: red below `bad`, orange below `warn`."""
    return Thresholds(RED, ((bad, ORANGE), (warn, GREEN)))


@dataclass(frozen=True, slots=True)
class Word:
    """What stands for a value, and its colour."""

    text: str
    color: str


Words = Mapping[str, Word]

UP_OR_DOWN: Words = {"0": Word("down", RED), "1": Word("up", GREEN)}
YES_IS_BAD: Words = {"0": Word("no", GREEN), "1": Word("yes", RED)}
YES_IS_GOOD: Words = {"0": Word("no", RED), "1": Word("yes", GREEN)}
BREACHED: Words = {"0": Word("late or excused", GREY), "1": Word("breached", RED)}
OPEN_OR_CLOSED: Words = {"0": Word("sending", GREEN), "1": Word("held back", ORANGE)}
SEVERITIES: Words = {
    "3": Word("critical", RED),
    "2": Word("warning", ORANGE),
    "1": Word("info", BLUE),
}


def mappings(words: Words) -> list[dict[str, Any]]:
    """As Grafana writes them."""
    options = {
        value: {"color": word.color, "index": index, "text": word.text}
        for index, (value, word) in enumerate(words.items())
    }
    return [{"options": options, "type": "value"}] if options else []


@dataclass(frozen=True, slots=True)
class StatusGroup:
    """States of a replication that mean one thing to an operator."""

    code: int
    word: Word
    statuses: tuple[str, ...]

    @property
    def pattern(self) -> str:
        """The regular expression of the states."""
        return "|".join(self.statuses)


STATUS_GROUPS: Final = (
    StatusGroup(1, Word("OK", GREEN), ("OK",)),
    StatusGroup(2, Word("syncing", BLUE), ("SYNC", "FULL_SYNC", "INITIAL_FULL_SYNC")),
    StatusGroup(
        3,
        Word("changing", DEEP_BLUE),
        ("CONFIGURING", "DISK_RESIZING", "MOVING", "RECOVERING", "RECOVERED"),
    ),
    StatusGroup(
        4,
        Word("past its RPO", ORANGE),
        ("RPO_VIOLATION", "SYNC_RPO_VIOLATION", "FULL_SYNC_RPO_VIOLATION"),
    ),
    StatusGroup(5, Word("stopped", GREY), ("PAUSED", "NOT_ACTIVE", "NOT_ACTIVE_RPO_VIOLATION")),
    StatusGroup(6, Word("error", RED), ("ERROR", "ERROR_RPO_VIOLATION")),
    StatusGroup(7, Word("unknown", PURPLE), ("UNKNOWN", "OTHER")),
)
"""Every published state once; `OTHER` stands for the rest where states are counted."""

STATUS_WORDS: Words = {str(group.code): group.word for group in STATUS_GROUPS}
