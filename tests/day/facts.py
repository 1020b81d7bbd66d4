"""What an alert is about: the same fact must not be told twice, whoever saw it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tests.day.alerts import Raised
from tests.day.asking import Labels


def alerts_of_one_fact(raised: Iterable[Raised]) -> Iterator[str]:
    """Give each fact that has two alerts or more at one moment."""
    seen: set[tuple[float, str]] = set()
    for one in raised:
        key = (one.moment, fact_of(one.labels))
        if key in seen:
            yield key[1]
        seen.add(key)


def fact_of(labels: Labels) -> str:
    """Name what an alert tells: a replication whichever site told it, a site whoever watched."""
    left_out = {"severity", "component", "vr_action"}
    if "replication" in labels:
        left_out |= {"site", "pairing", "vm"}
    if "site" in labels:
        left_out |= {"instance", "job"}
    told = sorted((name, value) for name, value in labels.items() if name not in left_out)
    return " ".join(f"{name}={value}" for name, value in told)
