"""Ages by a clock that nobody sets."""

from __future__ import annotations

import math

from vr_exporter.watching.freshness import Freshness


def test_a_part_ages_from_when_it_was_read_and_one_never_read_has_no_age() -> None:
    """Nothing is too old that was never there."""
    now = 100.0
    freshness = Freshness(lambda: now)
    freshness.renew("tasks")
    now = 130.0
    assert (freshness.age("tasks"), freshness.age("servers")) == (30.0, None)
    assert [freshness.has_aged("tasks", limit) for limit in (30.0, 29.0)] == [False, True]
    assert not freshness.has_aged("servers", 0.0)


def test_R2_what_is_too_old_stays_so_until_it_is_read_again() -> None:
    """A throttle stretches the interval, and the limit with it: old values do not come back."""
    now = 100.0
    freshness = Freshness(lambda: now)
    freshness.renew("site")
    now = 450.0
    assert freshness.has_aged("site", 300.0)
    assert freshness.has_aged("site", 900.0)
    freshness.renew("site")
    assert not freshness.has_aged("site", 900.0)


def test_the_next_part_to_grow_too_old_is_the_one_to_wait_for() -> None:
    """Those that are too old already are not waited for."""
    now = 100.0
    freshness = Freshness(lambda: now)
    freshness.renew("old", age=400.0)
    freshness.renew("next", age=100.0)
    freshness.renew("new")
    assert freshness.seconds_until_older(300.0) == 200.0
    assert freshness.seconds_until_older(50.0) == 50.0
    freshness.keep_only({"old"})
    assert freshness.seconds_until_older(300.0) == math.inf
