"""How the world begins: who is replicated where, and how wide the links are."""

from __future__ import annotations

from collections import deque

from vr_exporter.simulator.world.chance import Chance
from vr_exporter.simulator.world.link import (
    LEAST_CAPACITY_BYTES_PER_SECOND,
    PER_SYNC_BYTES_PER_SECOND,
    Link,
)
from vr_exporter.simulator.world.machines import USED_SHARE, Machine, make_machines
from vr_exporter.simulator.world.options import WorldOptions
from vr_exporter.simulator.world.places import Pairing
from vr_exporter.simulator.world.population import Population
from vr_exporter.simulator.world.replica import Image, Options, Replica
from vr_exporter.simulator.world.roles import SRM, cast_roles

ROOM_ON_LINKS = 1.6
"""How much more than the average load a link carries: less than the busiest hours want."""

ROOM_IN_CALM = 6.0
MOST_WRITTEN_BYTES_PER_SECOND = 4e6
"""A VM writes no faster, so that its syncs never grow without end."""

MOST_WRITTEN_IN_CALM = 1e6
MPIT_SHARE = 0.1
SRM_SHARE = 0.15


def found(population: Population, options: WorldOptions, *, chance: Chance, now: float) -> None:
    """Fill the population: two thirds go out from the first site of each pairing."""
    pairings = list(population.pairings.values())
    for number, machine in enumerate(make_machines(options.replications, chance=chance)):
        pairing = pairings[number % len(pairings)]
        is_outgoing = number // len(pairings) % 3 < 2  # noqa: PLR2004 - two of three
        replica = _replica(
            machine,
            number,
            pairing=pairing,
            is_outgoing=is_outgoing,
            chance=chance,
            options=options,
        )
        since = chance.uniform(0.0, 0.7) * replica.rpo_seconds
        seem_synced(replica, now - since, chance=chance)
        population.add(replica)
    if not options.calm:
        cast_roles(list(population), chance=chance, now=now, synced=seem_synced)
        _enlarge_stragglers(population, options.speed)
    _lay_links(population, ROOM_IN_CALM if options.calm else ROOM_ON_LINKS)


def ids_for(replica: Replica, options: WorldOptions, *, chance: Chance) -> None:
    """Give a replication fresh ids: one, or one for each side."""
    replica.id = f"GID-{chance.uuid()}"
    replica.target_id = f"GID-{chance.uuid()}" if options.ids_differ_by_side else replica.id


def seem_synced(replica: Replica, when: float, *, chance: Chance) -> None:
    """Give it the facts of a sync that ended at that time."""
    moved = int(replica.change_bytes_per_second * replica.rpo_seconds * chance.uniform(0.3, 0.9))
    seconds = max(1, round(moved / PER_SYNC_BYTES_PER_SECOND))
    replica.last_sync_at = replica.changed_since = round(when, 3)
    replica.last_sync_bytes, replica.last_sync_seconds = moved, seconds
    if replica.images is not None:
        replica.images.clear()
        replica.images.append(Image(0, when - seconds, seconds, moved))


def _replica(
    machine: Machine,
    number: int,
    *,
    pairing: Pairing,
    is_outgoing: bool,
    chance: Chance,
    options: WorldOptions,
) -> Replica:
    ends = (pairing.first, pairing.second)
    source, target = ends if is_outgoing else reversed(ends)
    most = MOST_WRITTEN_IN_CALM if options.calm else MOST_WRITTEN_BYTES_PER_SECOND
    replica = Replica(
        id="",
        target_id="",
        name=machine.name,
        vm_id=f"VirtualMachine:vm-{1000 + number}:{source.vc_id}",
        pairing=pairing,
        source=source,
        target=target,
        link=pairing.out if is_outgoing else pairing.back,
        server=chance.choice(target.usable_servers),
        rpo_seconds=machine.rpo_seconds,
        disk_bytes=machine.disk_bytes,
        change_bytes_per_second=min(machine.change_bytes_per_second, most),
        options=_options(chance),
    )
    ids_for(replica, options, chance=chance)
    _equip(replica, chance)
    return replica


def _options(chance: Chance) -> Options:
    return Options(
        quiescing=chance.happens(0.3),
        network_compression=chance.happens(0.6),
        encryption=chance.happens(0.4),
        auto_replicate_new_disks=chance.happens(0.8),
        vm_data_sets=chance.happens(0.03),
        enhanced=chance.happens(0.7),
    )


def _equip(replica: Replica, chance: Chance) -> None:
    if chance.happens(MPIT_SHARE):
        replica.mpit_instances = chance.choice((1, 3, 4))
        replica.mpit_days = chance.choice((1, 2, 5))
        replica.images = deque(maxlen=replica.mpit_instances * replica.mpit_days)
    if chance.happens(SRM_SHARE):
        replica.recovery_solution, replica.recovery_state = SRM, "NOT_STARTED"


def _enlarge_stragglers(population: Population, speed: float) -> None:
    """Give each a disk that can hold what one of its syncs moves, and half as much again."""
    for replica in population:
        moved = PER_SYNC_BYTES_PER_SECOND * speed * replica.rpo_seconds * replica.straggle
        replica.disk_bytes = max(replica.disk_bytes, int(1.5 * moved / USED_SHARE))


def _lay_links(population: Population, room: float) -> None:
    loads: dict[Link, float] = {
        link: 0.0 for pairing in population.pairings.values() for link in pairing.links
    }
    for replica in population:
        is_endless = replica.straggle > 0
        own = PER_SYNC_BYTES_PER_SECOND if is_endless else replica.change_bytes_per_second
        loads[replica.link] += own
    for link, load in loads.items():
        link.capacity = max(load * room, LEAST_CAPACITY_BYTES_PER_SECOND)
