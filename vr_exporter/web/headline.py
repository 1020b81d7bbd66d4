"""What burns, in sentences: the first is the headline of the status page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from vr_exporter.domain.snapshot import SiteSnapshot, Snapshot
from vr_exporter.domain.triggers import TABLE, Trigger, TriggerState

Level = Literal["down", "breached", "late", "waiting", "met"]
_MOST_NAMES = 3


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that a person should know now, and how bad it is."""

    level: Level
    sentence: str


def facts_of(
    snapshot: Snapshot,
    verdicts: Mapping[str, int],
    *,
    offenders: Sequence[str] = (),
    missing: Sequence[str] = (),
) -> tuple[Fact, ...]:
    """What is wrong, the worst first; if nothing is, one sentence that says so.

    A site that is away comes before its consequences, and a breach before what is only late.
    `offenders` are the VMs past their RPO, as many as are breached or late, the worst first.
    """
    sites = tuple(snapshot.sites.values())
    facts = (
        *_of_sites(sites),
        *_of_breaches(offenders[: verdicts["breached"]]),
        *_of_waiting(sites),
        *_of_the_rest(sites, offenders[verdicts["breached"] :], missing),
        *_of_the_unknown(verdicts["unknown"]),
    )
    return facts or (_all_is_well(verdicts["met"]),)


def _of_sites(sites: Sequence[SiteSnapshot]) -> Iterator[Fact]:
    down = [site.site for site in sites if site.was_tried and not site.up]
    if down:
        yield Fact("down", f"{_these(down, 'site')} down: what stands below is what was last known")
    cut = [
        f"{pairing.pairing.name} of {site.site}"
        for site in sites
        if site.up
        for pairing in site.pairings
        if not pairing.up
    ]
    if cut:
        yield Fact("down", f"{_these(cut, 'pairing')} not readable")


def _of_waiting(sites: Sequence[SiteSnapshot]) -> Iterator[Fact]:
    if not sites:
        yield Fact("waiting", "No site is configured")
    waiting = [site.site for site in sites if not site.was_tried]
    if waiting:
        yield Fact("waiting", f"{_these(waiting, 'site')} not read yet")


def _of_breaches(breached: Sequence[str]) -> Iterator[Fact]:
    if breached:
        yield Fact("breached", f"{_these(breached, 'replication')} in breach of the RPO")


def _of_the_rest(
    sites: Sequence[SiteSnapshot], late: Sequence[str], missing: Sequence[str]
) -> Iterator[Fact]:
    if late:
        yield Fact("late", f"{_these(late, 'replication')} late, still within the grace")
    if missing:
        yield Fact("late", f"{_these(missing, 'expected VM')} not replicated by any site")
    triggers = [trigger for site in sites for trigger in site.triggers]
    unclear = [each.target.vm or each.target.replication_id for each in triggers if _is_open(each)]
    if unclear:
        yield Fact("late", f"{_these(unclear, 'sync')} of unknown outcome: take note of it")
    stopped = [site.site for site in sites if site.is_circuit_open]
    if stopped:
        yield Fact("late", f"{_these(stopped, 'site')} given a rest from syncs after failures")


def _is_open(trigger: Trigger) -> bool:
    return trigger.state.is_final and TABLE[trigger.state].word == TABLE[TriggerState.LOST].word


def _of_the_unknown(count: int) -> Iterator[Fact]:
    if count:
        noun = "replication is" if count == 1 else "replications are"
        yield Fact("waiting", f"{count:,} {noun} in a state that the appliance does not tell")


def _all_is_well(met: int) -> Fact:
    """What is judged is met; where nothing is judged, nothing is known to be well."""
    if not met:
        return Fact("waiting", "No replication has an RPO to be judged by")
    return Fact("met", f"All {met:,} judged replications are inside their RPO")


def _these(names: Sequence[str], noun: str) -> str:
    """Names with the verb, as `site madrid is` or `4 sites (a, b, c, …) are`."""
    if len(names) == 1:
        return f"{noun[0].upper()}{noun[1:]} {names[0]} is"
    shown = ", ".join([*names[:_MOST_NAMES], *(["…"] if len(names) > _MOST_NAMES else [])])
    return f"{len(names):,} {noun}s ({shown}) are"
