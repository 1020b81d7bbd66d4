"""An alert starts the sync that heals it: real Prometheus, Alertmanager and `serve`, shortened."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from tests.bridge_drill.play import Outcome, play

pytestmark = pytest.mark.xdist_group("bridge-drill")


@pytest.fixture(scope="module")
def outcomes() -> tuple[Outcome, Outcome]:
    """With one Alertmanager, and with two of which one is killed, as the exporter is."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        alone = pool.submit(play, is_short=True)
        clustered = pool.submit(play, clustered=True, is_short=True)
        return alone.result(), clustered.result()


def test_an_alert_starts_one_sync_and_resolves(outcomes: tuple[Outcome, Outcome]) -> None:
    """Breach, alert, webhook, one POST, RPO met, resolved; repeats of the webhook start nothing.

    `python -m tests.bridge_drill` plays it longer, and prints the timeline.
    """
    alone, _ = outcomes
    assert alone.faults == (), "\n".join(alone.lines)


def test_kills_half_way_lose_nothing_and_repeat_nothing(outcomes: tuple[Outcome, Outcome]) -> None:
    """The member that told is killed, then the exporter whose POST has left: it stays one POST.

    `python -m tests.bridge_drill --cluster` plays it longer, and prints the timeline.
    """
    _, clustered = outcomes
    assert clustered.faults == (), "\n".join(clustered.lines)
