from __future__ import annotations

from email.utils import formatdate

import httpx
import pytest

from tests.scripted import Reader, Script, a_page, reply
from tests.simulated import AN_INSTANT, ManualClock
from vr_exporter.appliance.errors import Refused, Stopping
from vr_exporter.appliance.throttle import Throttle
from vr_exporter.appliance.transport import Answer
from vr_exporter.domain.events import Event, HeldBack, Retried, Throttled

PAST = "Thu, 01 Jan 2015 00:00:00 GMT"
"""A date that no appliance can mean when it says until when to wait."""


def a_throttle(random: float = 0.5) -> tuple[Throttle, ManualClock, list[Event]]:
    """A throttle whose jitter is known: 0.5 is none for waits of our own."""
    clock, events = ManualClock(), list[Event]()
    return Throttle(clock=clock.clock(), tell=events.append, random=lambda: random), clock, events


def an_answer(status: int, **headers: str) -> Answer:
    """An answer that asks us to hold back."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, httpx.Headers(sent))


@pytest.mark.parametrize(
    ("retry_after", "seconds"), [("17", 17), ("0", 1), ("3600", 900), (" 5 ", 5)]
)
def test_A29_retry_after_in_seconds_is_heeded(retry_after: str, seconds: float) -> None:
    """The wait is what was asked for, at least a second and at most fifteen minutes."""
    throttle, _, _ = a_throttle(random=0.0)
    throttle.hold(an_answer(429, retry_after=retry_after))
    assert throttle.left_seconds() == pytest.approx(seconds)


def test_A29_retry_after_as_a_date_counts_from_the_appliances_clock() -> None:
    """A date is taken against the Date header, so that a wrong clock does no harm."""
    throttle, _, _ = a_throttle(random=0.0)
    skewed = AN_INSTANT + 5000
    throttle.hold(
        an_answer(
            429,
            date=formatdate(skewed, usegmt=True),
            retry_after=formatdate(skewed + 40, usegmt=True),
        )
    )
    assert throttle.left_seconds() == pytest.approx(40)


@pytest.mark.parametrize("random", [0.0, 0.5, 1.0])
def test_A29_jitter_stays_within_ten_percent(random: float) -> None:
    """A wait is jittered by at most a tenth, and one that was asked for is never cut short."""
    throttle, _, _ = a_throttle(random=random)
    throttle.hold(an_answer(429, retry_after="100"))
    assert 100 <= throttle.left_seconds() <= 110.001
    throttle.hold(an_answer(429))
    assert 54 <= throttle.left_seconds() <= 66


@pytest.mark.parametrize("retry_after", ["", "-5", "1000000000", "soon", "1e3", "١٢", PAST])
def test_A30_without_a_usable_retry_after_the_wait_doubles(retry_after: str) -> None:
    """Nothing and nonsense count alike: 30 s, 60 s and so on up to fifteen minutes."""
    throttle, _, _ = a_throttle()
    headers = {"retry_after": retry_after} if retry_after.isascii() and retry_after else {}
    waits = []
    for _ in range(7):
        throttle.hold(an_answer(429, **headers))
        waits.append(throttle.left_seconds())
    assert waits == pytest.approx([30, 60, 120, 240, 480, 900, 900])


def test_A31_a_503_starts_at_five_seconds() -> None:
    """An appliance that starts up is asked again sooner than one that throttles."""
    throttle, _, _ = a_throttle()
    throttle.hold(an_answer(503))
    assert throttle.left_seconds() == pytest.approx(5)
    throttle.relax()
    throttle.hold(an_answer(503))
    assert throttle.left_seconds() == pytest.approx(5)


def test_throttling_and_its_end_are_told() -> None:
    """The time until which we hold back is told on the wall clock, and when it is over."""
    throttle, _, events = a_throttle(random=0.0)
    throttle.hold(an_answer(429, retry_after="20"))
    throttle.wait()
    assert events == [Throttled(AN_INSTANT + 20), HeldBack(20.0), Throttled(None)]


def test_a_stop_ends_the_wait() -> None:
    """Nobody waits out a throttle when the program is to end."""
    throttle, clock, _ = a_throttle()
    throttle.hold(an_answer(429))
    clock.stop()
    with pytest.raises(Stopping):
        throttle.wait()


def test_A29_a_throttled_read_is_repeated_after_the_wait() -> None:
    """A short throttle within the poll's time costs a retry and a wait, and no failure."""
    throttled = reply(status=429, headers={"retry-after": "7"})
    script = Script().on("GET", "/pairings", throttled, reply(a_page([])))
    reader = Reader(script, random=lambda: 0.0)
    assert reader.appliance.pairings() == ()
    assert sum(reader.clock.waits) == pytest.approx(7)
    assert reader.told(Retried) == [Retried("throttled")]


def test_A29_a_throttle_longer_than_the_poll_ends_it() -> None:
    """Rather than block, the poll ends as throttled, and later requests are not even sent."""
    script = Script().on("GET", "/pairings", reply(status=429, headers={"retry-after": "300"}))
    reader = Reader(script)
    for _ in range(2):
        with pytest.raises(Refused) as caught:
            reader.appliance.pairings()
        assert (caught.value.reason, caught.value.status) == ("throttled", 429)
    assert len(script.asked("GET", "/pairings")) == 1
    assert sum(reader.clock.waits) == 0


def test_A29_all_requests_of_the_site_pause() -> None:
    """While one endpoint is throttled no other is asked either; afterwards all are again."""
    script = Script().on("GET", "/pairings", reply(status=429, headers={"retry-after": "300"}))
    reader = Reader(script)
    with pytest.raises(Refused):
        reader.appliance.pairings()
    with pytest.raises(Refused, match="hold back"):
        reader.appliance.tasks()
    reader.clock.advance(331)
    reader.appliance.begin_poll(60)
    assert reader.appliance.tasks() == ()
    assert reader.told(Throttled)[-1] == Throttled(None)


def test_A31_a_503_is_a_server_error_after_which_we_log_in_anew() -> None:
    """A restarted appliance knows no session: the next poll begins with a login."""
    script = Script().on("GET", "/pairings", reply(status=503), reply(a_page([])))
    reader = Reader(script)
    reader.appliance.begin_poll(3)
    with pytest.raises(Refused) as caught:
        reader.appliance.pairings()
    assert caught.value.reason == "server_error"
    reader.clock.advance(10)
    reader.appliance.begin_poll(60)
    reader.appliance.pairings()
    assert len(script.asked("POST", "/session")) == 2
