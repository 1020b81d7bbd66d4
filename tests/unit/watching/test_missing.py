"""Which replications are gone, and what is remembered to know it."""

from __future__ import annotations

from dataclasses import replace

from tests.builders import a_pairing, a_replication
from vr_exporter.domain.names import PairingId, ReplicationId
from vr_exporter.watching.missing import Missing
from vr_exporter.watching.reading import PairingReading

GID = ReplicationId("GID-1")
EMPTY = PairingReading(a_pairing(), (), is_complete=True)
BROKEN = PairingReading(a_pairing(id=PairingId("broken")))


def test_a_replication_of_an_unknown_pairing_is_missed_only_where_every_list_is_whole() -> None:
    """After a restart nobody knows which pairing it was in: it may be in the one that failed."""
    missing = Missing()
    for _ in range(5):
        assert missing.gone({GID}, [EMPTY, BROKEN]) == frozenset()
    assert missing.gone({GID}, [EMPTY]) == frozenset()
    assert missing.gone({GID}, [EMPTY]) == {GID}


def test_a_replication_whose_own_list_is_whole_is_missed_whatever_the_other_lists_are() -> None:
    """One broken pairing must not keep the replications of another for ever."""
    missing = Missing()
    missing.gone(set(), [replace(EMPTY, replications=(a_replication(),)), BROKEN])
    assert missing.gone({GID}, [EMPTY, BROKEN]) == frozenset()
    assert missing.gone({GID}, [EMPTY, BROKEN]) == {GID}


def test_B29_what_is_gone_is_forgotten() -> None:
    """Ids that churn leave nothing behind."""
    missing = Missing()
    known: set[ReplicationId] = set()
    for number in range(100):
        identity = ReplicationId(f"GID-{number}")
        read = [replace(EMPTY, replications=(a_replication(id=identity),))]
        known = (known | {identity}) - missing.gone(known, read)
    assert len(missing._home) <= 3
    assert len(missing._misses) <= 3
