"""The families that count replications and syncs, by pairing and direction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from operator import attrgetter

from vr_exporter.domain.inventory import KNOWN_STATUSES, OTHER_STATUS
from vr_exporter.domain.rpo import Verdict
from vr_exporter.domain.snapshot import PairingSnapshot, SiteSnapshot
from vr_exporter.metrics.family import Family, Samples, Table
from vr_exporter.metrics.rows import each_site, pairings_in_sight
from vr_exporter.metrics.totals import histogram, total

SURVIVES_EXCLUDE = "vr_replications"
"""The one family that `metrics.exclude` does not reach."""

_PER_PAIRING = ("pairing", "direction")


def _filled(
    pairing: PairingSnapshot, counted: Counter[tuple[str, str]], values: Iterable[str]
) -> Samples:
    """Every direction of the pairing with every value, at 0 where there is none."""
    zero = dict.fromkeys(
        ((direction, value) for direction in pairing.pairing.directions for value in values), 0
    )
    return tuple((zero | counted).items())


_states_of = attrgetter("replication.direction", "replication.status")
_verdicts_of = attrgetter("replication.direction", "verdict")


def _by_status(pairing: PairingSnapshot) -> Samples:
    counted: Counter[tuple[str, str]] = Counter()
    for (direction, status), count in Counter(map(_states_of, pairing.replications)).items():
        known = "UNKNOWN" if status is None else status
        counted[direction, known if known in KNOWN_STATUSES else OTHER_STATUS] += count
    return _filled(pairing, counted, (*KNOWN_STATUSES, OTHER_STATUS))


def _by_verdict(pairing: PairingSnapshot) -> Samples:
    return _filled(pairing, Counter(map(_verdicts_of, pairing.replications)), Verdict)


COUNTS: Table[SiteSnapshot, PairingSnapshot] = Table(
    "Replications: counts",
    ("site", "pairing"),
    pairings_in_sight,
    (
        Family(
            SURVIVES_EXCLUDE,
            "gauge",
            "Replications by state (status.status), as of the last poll; a state that is not"
            " published counts as OTHER, a missing one as UNKNOWN.",
            ("direction", "status"),
            read=_by_status,
            reads="samples",
        ),
        Family(
            "vr_replications_rpo",
            "gauge",
            "Replications by how they stand against their RPO (status, rpo,"
            " current_rpo_violation), as of the last poll.",
            ("direction", "verdict"),
            read=_by_verdict,
            reads="samples",
        ),
    ),
)

SYNCS: Table[SiteSnapshot, SiteSnapshot] = Table(
    "Syncs observed",
    ("site",),
    each_site,
    (
        total(
            "vr_syncs_observed_total",
            "Syncs seen to end (last_sync_time moved), as of the last poll; a lower bound where"
            " the RPO is shorter than the poll interval.",
            labels=_PER_PAIRING,
        ),
        total(
            "vr_syncs_observed_bytes_total",
            "Bytes of the syncs seen to end (last_sync_size), as of the last poll.",
            labels=_PER_PAIRING,
        ),
        total(
            "vr_transferred_bytes_total",
            "Bytes sent as they moved (sync_progress.transferred_current, at the end"
            " last_sync_size), as of the last poll.",
            labels=_PER_PAIRING,
        ),
        histogram(
            "vr_sync_duration_seconds",
            "How long the syncs seen to end took (last_sync_duration), as of the last poll.",
            labels=_PER_PAIRING,
        ),
        total(
            "vr_replications_removed_total",
            "Replications gone from the appliance's list (/replications), missing in two polls"
            " that were read, as of the last poll.",
        ),
    ),
)
