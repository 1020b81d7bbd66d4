"""The faults that are on: which of them strike this request, this row, this answer."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from random import Random
from typing import Any

from vr_exporter.simulator.faults.fault import Fault, Kind, Stage, Strike
from vr_exporter.simulator.faults.file import FaultFile
from vr_exporter.simulator.faults.kinds import KINDS
from vr_exporter.simulator.messages import SimResponse
from vr_exporter.simulator.results import Row, Selection

_HASHES = 2**32


@dataclass(slots=True, eq=False)
class _Armed:
    fault: Fault
    kind: Kind
    since: float
    chance: Random
    seen: int = 0
    strokes: int = 0

    def is_on(self, now: float, site: str) -> bool:
        fault = self.fault
        begin = self.since + fault.at_seconds
        is_over = fault.for_seconds is not None and now >= begin + fault.for_seconds
        return fault.site in {"", site} and now >= begin and not is_over


class Faults:
    """Armed faults, in the order in which they were added; one object may serve several sites.

    The clock is the wall clock of the simulated world.
    """

    def __init__(self, *, now: Callable[[], float], file: FaultFile | None = None) -> None:
        self._now = now
        self._file = file
        self._armed: tuple[_Armed, ...] = ()
        self._of_file: tuple[_Armed, ...] = ()

    def add(self, fault: Fault) -> None:
        """Switch a fault on; its times count from now."""
        self._armed = (*self._armed, self._arm(fault))

    def clear(self) -> None:
        """Switch off every fault that was added; those of the file stay."""
        self._armed = ()

    def refresh(self) -> None:
        """Take the faults of the file anew when it has changed."""
        changed = self._file.changed() if self._file else None
        if changed is not None:
            self._of_file = tuple(map(self._arm, changed))

    def is_on(self, kind: str, site: str, *texts: str) -> bool:
        """Whether a fault of a kind that strikes a whole site is on."""
        return self.on(kind, site, *texts) is not None

    def on(self, kind: str, site: str, *texts: str) -> Fault | None:
        """The first fault of a kind that is on; its glob must match one of the texts, if any."""
        for armed in self._all():
            is_kind = armed.fault.kind == kind and armed.is_on(self._now(), site)
            if is_kind and (not texts or _matches(armed.fault.match, texts)):
                return armed.fault
        return None

    def striking(self, scene: Scene) -> Struck:
        """Choose the faults that strike one request; each of them counts it as a stroke."""
        strokes = []
        for armed in self._all():
            if armed.kind.stage is not Stage.SITE and self._strikes(armed, scene):
                strokes.append((armed.kind, Strike(armed.fault, armed.strokes)))
                armed.strokes += 1
        return Struck(tuple(strokes))

    def _strikes(self, armed: _Armed, scene: Scene) -> bool:
        fault = armed.fault
        is_meant = armed.is_on(self._now(), scene.site) and _is_meant(fault, armed.kind, scene)
        if not is_meant or armed.strokes == fault.times:
            return False
        armed.seen += 1
        is_row_kind = armed.kind.stage is Stage.ROW
        return armed.seen > fault.skip and (is_row_kind or armed.chance.random() < fault.rate)

    def _arm(self, fault: Fault) -> _Armed:
        return _Armed(fault, KINDS[fault.kind], self._now(), Random(repr(fault)))

    def _all(self) -> Iterator[_Armed]:
        yield from self._of_file
        yield from self._armed


@dataclass(frozen=True, slots=True)
class Scene:
    """What a fault is matched with: `operation` is empty where the path is unknown."""

    site: str
    operation: str
    request_line: str


@dataclass(frozen=True, slots=True)
class Struck:
    """The faults that strike one request, applied stage by stage in the order of their adding."""

    strokes: tuple[tuple[Kind, Strike], ...] = ()

    def has(self, kind: str) -> bool:
        """Whether a kind is among them."""
        return any(found.name == kind for found, _ in self.strokes)

    def in_place_of_answer(self) -> SimResponse | None:
        """The answer that comes without the appliance's doing anything, if any."""
        for effect, strike in self._of(Stage.REQUEST):
            response: SimResponse | None = effect(strike.fault)
            return response
        return None

    def listing(self, selection: Selection, limit: int) -> Selection:
        """Spoil a list before its page is cut."""
        for effect, strike in self._of(Stage.LISTING):
            selection = effect(selection, replace(strike, limit=limit))
        return selection

    def rows(self, rows: Iterable[Row]) -> list[Row]:
        """Spoil the rows that match, each by its own hash so that it stays the same row."""
        strokes = list(self._of(Stage.ROW))
        spoiled = list(rows)
        for effect, strike in strokes:
            found = [effect(row, strike) if _hits(strike.fault, row) else row for row in spoiled]
            spoiled = [row for row in found if row is not None]
        return spoiled

    def document(self, document: Row) -> Any:
        """Spoil the JSON of the answer."""
        for effect, strike in self._of(Stage.DOCUMENT):
            document = effect(document, strike)
        return document

    def answer(self, response: SimResponse) -> SimResponse:
        """Spoil the answer as it leaves."""
        for effect, strike in self._of(Stage.ANSWER):
            response = effect(response, strike.fault)
        return response

    def _of(self, stage: Stage) -> Iterator[tuple[Callable[..., Any], Strike]]:
        for kind, strike in self.strokes:
            if kind.stage is stage and kind.effect is not None:
                yield kind.effect, strike


def _is_meant(fault: Fault, kind: Kind, scene: Scene) -> bool:
    operations = (fault.operation,) if fault.operation else kind.operations
    if operations and scene.operation not in operations:
        return False
    return kind.stage is Stage.ROW or _matches(fault.match, (scene.request_line,))


def _hits(fault: Fault, row: Row) -> bool:
    identity = row.get("id", row.get("pairing_id"))
    names = [str(row.get(key) or "") for key in ("name", "entity_name", "entity")]
    if not _matches(fault.match, [str(identity), *names]):
        return False
    return zlib.crc32(f"{fault.kind} {identity}".encode(errors="replace")) < fault.rate * _HASHES


def _matches(glob: str, texts: Iterable[str]) -> bool:
    return not glob or any(fnmatchcase(text, glob) for text in texts)
