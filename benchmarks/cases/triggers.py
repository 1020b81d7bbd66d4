"""Five hundred wishes at once: when the last one was posted, on a clock moved by hand."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.line import Goal, Line
from tests.storms import Storm
from tests.watched import Watched
from vr_exporter.appliance.pace import REQUESTS_PER_MINUTE

TRIGGERS = 500
_FEWEST_POSTS = 490
"""What the world itself syncs at that moment is joined, not posted."""

_SPEED = 10.0
_WAITING = {"reserved", "posting"}
_MOST_SECONDS = 86_400.0


def measure(rounds: int) -> Iterator[Line]:
    """Measure once: the clock is injected and the world seeded, so that each round is the same."""
    del rounds
    with Watched(replications=TRIGGERS, speed=_SPEED) as watched:
        watched.max_running = TRIGGERS
        watched.poll()
        posted, of_polls, sent = _rage(watched)
    left_per_second = REQUESTS_PER_MINUTE / 60 - of_polls / posted
    for case, requests in (("its own requests", sent / TRIGGERS), ("one POST each", 1.0)):
        ideal = requests * TRIGGERS / left_per_second
        yield Line(
            case=f"last of {TRIGGERS} posted, {case} / pace",
            size=str(TRIGGERS),
            unit="s",
            ours=posted,
            base=ideal,
            judged=posted / ideal,
            goal=Goal(1.3, 1.1, is_most=True),
            note=f"{requests:.2f} requests per trigger",
        )


def _rage(watched: Watched) -> tuple[float, int, int]:
    """Seconds to the last POST; requests of polls, and those of triggers, until then."""
    counters = watched.madrid.api.counters
    storm = Storm(watched)
    polls = _Polls(watched)
    begun, before = watched.time.now(), counters.total
    storm.ask_all()
    while storm.states().keys() & _WAITING and watched.time.now() < begun + _MOST_SECONDS:
        storm.turn()
    if watched.madrid.posts < _FEWEST_POSTS:
        raise RuntimeError(f"only {watched.madrid.posts} were posted")
    posted_at = max(trigger.claimed_at or 0.0 for trigger in storm.triggers())
    return posted_at - begun, polls.sent, counters.total - before - polls.sent


class _Polls:
    """Counts what polls send, each as a whole."""

    def __init__(self, watched: Watched) -> None:
        self.sent = 0
        self._counters = watched.madrid.api.counters
        worker = watched.madrid.worker
        self._poll = worker.poll
        worker.poll = self._counted  # type: ignore[method-assign] # counted on the way

    def _counted(self) -> None:
        before = self._counters.total
        self._poll()
        self.sent += self._counters.total - before
