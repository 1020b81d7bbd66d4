"""One line of the table: what was measured of a case, and whether it meets its goals."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

COLUMNS = f"{'case':<42} {'size':>10} {'ours':>11} {'base':>11} {'ratio':>7} {'peak_MB':>7}"
HEADER = f"{COLUMNS} {'floor':>7} {'aim':>7}"


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound for the judged figure: from below, or from above where `is_most`."""

    floor: float
    aim: float
    is_most: bool = False

    def meets(self, figure: float, bound: float) -> bool:
        """Whether a figure keeps a bound."""
        return figure <= bound if self.is_most else figure >= bound

    def shown(self, bound: float) -> str:
        """The bound with its direction."""
        return f"{'<=' if self.is_most else '>='}{bound:g}"


@dataclass(frozen=True, slots=True)
class Figures:
    """What the rounds gave: the median, and how far half of them lie apart, relative to it."""

    median: float
    spread: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Figures:
        """Of at least two rounds; the spread is the range between the quartiles."""
        middle = statistics.median(values)
        low, _, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(middle, (high - low) / middle if middle else 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A case at one size. `judged` is held against the goal; `unit` is that of ours and base."""

    case: str
    size: str
    unit: str
    ours: float
    base: float = math.nan
    judged: float
    peak_megabytes: float = math.nan
    goal: Goal | None = None
    spread: float = 0.0
    note: str = ""

    @property
    def is_missed(self) -> bool:
        """Whether the floor is not met; what was not measured does not meet it."""
        return self.goal is not None and not self.goal.meets(self.judged, self.goal.floor)

    @property
    def verdict(self) -> str:
        """MISS below the floor, ok above it, `ok aim` where the aim is met too."""
        if self.goal is None:
            return "-"
        if self.is_missed:
            return "MISS"
        return "ok aim" if self.goal.meets(self.judged, self.goal.aim) else "ok"

    def text(self) -> str:
        """The line as it is printed."""
        floor, aim = (
            (self.goal.shown(self.goal.floor), self.goal.shown(self.goal.aim))
            if self.goal
            else ("-", "-")
        )
        spread = f"+-{50 * self.spread:.0f}%" if self.spread else ""
        return (
            f"{self.case:<42} {self.size:>10} {_shown(self.ours, self.unit):>11}"
            f" {_shown(self.base, self.unit):>11} {_shown(self.judged):>7}"
            f" {_shown(self.peak_megabytes):>7} {floor:>7} {aim:>7}"
            f" {self.verdict:<6} {spread} {self.note}".rstrip()
        )


def compared(
    case: str,
    size: str,
    *,
    ours: Sequence[float],
    base: Sequence[float],
    goal: Goal | None,
    unit: str = "ms",
    is_rate: bool = False,
    peak_megabytes: float = math.nan,
    note: str = "",
) -> Line:
    """A line of interleaved rounds: the ratio says how many times better ours is.

    Of times it is base by ours; where `is_rate`, and where less is asked for, ours by base. It is
    the median of the rounds' own ratios, as are the figures beside it, and so is the spread.
    """
    is_ours_above = is_rate or bool(goal and goal.is_most)
    ratios = Figures.of(
        [o / b if is_ours_above else b / o for o, b in zip(ours, base, strict=True)]
    )
    return Line(
        case=case,
        size=size,
        unit=unit,
        ours=statistics.median(ours),
        base=statistics.median(base),
        judged=ratios.median,
        peak_megabytes=peak_megabytes,
        goal=goal,
        spread=ratios.spread,
        note=note,
    )


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The power of the size with which a value grows: the slope of the logarithms."""
    fit = statistics.linear_regression(list(map(math.log, sizes)), list(map(math.log, values)))
    return fit.slope


def _shown(value: float, unit: str = "") -> str:
    if math.isnan(value):
        return "-"
    return f"{value:.{0 if value >= 1000 else 1 if value >= 20 else 2}f}{unit}"
