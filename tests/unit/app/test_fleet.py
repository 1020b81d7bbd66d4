"""Sites that come, stay and leave as the settings change."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from vr_exporter.app.fleet import Fleet
from vr_exporter.domain.names import SiteName
from vr_exporter.settings import Settings, load


def some_settings(**urls: str) -> Settings:
    """Sites by name, each with its address."""
    environ: dict[str, str] = {}
    for name, url in urls.items():
        place = f"VR_SITES__{name.upper()}__"
        environ |= {f"{place}URL": url, f"{place}USERNAME": "u", f"{place}PASSWORD": "invented"}
    return load(None, environ=environ)


@dataclass
class FakeSite:
    """Writes down what it is told; ends in time or does not."""

    name: SiteName
    settings: Settings
    told: list[str] = field(default_factory=list)
    ends: bool = True
    has_died: bool = False
    worker: Any = field(default_factory=lambda: SimpleNamespace(due_by=math.inf))

    def start(self) -> None:
        self.told.append("start")

    def tell_to_stop(self) -> None:
        self.told.append("stop")

    def nudge(self) -> None:
        self.told.append("nudge")

    def join(self, timeout_seconds: float) -> bool:
        assert timeout_seconds >= 0
        return self.ends

    def has_same_settings(self, settings: Settings) -> bool:
        return settings.sites[self.name] == self.settings.sites[self.name]


class Bench:
    """A fleet of fakes."""

    def __init__(self, **urls: str) -> None:
        self.made: list[FakeSite] = []
        self.fleet = Fleet(self._make, monotonic=lambda: 0.0)
        self.fleet.complete(some_settings(**urls), is_started=False)

    def _make(self, name: SiteName, settings: Settings) -> Any:
        self.made.append(FakeSite(name, settings))
        return self.made[-1]

    def reload(self, **urls: str) -> tuple[str, ...]:
        """Exchange the settings; say which sites left for good."""
        settings = some_settings(**urls)
        gone = self.fleet.part_from(settings)
        self.fleet.complete(settings, is_started=True)
        return gone


def names(sites: Iterable[Any]) -> list[str]:
    """Name them in order."""
    return [site.name for site in sites]


def test_at_the_start_sites_are_known_before_they_poll() -> None:
    """Nobody is told that there is no such site while the exporter begins."""
    bench = Bench(berlin="https://b", madrid="https://a")
    assert names(bench.fleet) == ["berlin", "madrid"]
    assert [site.told for site in bench.made] == [[], []]
    bench.fleet.start()
    assert [site.told for site in bench.made] == [["start"], ["start"]]


def test_a_reload_ends_what_changed_or_left_and_keeps_the_rest() -> None:
    """Only a site whose settings are other ones is made anew; only one that left is forgotten."""
    bench = Bench(berlin="https://b", madrid="https://a", rome="https://c")
    gone = bench.reload(paris="https://d", madrid="https://a", berlin="https://other")
    assert gone == ("rome",)
    assert names(bench.fleet) == ["berlin", "madrid", "paris"]
    berlin, madrid, rome, *new = bench.made
    assert (madrid.told, berlin.told, rome.told) == ([], ["stop"], ["stop"])
    assert names(new) == ["berlin", "paris"]
    assert [site.told for site in new] == [["start"], ["start"]]


def test_one_that_is_to_leave_is_out_of_sight_before_it_is_told() -> None:
    """A site that logs out owes no sign of life, and is woken by nobody."""
    bench = Bench(madrid="https://a", rome="https://c")
    seen: list[list[str]] = []
    bench.made[1].tell_to_stop = lambda: seen.append(names(bench.fleet))  # type: ignore[method-assign]
    bench.reload(madrid="https://a")
    assert seen == [["madrid"]]
    bench.fleet.nudge(SiteName("rome"))
    bench.fleet.nudge(SiteName("madrid"))
    assert [site.told for site in bench.made] == [["nudge"], []]


def test_B8_at_the_end_all_are_told_first_and_the_late_ones_named() -> None:
    """They log out side by side."""
    bench = Bench(berlin="https://b", madrid="https://a")
    bench.made[0].ends = False
    assert bench.fleet.end() == ["berlin"]
    assert [site.told for site in bench.made] == [["stop"], ["stop"]]


def test_B16_a_dead_worker_is_silent_until_it_is_started_again() -> None:
    """`/-/healthy` fails from its death on, not only once its next poll is overdue."""
    bench = Bench(berlin="https://b", madrid="https://a")
    assert bench.fleet.silent() == []
    bench.made[1].has_died = True
    assert bench.fleet.silent() == ["madrid"]
    bench.made[1].has_died = False
    bench.made[0].worker.due_by = -1.0
    assert bench.fleet.silent() == ["berlin"]
