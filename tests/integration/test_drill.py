"""The drill, shortened: two faults on a real Prometheus and Alertmanager at once."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import pytest

from tests.drill.run import drill

pytestmark = pytest.mark.xdist_group("drill")
FAULTS = ("site down", "failing tasks")


def test_each_fault_brings_its_alerts_and_nothing_else() -> None:
    """Nothing fires before, the cause silences what follows from it, and all ends with the cure.

    `python -m tests.drill` plays all faults, and longer.
    """
    with ProcessPoolExecutor(len(FAULTS), mp_context=get_context("spawn")) as pool:
        outcomes = list(pool.map(partial(drill, is_short=True), FAULTS))
    assert {each.name: each.faults for each in outcomes} == dict.fromkeys(FAULTS, ())
    assert [each.pages for each in outcomes] == [1, 0]
    assert all(row.gone is not None for each in outcomes for row in each.rows)
