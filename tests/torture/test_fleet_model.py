"""A lively fleet under random faults: at each step a model says what its page must hold."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator

import pytest

from tests.fleet_model.day import Plan, live
from vr_exporter.domain.counts import SeenTasks
from vr_exporter.watching import changes

HOURS = float(os.environ.get("VR_TORTURE_FLEET_HOURS", "0.75"))
PLAN = Plan(hours=HOURS, seed=7, step_seconds=60.0, replications=24)

pytestmark = pytest.mark.timeout(240 + 240 * HOURS)


@pytest.fixture(autouse=True)
def _nobody_hoards_log_lines() -> Iterator[None]:
    """The runner keeps what is logged: that would be taken for growth."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_every_page_holds_what_the_model_says() -> None:
    """Syncs, tasks, wishes, faults and restarts: each series of each page is as it must be."""
    day = live(PLAN)
    assert day.faults == [], day.figures
    assert day.restarts > 0
    assert len(day.reasons) > 3
    assert day.compared > 10_000


def _tasks_counted_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SeenTasks, "has", lambda *_: False)


def _breach_seen_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(changes, "verdict_of", lambda row, _: "breached" if row.rpo_violated else "met")


@pytest.mark.parametrize("spoil", [_tasks_counted_again, _breach_seen_at_once])
def test_the_model_sees_a_product_that_is_wrong(
    spoil: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first page that is not as it must be ends the day, and is told with seed and series."""
    spoil(monkeypatch)
    day = live(PLAN)
    assert f"seed {PLAN.seed}" in day.faults[0]
    assert "expected" in day.faults[0]
