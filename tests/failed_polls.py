"""Polls that fail for every reason in turn: `python -m tests.failed_polls 100000`.

Memory is judged by its slope after the warm-up, over many samples, threads and descriptors by
all of them. The last line are the figures; the exit code is 1 above a goal.
"""

from __future__ import annotations

import gc
import logging
import ssl
import statistics
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import httpx
import psutil

from tests.watched import Site, Watched
from vr_exporter.appliance.network import NameUnknown
from vr_exporter.domain.snapshot import POLL_FAILURE_REASONS

MOST_MEBIBYTES: Final = 5.0
SAMPLES: Final = 100
MOST_WARM_UP: Final = 5000
FEWEST_BETWEEN_POLLS_SECONDS: Final = 1200.0
"""Longer than any wait that a failed poll is the cause of."""

LIST: Final = "getAllReplications"
Break = Callable[[Site], None]


def _fault(kind: str, **options: Any) -> Break:
    def begin(site: Site) -> None:
        site.breaks(kind, **options)

    return begin


def _wrong_password(site: Site) -> None:
    site.breaks("session_expired", times=1)
    site.breaks("error", value=401, operation="login")


def _unconnected(cause: Exception) -> Break:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(str(cause), request=request) from cause

    def begin(site: Site) -> None:
        assert site.transport is not None
        site.transport.handle_request = refuse  # type: ignore[method-assign] # until it heals

    return begin


CAUSES: Final[dict[str, Break]] = {
    "dns": _unconnected(NameUnknown("no such name")),
    "connect": _fault("site_down"),
    "tls": _unconnected(ssl.SSLError(1, "unsupported protocol")),
    "timeout": _fault("hang"),
    "deadline": _fault("drip"),
    "reset": _fault("cut"),
    "too_large": _fault("too_large", value=17, operation=LIST),
    "encoding": _fault("gzip"),
    "not_json": _fault("truncated"),
    "schema": _fault("bare_list", operation=LIST),
    "auth": _wrong_password,
    "forbidden": _fault("error", value=403, operation=LIST),
    "not_found": _fault("error", value=404, operation=LIST),
    "throttled": _fault("throttled"),
    "server_error": _fault("error"),
    "redirect": _fault("redirect"),
    "paging": _fault("next_loops", operation=LIST),
    "session": _fault("session_expired"),
}
"""One cause for each reason that is no bug of ours."""

assert {*CAUSES, "internal"} == {*POLL_FAILURE_REASONS}


@dataclass(frozen=True, slots=True)
class Sample:
    """What the process held after so many polls."""

    polls: int
    mebibytes: float
    threads: int
    descriptors: int


def sample(polls: int) -> Sample:
    """Take one now."""
    gc.collect()
    program = psutil.Process()
    return Sample(
        polls, program.memory_info().rss / 2**20, threading.active_count(), program.num_fds()
    )


def fail(watched: Watched, reason: str) -> None:
    """Let one poll fail for this reason, then let all be well again."""
    site = watched.madrid
    CAUSES[reason](site)
    watched.poll(after=FEWEST_BETWEEN_POLLS_SECONDS)
    site.heals()
    vars(site.transport).pop("handle_request", None)
    watched.time.waits.clear()
    watched.log.records.clear()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: the samples of the second half of the warm-up and later, and reasons."""

    samples: tuple[Sample, ...]
    failures: dict[str, float]
    is_well_again: bool

    @property
    def growth(self) -> float:
        """MiB over all polls, by the slope of memory."""
        polls = [each.polls for each in self.samples]
        slope, _ = statistics.linear_regression(polls, [each.mebibytes for each in self.samples])
        return slope * (polls[-1] - polls[0])

    @property
    def text(self) -> str:
        """The figures."""
        fewest, most = (f({s.descriptors for s in self.samples}) for f in (min, max))
        threads = sorted({each.threads for each in self.samples})
        counts = self.failures.values()
        return (
            f"{sum(counts):.0f} polls failed for {len(counts)} reasons"
            f" ({min(counts):.0f} to {max(counts):.0f} of each), growth by slope"
            f" {self.growth:.2f} MiB over {len(self.samples)} samples, threads {threads},"
            f" descriptors {fewest} to {most}, well again: {self.is_well_again}"
        )

    @property
    def is_good(self) -> bool:
        """Whether every goal is met."""
        is_steady = all(
            (each.threads, each.descriptors)
            == (self.samples[0].threads, self.samples[0].descriptors)
            for each in self.samples
        )
        return (
            is_steady
            and self.growth <= MOST_MEBIBYTES
            and set(self.failures) == set(CAUSES)
            and self.is_well_again
        )


def failed(polls: int) -> Outcome:
    """Let so many fail, each for the reason next in line, after a tenth as a warm-up."""
    reasons = tuple(CAUSES)
    warm_up = min(max(polls // 10, 2 * len(reasons)), MOST_WARM_UP)
    every = max(polls // SAMPLES, 1)
    samples = []
    with Watched(replications=8, page_size=5) as watched:
        watched.poll()
        for number in range(warm_up + polls):
            fail(watched, reasons[number % len(reasons)])
            if number >= warm_up and (number - warm_up) % every == 0:
                samples.append(sample(number))
        samples.append(sample(warm_up + polls))
        failures = watched.metrics().failures()
        watched.poll(after=FEWEST_BETWEEN_POLLS_SECONDS)
        is_up = watched.metrics().value("vr_up", site="madrid") == 1
    return Outcome(tuple(samples), failures, is_up)


def main(arguments: list[str]) -> int:
    """POLLS: print the figures."""
    logging.getLogger("vr_exporter").propagate = False
    outcome = failed(int(arguments[0]) if arguments else 100_000)
    sys.stdout.write(f"{outcome.text}\n")
    return 0 if outcome.is_good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
