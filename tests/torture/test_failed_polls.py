"""Polls that fail for every reason in turn, and polls that nobody scrapes: nothing grows."""

from __future__ import annotations

import gc
import logging
import threading
import tracemalloc

import psutil
import pytest

from tests.failed_polls import CAUSES, fail
from tests.watched import Watched

POLLS = 360
"""How many polls fail here; `make torture` runs `tests.failed_polls` with 100,000."""

WARM_UP = 90
MOST_BYTES = 256 * 1024


def used() -> tuple[int, int, int]:
    """Bytes of Python objects, threads and descriptors."""
    gc.collect()
    return (
        tracemalloc.get_traced_memory()[0],
        threading.active_count(),
        psutil.Process().num_fds(),
    )


def fail_in_turn(watched: Watched, polls: int) -> None:
    """Let polls fail, each for the reason next in line."""
    for number in range(polls):
        fail(watched, tuple(CAUSES)[number % len(CAUSES)])


@pytest.fixture(autouse=True)
def _nobody_hoards_log_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """The runner keeps what is logged: that would be taken for our growth."""
    monkeypatch.setattr(logging.root.manager, "disable", logging.CRITICAL)


def test_B30_failed_polls_in_a_row_leave_nothing_behind() -> None:
    """Memory, threads and descriptors are those of the warm-up, and a good poll heals all."""
    with Watched(replications=8, page_size=5) as watched:
        watched.poll()
        tracemalloc.start()
        try:
            fail_in_turn(watched, WARM_UP)
            before = used()
            fail_in_turn(watched, POLLS)
            after = used()
        finally:
            tracemalloc.stop()
        assert after[0] - before[0] < MOST_BYTES
        assert after[1] <= before[1]  # fewer where a thread of a test before has ended meanwhile
        assert after[2] <= before[2]
        failures = watched.metrics().failures()
        assert sum(failures.values()) >= POLLS
        assert set(failures) == set(CAUSES)
        watched.poll(after=1200)
        assert watched.metrics().value("vr_up", site="madrid") == 1


def test_B22_nothing_waits_for_a_scrape() -> None:
    """While Prometheus is away the page keeps its size; counters then tell of all that was."""
    with Watched() as watched:
        for _ in range(3):
            watched.poll()
        before = watched.metrics()
        size = len(before.text)
        gc.collect()
        tracemalloc.start()
        try:
            for _ in range(20):
                watched.poll()
            first = used()[0]
            for _ in range(40):
                watched.poll()
            grown = used()[0] - first
        finally:
            tracemalloc.stop()
        after = watched.metrics()
        assert grown < 256 * 1024
        assert len(after.text) < 1.1 * size
        polls = after.total("vr_polls_total") - before.total("vr_polls_total")
        assert polls == 60
