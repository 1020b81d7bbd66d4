"""Five hundred wishes at one site: how long until the last end, and what a scrape takes meanwhile.

    python -m benchmarks.storm [--replications N] [--speed S]

The appliance is simulated in this process and its clock is moved by hand; a scrape is measured in
real time. The ideal is the longest of three: one request for each trigger at the pace that polls
leave, the bytes over the links, the syncs themselves by turns.
"""

from __future__ import annotations

import argparse
import statistics
import time

from tests.storms import Storm
from tests.watched import Watched
from vr_exporter.appliance.pace import REQUESTS_PER_MINUTE

SCRAPES = 50


def main() -> None:
    """Measure with the usual concurrency, and with none to speak of."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--replications", type=int, default=500)
    parser.add_argument("--speed", type=float, default=10.0)
    options = parser.parse_args()
    for max_running in (4, options.replications):
        measure(options.replications, speed=options.speed, max_running=max_running)


def measure(replications: int, *, speed: float, max_running: int) -> None:
    """Let all be wished for at once and print what came of it."""
    with Watched(replications=replications, speed=speed) as watched:
        watched.max_running = max_running
        watched.poll()
        storm = Storm(watched)
        counters = watched.madrid.api.counters
        idle = scrape_milliseconds(watched)
        begun, before = watched.time.now(), counters.total
        bytes_before = link_bytes(watched)
        storm.ask_all()
        for _ in range(5):
            storm.turn()
        busy = scrape_milliseconds(watched)
        is_over = storm.rage(86400)
        last_end = max(trigger.ended_at or 0.0 for trigger in storm.triggers()) - begun
        sent = counters.total - before
        polls = len(storm.polled_at)
        of_polls = polls * 8
        print(f"{replications} wishes, max_running {max_running}, speed {speed:g}")
        print(f"  ended: {dict(storm.states())}, all over: {is_over}")
        print(f"  time to the last end: {last_end:.0f} s, {polls} polls meanwhile")
        requests = (sent - of_polls) / replications
        left_per_minute = REQUESTS_PER_MINUTE - of_polls * 60 / last_end
        print(f"  requests per trigger: {requests:.2f} (with looks at tasks)")
        print(f"  at that and the pace: {requests * replications * 60 / left_per_minute:.0f} s")
        ideals = {
            "pace": replications * 60 / left_per_minute,
            "bandwidth": seconds_on_links(watched, bytes_before),
            "syncs by turns": sum(sync_seconds(watched)) / max_running,
        }
        for name, seconds in ideals.items():
            print(f"  ideal by {name}: {seconds:.0f} s")
        print(f"  last end ÷ ideal: {last_end / max(ideals.values()):.2f}")
        print(f"  most running at once: {max(sample.running for sample in storm.samples)}")
        limiter = watched.madrid.api.limiter
        print(f"  highest in a minute: {limiter.highest}, refused: {limiter.refused}")
        print(f"  scrape, median: {idle:.2f} ms idle, {busy:.2f} ms with wishes waiting")


def scrape_milliseconds(watched: Watched) -> float:
    """The time to make one gzip answer of the page, as a scrape gets it."""
    took = []
    for _ in range(SCRAPES):
        began = time.perf_counter()
        b"".join(watched.page.body(openmetrics=True, gzip=True).chunks)
        took.append(1000 * (time.perf_counter() - began))
    return statistics.median(took)


def link_bytes(watched: Watched) -> dict[tuple[str, str], float]:
    """What each link has moved so far."""
    links = (link for pairing in watched.world.truth()["pairings"] for link in pairing["links"])
    return {(link["source"], link["target"]): link["bytes_of_ended_syncs"] for link in links}


def seconds_on_links(watched: Watched, before: dict[tuple[str, str], float]) -> float:
    """The time that the fuller link needs at least for what it has moved since."""
    links = [link for pairing in watched.world.truth()["pairings"] for link in pairing["links"]]
    return max(
        float(link["bytes_of_ended_syncs"] - before[link["source"], link["target"]])
        / float(link["capacity_bytes_per_second"])
        for link in links
    )


def sync_seconds(watched: Watched) -> list[float]:
    """How long each requested sync took, from its queue to its end, by the appliance's clock."""
    return [
        row.replication.last_sync_duration_seconds or 0.0
        for paired in watched.snapshot().pairings
        for row in paired.replications
    ]


if __name__ == "__main__":
    main()
