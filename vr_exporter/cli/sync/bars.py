"""A round on a terminal: a row for each VM with its bar, bytes, rate and time left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from vr_exporter.cli.plain import shown, size, span
from vr_exporter.cli.sync.following import Round
from vr_exporter.cli.sync.speed import Speed
from vr_exporter.cli.sync.standing import Standing
from vr_exporter.domain.triggers import TriggerState

_BAR_WIDTHS = range(8, 31)
_BESIDE_THE_BAR = 74
"""Columns of a terminal that a name, a word and all figures take together."""
_COLUMNS = 7
_RESERVED_LINES = 3
_UNDER_WAY = frozenset({TriggerState.RUNNING, TriggerState.JOINED, TriggerState.POSTING})
_COLOURS = {0: "green", 4: "yellow", 5: "red", 6: "magenta"}


class Bars:
    """Draws rows in place until left; those under way stand first where not all have room."""

    shows_progress = True

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        """Take the terminal."""
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give the terminal back, the rows wiped off."""
        self._live.__exit__(kind, error, traceback)

    def show(self, wishes: Round) -> None:
        """Draw how it stands now."""
        room = max(self._console.size.height - _RESERVED_LINES, 1)
        drawing = drawn(wishes, room, width=self._console.size.width)
        self._live.update(drawing, refresh=True)


def drawn(wishes: Round, room: int, *, width: int) -> Group:
    """A line for each wish that has room, then how many there are of each word."""
    bar_width = min(max(width - _BESIDE_THE_BAR, _BAR_WIDTHS[0]), _BAR_WIDTHS[-1])
    has_places = len({standing.target.site for standing in wishes.every}) > 1
    table = Table.grid(padding=(0, 1))
    for _ in range(_COLUMNS):
        table.add_column(no_wrap=True, overflow="ellipsis")
    for standing in rows_shown(wishes.every, room):
        place = f" ({standing.target.site})" if has_places else ""
        name = Text(shown(standing.target.label + place))
        table.add_row(name, *_cells(standing, wishes.speed_of(standing), bar_width=bar_width))
    return Group(table, Text(summary(wishes.every), "dim"))


def rows_shown(standings: Sequence[Standing], room: int) -> list[Standing]:
    """All in their order, or as many as have room: under way, then ended badly, then the rest."""
    if len(standings) <= room:
        return list(standings)
    return sorted(standings, key=_importance)[:room]


def summary(standings: Sequence[Standing]) -> str:
    """How many stand where, such as `2 syncing, 1 synced`."""
    counts = Counter(standing.word for standing in standings)
    return ", ".join(f"{count} {shown(word)}" for word, count in counts.items())


def _importance(standing: Standing) -> int:
    if standing.state in _UNDER_WAY:
        return 0
    return 1 if standing.exit_code(wants_fresh=False) else 2


def _cells(standing: Standing, speed: Speed, *, bar_width: int) -> tuple[Text | ProgressBar, ...]:
    word = Text(shown(standing.word), _colour(standing))
    is_moving = standing.state in _UNDER_WAY
    share = speed.latest.share if speed.latest and is_moving else None
    if standing.state is TriggerState.SUCCEEDED:
        share = 1.0
    bar = ProgressBar(
        total=1.0, completed=share or 0.0, width=bar_width, pulse=is_moving and share is None
    )
    percent = "" if share is None else f"{100 * share:.0f}%"
    figures = figures_of(speed) if is_moving else ("", "", "")
    return word, bar, *(Text(text) for text in (percent, *figures))


def figures_of(speed: Speed) -> tuple[str, str, str]:
    """Bytes so far and in all, bytes a second, time left; empty where nobody knows."""
    latest = speed.latest
    if latest is None or latest.transferred_bytes is None:
        moved = ""
    elif latest.size_bytes:
        moved = f"{size(latest.transferred_bytes)} of {size(latest.size_bytes)}"
    else:
        moved = size(latest.transferred_bytes)
    rate, left = speed.bytes_per_second, speed.seconds_left
    return (
        moved,
        f"{size(rate)}/s" if rate else "",
        "" if left is None else f"{span(left)} left",
    )


def _colour(standing: Standing) -> str:
    if standing.state in _UNDER_WAY:
        return "cyan"
    code = standing.exit_code(wants_fresh=False)
    return "" if code is None else _COLOURS.get(int(code), "")
