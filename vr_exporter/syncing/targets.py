"""Names, patterns and ids that people write → the targets that they mean, each once."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from vr_exporter.domain.episodes import NoTarget
from vr_exporter.domain.names import ReplicationId, SiteName, is_glob
from vr_exporter.domain.snapshot import Snapshot
from vr_exporter.domain.triggers import Skip, Target
from vr_exporter.syncing.sightings import Known, Sighting, known_targets
from vr_exporter.syncing.unread import unread_places, untried_sites

NEAREST = 3
"""How many similar names are offered for one that nobody has."""

_CHOICES_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks for.

    `words`: a replication id, else the exact name of a VM, else a pattern where it holds a
    wildcard. `patterns` match names of VMs. `site` and `pairing` (its name or id) narrow all.
    """

    words: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    site: str | None = None
    pairing: str | None = None
    is_all: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """A word that means no target, or more than one; `choices` are the targets near it."""

    word: str
    skip: Skip
    choices: tuple[Target, ...] = ()
    nearest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What is meant, each target once; a fault for each word that failed.

    `unread` says in a sentence each what could not be read, so that something may be missing.
    `untried` are the sites among them whose first reading has not ended: soon more may be known.
    """

    targets: tuple[Target, ...] = ()
    faults: tuple[Fault, ...] = ()
    unread: tuple[str, ...] = ()
    untried: tuple[SiteName, ...] = ()


class Directory:
    """Finds targets in the current snapshot; its index is kept until that changes.

    Threads may share it: the index is replaced whole.
    """

    def __init__(self, snapshot: Callable[[], Snapshot]) -> None:
        self._snapshot = snapshot
        self._index = _index(snapshot())

    def find(self, wanted: Wanted) -> Found:
        """Find all that is wanted, in the order of the words, then in that of the sites."""
        return _Search(self._current(), wanted).run()

    def target_of(self, site: str, replication: str) -> Target | NoTarget:
        """Find what an alert names: a replication by its id alone, shown at a configured site.

        A name or a pattern is nothing here, and neither is a replication that only another site
        shows. What cannot be found where not all was read may be there all the same.
        """
        index = self._current()
        if not index.snapshot.sites:
            return NoTarget(Skip("stale", "no site is known yet"), is_early=True)
        if site not in index.snapshot.sites:
            return NoTarget(Skip("unmatched", f'no site "{site}"'))
        met = [
            known
            for known in index.by_id.get(ReplicationId(replication), [])
            if any(sighting.site == site for sighting in known.sightings)
        ]
        if len(met) == 1:
            return met[0].target
        if met:
            many = f"{replication} means {len(met)} replications at {site}"
            return NoTarget(Skip("unmatched", many))
        unread = unread_places(index.snapshot, site)
        if not unread:
            return NoTarget(Skip("unmatched", f"{site} has no replication {replication}"))
        is_early = bool(untried_sites(index.snapshot, site))
        said = f"{replication} is not known to {site}: {'; '.join(unread)}"
        return NoTarget(Skip("stale", said), is_early=is_early)

    def count_at(self, site: str) -> int:
        """Count the replications that are asked at a site."""
        return self._current().at_site[site]

    def _current(self) -> _Index:
        snapshot = self._snapshot()
        index = self._index
        if index.snapshot is not snapshot:
            self._index = index = _index(snapshot)
        return index


def find(wanted: Wanted, snapshot: Snapshot) -> Found:
    """Find all that is wanted in one snapshot; `Directory` does so many times."""
    return _Search(_index(snapshot), wanted).run()


@dataclass(frozen=True, slots=True)
class _Index:
    snapshot: Snapshot
    targets: tuple[Known, ...]
    by_id: dict[ReplicationId, list[Known]] = field(default_factory=dict)
    by_name: dict[str, list[Known]] = field(default_factory=dict)
    at_site: Counter[str] = field(default_factory=Counter)


def _index(snapshot: Snapshot) -> _Index:
    index = _Index(snapshot, known_targets(snapshot))
    for known in index.targets:
        index.at_site[known.asked.site] += 1
        for sighting in known.sightings:
            _add(index.by_id.setdefault(sighting.replication.id, []), known)
            _add(index.by_name.setdefault(sighting.replication.vm, []), known)
    return index


def _add(group: list[Known], known: Known) -> None:
    if not any(each is known for each in group):
        group.append(known)


class _Search:
    """One question put to one index."""

    def __init__(self, index: _Index, wanted: Wanted) -> None:
        self._index = index
        self._wanted = wanted
        self._unread = unread_places(index.snapshot, wanted.site)
        self._untried = untried_sites(index.snapshot, wanted.site)

    def run(self) -> Found:
        misplaced = self._place_fault()
        if misplaced is not None:
            return Found(faults=(misplaced,), unread=self._unread, untried=self._untried)
        targets: dict[ReplicationId, Target] = {}
        faults = []
        for met in self._answers():
            if isinstance(met, Fault):
                faults.append(met)
            else:
                targets.update((known.target.replication_id, known.target) for known in met)
        return Found(tuple(targets.values()), tuple(faults), self._unread, self._untried)

    def _answers(self) -> Iterator[list[Known] | Fault]:
        for word in self._wanted.words:
            yield self._word(word)
        for pattern in self._wanted.patterns:
            yield self._pattern(pattern)
        if self._wanted.is_all:
            yield self._asked_here(self._index.targets)

    def _word(self, word: str) -> list[Known] | Fault:
        by_id = self._index.by_id.get(ReplicationId(word), [])
        everywhere = by_id or self._index.by_name.get(word, [])
        if not everywhere:
            return self._pattern(word) if is_glob(word) else self._unknown(word)
        met = self._asked_here(everywhere) or self._shown_here(everywhere)
        if not met:
            return self._elsewhere(word, everywhere)
        return met if len(met) == 1 else self._ambiguous(word, met)

    def _pattern(self, pattern: str) -> list[Known] | Fault:
        names = (name for name in self._index.by_name if fnmatchcase(name, pattern))
        met = self._asked_here(known for name in names for known in self._index.by_name[name])
        return met or self._fault(pattern, f'no VM matches "{pattern}"')

    def _asked_here(self, targets: Iterable[Known]) -> list[Known]:
        return [known for known in targets if self._is_here(known.asked)]

    def _shown_here(self, targets: Iterable[Known]) -> list[Known]:
        return [known for known in targets if any(map(self._is_here, known.sightings))]

    def _is_here(self, sighting: Sighting) -> bool:
        site, pairing = self._wanted.site, self._wanted.pairing
        return site in (None, sighting.site) and pairing in (
            None,
            sighting.pairing.name,
            sighting.pairing.id,
        )

    def _place_fault(self) -> Fault | None:
        """A site that is not configured, or a pairing that no site in question has."""
        site, pairing = self._wanted.site, self._wanted.pairing
        sites = self._index.snapshot.sites
        if site is not None and site not in sites:
            said = f'no site "{site}" (configured: {", ".join(sites) or "none"})'
            return Fault(site, Skip("not_found", said))
        here = [shown for name, shown in sites.items() if site in (None, name)]
        pairings = [paired.pairing for shown in here for paired in shown.pairings]
        if pairing is None or any(pairing in (each.name, each.id) for each in pairings):
            return None
        names = ", ".join(dict.fromkeys(each.name for each in pairings))
        return self._fault(pairing, f'no pairing "{pairing}" (known: {names or "none"})')

    def _unknown(self, word: str) -> Fault:
        nearest = _nearest(word, self._index.by_name)
        said = f'no VM or replication "{word}"'
        if nearest:
            said += f" (nearest: {', '.join(nearest)})"
        return self._fault(word, said, nearest=nearest)

    def _elsewhere(self, word: str, met: list[Known]) -> Fault:
        said = f'"{word}" is not where it was looked for, but {_choices(met)}'
        return self._fault(word, said, choices=met)

    def _ambiguous(self, word: str, met: list[Known]) -> Fault:
        said = f'"{word}" names {len(met)} VMs: {_choices(met)} (say which by id, site or pairing)'
        skip = Skip("ambiguous_name", said)
        return Fault(word, skip, choices=tuple(known.target for known in met))

    def _fault(
        self,
        word: str,
        said: str,
        *,
        choices: Iterable[Known] = (),
        nearest: tuple[str, ...] = (),
    ) -> Fault:
        """What may be missing because a place could not be read is said beside it."""
        skip = Skip("not_found", "; ".join((said, *self._unread)))
        return Fault(word, skip, tuple(known.target for known in choices), nearest)


def _choices(met: list[Known]) -> str:
    shown = [
        f"{known.asked.replication.id} at {known.asked.site}, pairing {known.asked.pairing.name}"
        for known in met[:_CHOICES_SHOWN]
    ]
    more = len(met) - len(shown)
    return "; ".join([*shown, f"{more} more"] if more else shown)


def _nearest(word: str, names: Iterable[str]) -> tuple[str, ...]:
    """Look for similar names, whatever their capitals."""
    folded: dict[str, str] = {}
    for name in names:
        folded.setdefault(name.casefold(), name)
    close = difflib.get_close_matches(word.casefold(), folded, n=NEAREST)
    return tuple(folded[name] for name in close)
