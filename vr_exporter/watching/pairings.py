"""Readable names for pairings: an alias, else the remote vCenter's name, made unique."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from vr_exporter.domain.inventory import Pairing
from vr_exporter.domain.names import PairingName


def named(pairings: tuple[Pairing, ...], aliases: Mapping[str, PairingName]) -> tuple[Pairing, ...]:
    """Name each pairing, in the order of ids; of two with one name the later adds `#` and its id.

    `aliases` is keyed by the remote vCenter's name or id in lower case.
    """
    taken: set[str] = set()
    result = []
    for pairing in sorted(pairings, key=lambda pairing: pairing.id):
        name = _wanted(pairing, aliases)
        if name in taken:
            name = f"{name}#{pairing.id[:8]}"
        taken.add(name)
        result.append(replace(pairing, name=PairingName(name)))
    return tuple(result)


def _wanted(pairing: Pairing, aliases: Mapping[str, PairingName]) -> str:
    remote = pairing.remote_vc
    if remote is None:
        return pairing.name or pairing.id
    alias = aliases.get(remote.name.lower()) or aliases.get(remote.id.lower())
    return alias or remote.name or pairing.id
