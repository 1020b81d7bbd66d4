"""The family of expected VMs, over all sites: does any readable site replicate this one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vr_exporter.domain.snapshot import PairingSnapshot, SiteSnapshot
from vr_exporter.metrics.family import Family, Rows, Table
from vr_exporter.metrics.rows import fresh_pairings


@dataclass(frozen=True, slots=True)
class Presence:
    """Which expected VMs a site shows, which it had when it went stale, and whether it was read."""

    shown: frozenset[str] = frozenset()
    withheld: frozenset[str] = frozenset()
    was_read: bool = False


@dataclass(frozen=True, slots=True)
class Expectation:
    """The expected VMs in the order of the settings, and what each site says of them."""

    vms: Sequence[str]
    sites: Sequence[Presence]


def presence_of(site: SiteSnapshot, expected: frozenset[str]) -> Presence:
    """What one site contributes to the answer for each expected VM."""
    if not expected:
        return Presence()
    return Presence(
        shown=_vms(fresh_pairings(site)) & expected,
        withheld=_vms(p for p in site.pairings if site.stale or p.stale) & expected,
        was_read=site.poll.last_success_timestamp_seconds is not None,
    )


def unreplicated(vms: Sequence[str], sites: Iterable[SiteSnapshot]) -> tuple[str, ...]:
    """The expected VMs of which it is known that no site replicates them."""
    wanted = frozenset(vms)
    said = [presence_of(site, wanted) for site in sites] if wanted else []
    return tuple(vm for vm in dict.fromkeys(vms) if _answer(vm, said) == 0)


def _vms(pairings: Iterable[PairingSnapshot]) -> frozenset[str]:
    return frozenset(w.replication.vm for pairing in pairings for w in pairing.replications)


def _answers(expectation: Expectation) -> Rows[int | None]:
    vms = tuple(dict.fromkeys(expectation.vms))
    return Rows([(vm,) for vm in vms], [_answer(vm, expectation.sites) for vm in vms])


def _answer(vm: str, sites: Sequence[Presence]) -> int | None:
    """1 if a readable site has it; unknown while one that had it or was never read is silent."""
    if any(vm in site.shown for site in sites):
        return 1
    if any(vm in site.withheld or not site.was_read for site in sites):
        return None
    return 0


def _itself(answer: int | None) -> int | None:
    return answer


EXPECTED: Table[Expectation, int | None] = Table(
    "Expected VMs",
    ("vm",),
    _answers,
    (
        Family(
            "vr_vm_replicated",
            "gauge",
            "1 if any readable site replicates this VM of the setting expected_vms (name in"
            " /replications), else 0, as of the last poll; absent while a site that had it is"
            " stale, or one was never read.",
            is_optional=True,
            read=_itself,
        ),
    ),
)
