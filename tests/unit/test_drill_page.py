"""The page of the drill: seconds of the hurried clock become seconds of the machine's."""

from __future__ import annotations

from tests.drill.hurry import HurriedTime
from tests.drill.page import at_rest

TIME = HurriedTime(1000.0)
PAGE = """\
# HELP vr_clock_skew_seconds By 60 s or more.
# TYPE vr_clock_skew_seconds gauge
vr_clock_skew_seconds{site="a 60 }"} -120
vr_replication_last_sync_timestamp_seconds{vm="a\\"} 9"} 1600.0
vr_api_throttle_wait_seconds_total 90
vr_sync_duration_seconds_bucket{site="a",le="300.0"} 4
vr_sync_duration_seconds_bucket{site="a",le="+Inf"} 5
vr_sync_duration_seconds_sum{site="a"} 600.0
vr_sync_duration_seconds_count{site="a"} 5
vr_up{site="a"} 1
vr_replication_info{vm="vr_rpo_seconds 60"} 1
process_start_time_seconds 60
# EOF
"""


def test_seconds_are_divided_and_nothing_else_changes() -> None:
    """Spans by sixty, timestamps by their distance from the common start, bounds of buckets too."""
    lines = at_rest(PAGE, TIME).splitlines()
    changed = {2: '{site="a 60 }"} -2.0', 3: "} 1010.0", 4: " 1.5", 5: 'le="5.0"} 4', 7: "} 10.0"}
    for number, line in enumerate(PAGE.splitlines()):
        if number in changed:
            assert lines[number].endswith(changed[number])
        else:
            assert lines[number] == line


def test_an_age_shrinks_as_a_threshold_does() -> None:
    """Ten minutes of the hurried clock are ten seconds to Prometheus."""
    assert TIME.at_rest(2000.0) - TIME.at_rest(1400.0) == 10.0
