"""The virtual machines: what they are called, how large they are and how much they write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from vr_exporter.simulator.world.chance import Chance

MINUTE = 60
HOUR = 3600

USED_SHARE = 0.6
"""The part of a disk that is in use: what a first sync moves, and the most a delta can be."""


@dataclass(frozen=True, slots=True)
class Trade:
    """A kind of VM: its share of all, the RPOs it is given, what it writes, its disk."""

    prefix: str
    share: int
    rpos: tuple[int, ...]
    change_bytes_per_second: float
    disk_gigabytes: int


TRADES = (
    Trade("db", 12, (5 * MINUTE, 15 * MINUTE, 15 * MINUTE, 30 * MINUTE), 9e5, 600),
    Trade("web", 22, (15 * MINUTE, 30 * MINUTE, HOUR, HOUR), 1.5e5, 60),
    Trade("app", 20, (15 * MINUTE, 30 * MINUTE, HOUR, 4 * HOUR), 2.5e5, 120),
    Trade("erp", 6, (5 * MINUTE, 15 * MINUTE), 6e5, 900),
    Trade("mail", 3, (15 * MINUTE, 30 * MINUTE), 8e5, 1500),
    Trade("file", 5, (HOUR, 4 * HOUR), 7e5, 3000),
    Trade("dc", 4, (HOUR, 4 * HOUR), 5e4, 80),
    Trade("k8s-node", 7, (30 * MINUTE, HOUR), 4e5, 150),
    Trade("vdi", 8, (4 * HOUR, 8 * HOUR, 24 * HOUR), 8e4, 80),
    Trade("ci", 3, (4 * HOUR, 24 * HOUR), 5e5, 200),
    Trade("dev", 7, (8 * HOUR, 24 * HOUR), 6e4, 100),
    Trade("backup", 2, (24 * HOUR,), 5e5, 5000),
    Trade("print", 1, (24 * HOUR,), 2e4, 60),
)

AWKWARD_NAMES = (
    "Größe/Test 50%",
    "сервер-1",
    "北京-web-01",
    'quo"ted \\ name',
    "café ☕ billing",
    "archive (old) {do not touch}",
)
"""Names that people do give, and that break what does not escape."""

TWIN_NAME = "template-copy"
"""Two VMs bear it: a name is no identity."""

ENOUGH_FOR_AWKWARD = 20


@dataclass(frozen=True, slots=True)
class Machine:
    """One VM before it is replicated."""

    name: str
    rpo_seconds: int
    change_bytes_per_second: float
    disk_bytes: int


def make_machines(count: int, *, chance: Chance) -> list[Machine]:
    """Machines of all trades; in a world that is not tiny a few have awkward names."""
    shares = [trade.share for trade in TRADES]
    trades = chance.choices(TRADES, shares, k=count)
    names = list(_names(trades))
    if count >= ENOUGH_FOR_AWKWARD:
        given = (*AWKWARD_NAMES, TWIN_NAME, TWIN_NAME)
        for place, name in zip(chance.sample(range(count), len(given)), given, strict=True):
            names[place] = name
    return [_machine(name, trade, chance=chance) for name, trade in zip(names, trades, strict=True)]


def _names(trades: list[Trade]) -> Iterator[str]:
    numbers: Counter[str] = Counter()
    for trade in trades:
        numbers[trade.prefix] += 1
        yield f"{trade.prefix}-{numbers[trade.prefix]:02d}"


def _machine(name: str, trade: Trade, *, chance: Chance) -> Machine:
    return Machine(
        name=name,
        rpo_seconds=chance.choice(trade.rpos),
        change_bytes_per_second=trade.change_bytes_per_second * chance.lognormvariate(-0.25, 0.7),
        disk_bytes=int(trade.disk_gigabytes * chance.uniform(0.4, 1.6)) * 10**9,
    )
