from __future__ import annotations

import pytest

from vr_exporter.cli.sync.speed import WINDOW_SECONDS, Progress, Speed

MIB = 2**20


def seen(*sightings: Progress) -> Speed:
    """A speed that saw these."""
    speed = Speed()
    for sighting in sightings:
        speed.see(sighting)
    return speed


def test_rate_and_time_left_follow_from_the_bytes() -> None:
    """100 of 400 MiB in ten seconds: 30 more seconds."""
    speed = seen(Progress(0, 0.0, 0, 400 * MIB), Progress(10, 0.25, 100 * MIB, 400 * MIB))
    assert speed.bytes_per_second == 10 * MIB
    assert speed.seconds_left == 30


def test_one_sighting_makes_no_speed() -> None:
    """What is not known is not shown."""
    speed = seen(Progress(0, 0.5, 50 * MIB, 100 * MIB))
    assert (speed.bytes_per_second, speed.seconds_left) == (None, None)


def test_readings_between_two_changes_do_not_slow_it_down() -> None:
    """An exporter is asked more often than it asks: only changes are measured."""
    speed = seen(*(Progress(at, None, 100 * (at // 60), 1000) for at in range(0, 100, 2)))
    assert speed.bytes_per_second == pytest.approx(100 / 60)


def test_time_left_follows_from_the_share_where_no_bytes_are_known() -> None:
    """A task says its share alone."""
    speed = seen(Progress(0, 0.2), Progress(20, 0.4))
    assert speed.bytes_per_second is None
    assert speed.seconds_left == pytest.approx(60)


def test_a_sync_that_starts_over_is_measured_anew() -> None:
    """Totals may grow and shares fall while it runs."""
    speed = seen(Progress(0, 0.1), Progress(10, 0.9), Progress(20, 0.1))
    assert speed.seconds_left is None


def test_a_stalled_sync_has_no_speed_in_the_end() -> None:
    """What moved long ago does not tell when it will be over."""
    later = WINDOW_SECONDS + 20
    speed = seen(
        Progress(0, 0.1, 10, 100), Progress(10, 0.2, 20, 100), Progress(later, 0.2, 20, 100)
    )
    assert (speed.bytes_per_second, speed.seconds_left) == (None, None)


def test_a_share_follows_from_the_bytes_and_stays_within_0_and_1() -> None:
    """The appliance may say more than all."""
    assert Progress(0, None, 50, 100).share == 0.5
    assert Progress(0, 1.2).share == 1.0
    assert Progress(0, None, 150, 100).share == 1.0
    assert Progress(0, None, 50, None).share is None


def test_a_sighting_out_of_order_is_left_aside() -> None:
    """Time goes one way."""
    speed = seen(Progress(10, 0.5), Progress(9, 0.4))
    assert speed.latest == Progress(10, 0.5)
