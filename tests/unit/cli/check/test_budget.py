from __future__ import annotations

import pytest

from vr_exporter.cli.check.budget import PairingSize, effective_interval, requests_per_cycle


@pytest.mark.parametrize(
    ("replications", "page_size", "expected"),
    [(1000, 100, 16), (1000, 500, 8), (1000, 1000, 7), (0, 1000, 7), (1001, 1000, 8)],
)
def test_a_cycle_costs_what_the_formula_says(
    replications: int, page_size: int, expected: int
) -> None:
    """Four requests a site, and for each pairing its pages and two kinds of issues."""
    sizes = [PairingSize(replications, has_remote_login=False)]
    assert requests_per_cycle(sizes, page_size) == expected


def test_a_remote_login_costs_one_request_a_cycle() -> None:
    """A pairing with credentials for its far end has its remote session asked for each time."""
    sizes = [PairingSize(1, has_remote_login=True), PairingSize(1, has_remote_login=False)]
    assert requests_per_cycle(sizes, 1000) == 4 + 3 + 3 + 1


def test_the_interval_stretches_only_when_the_pace_demands_it() -> None:
    """The interval asked for holds until the requests do not fit into it."""
    assert effective_interval(60, 30, planned_per_minute=30) == 60
    assert effective_interval(60, 60, planned_per_minute=30) == 120
