"""Webhooks that nobody sends: `python -m tests.webhook_fuzz 100000` bodies through the real door.

The last line says how many came to which answer, and what memory did by its slope; an exception
ends it, and so does any other answer. What is remembered of episodes is bounded by a number that
a run does not reach: here it is small, so that growth of anything else is seen.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, Final

import psutil

from tests.bridged import Bridged, a_body
from tests.late import be_late
from tests.watched import Watched
from vr_exporter.syncing import offered
from vr_exporter.web.webhook import ANSWERS

MOST_MEBIBYTES: Final = 2.0
SAMPLES: Final = 100
FEW_REMEMBERED: Final = 100

ODD: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 2**63, 1e308, 0.5, "", "x", "4", "firing", "*", "madrid", "\x00"),
    *("\ud800", "ß" * 300, [], {}, [[]], {"a": 1}, ["x"] * 50, "0001-01-01T00:00:00Z"),
    *("9999-12-31T23:59:59.999999999+14:00", "2026-02-30T00:00:00Z", "2026-01-01T00:00:00Z"),
)

Dice = random.Random


def bodies(dice: Dice, count: int, bridged: Bridged) -> Iterator[bytes]:
    """Good webhooks with something wrong in each."""
    rows = bridged.breached()
    makers: tuple[Callable[[Dice, dict[str, Any]], bytes], ...] = (
        _changed,
        _changed,
        _changed,
        _cut,
        _flipped,
        _noise,
        _nested,
    )
    for _ in range(count):
        alerts = [bridged.an_alert(dice.choice(rows)) for _ in range(dice.randint(0, 3))]
        body = json.loads(a_body(alerts))
        yield dice.choice(makers)(dice, body)


def _changed(dice: Dice, body: dict[str, Any]) -> bytes:
    """Some member somewhere is gone, odd, or there twice under another name."""
    for _ in range(dice.randint(1, 4)):
        place: Any = body
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = dice.choice(keys)
            inner = place[key]
            if isinstance(inner, dict | list) and inner and dice.random() < 0.7:
                place = inner
                continue
            if dice.random() < 0.3:
                del place[key]
            else:
                place[key] = deepcopy(dice.choice(ODD))
            break
    return json.dumps(body).encode()


def _cut(dice: Dice, body: dict[str, Any]) -> bytes:
    whole = json.dumps(body).encode()
    return whole[: dice.randrange(len(whole))]


def _flipped(dice: Dice, body: dict[str, Any]) -> bytes:
    whole = bytearray(json.dumps(body).encode())
    for _ in range(dice.randint(1, 8)):
        whole[dice.randrange(len(whole))] = dice.randrange(256)
    return bytes(whole)


def _noise(dice: Dice, _body: dict[str, Any]) -> bytes:
    return dice.randbytes(dice.randint(0, 200))


def _nested(dice: Dice, body: dict[str, Any]) -> bytes:
    depth = dice.randint(1, 200)
    deep = b"[" * depth + b"]" * depth
    return json.dumps({**body, "x": 7}).encode().replace(b'"x": 7', b'"x": ' + deep)


def growth_of(samples: list[tuple[int, float]]) -> float:
    """MiB that memory grew over the second half of the run, by its slope there."""
    later = samples[len(samples) // 2 :]
    numbers, memory = zip(*later, strict=True)
    slope, _ = statistics.linear_regression(numbers, memory)
    return float(slope * (numbers[-1] - numbers[0]))


def main(count: int) -> int:
    """Send so many, and say what came of them."""
    offered.MOST_REMEMBERED = FEW_REMEMBERED  # type: ignore[misc] # as said above
    dice = random.Random(count)  # noqa: S311 - the same each time
    allowed = {status for status, _ in ANSWERS}
    found: Counter[int] = Counter()
    samples = []
    with Watched(replications=30) as watched:
        be_late(watched, 3)
        bridged = Bridged(watched)
        for number, body in enumerate(bodies(dice, count, bridged)):
            status = bridged.post(body).status
            if status not in allowed:
                sys.exit(f"answered {status} to {body!r}")
            found[status] += 1
            if number % max(count // SAMPLES, 1) == 0:
                watched.log.records.clear()
                watched.work(1)
                samples.append((number, psutil.Process().memory_info().rss / 2**20))
        alerts = sum(bridged.arrivals.facts.alerts.values())
        outcomes = sum(bridged.outcomes().values())
        waiting = sum(each.outcome is None for each in watched.ledger.triggers())
        grown = growth_of(samples)
        sys.stdout.write(
            f"{count} bodies, answers {dict(sorted(found.items()))}; alerts {alerts} = outcomes"
            f" {outcomes} + waiting {waiting}; grown {grown:.2f} MiB over the second half by slope;"
            f" POSTs {watched.madrid.posts}\n"
        )
    return 0 if alerts == outcomes + waiting and grown <= MOST_MEBIBYTES else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
