from __future__ import annotations

import re
from typing import Any

import pytest

from tests.asking import Asker, an_asker, body_of
from vr_exporter.simulator.v1 import to_v1


def _v1(**options: Any) -> Asker:
    asker = an_asker(**options)
    asker.version = "v1"
    return asker


def test_times_are_strings_in_v1() -> None:
    """Where v2 sends milliseconds, v1 sends ISO 8601."""
    row = _v1().rows()[0]
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", row["last_sync_time"])


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("iso", "2025-10-09T08:53:20.001Z"),
        ("iso_offset", "2025-10-09T08:53:20.001+00:00"),
        ("digits", "1760000000001"),
    ],
)
def test_form_of_the_time_strings_is_a_switch(form: str, written: str) -> None:
    """The vendor does not publish the form."""
    document = {"list": [{"queued_time": 1760000000001, "start_time": None}]}
    assert to_v1(document, times=form) == {"list": [{"queued_time": written, "start_time": None}]}


def test_time_beyond_the_calendar_is_written_as_digits() -> None:
    """A time that no calendar has does not break the answer."""
    assert to_v1({"timestamp": 10**18}) == {"timestamp": str(10**18)}


def test_serial_numbers_are_integers_in_v1() -> None:
    """Certificates have a number there, a string in v2."""
    asker = an_asker()
    text = asker.read("/info")["certificates"][0]["serial_number"]
    asker.version = "v1"
    assert asker.read("/info")["certificates"][0]["serial_number"] == int(text)


def test_one_version_alone_can_exist() -> None:
    """The base path of the other answers 404."""
    asker = _v1(versions=frozenset({"v1", "v2"}))
    assert asker.get("/info").status == 200
    alone = an_asker(versions=frozenset({"v2"}))
    alone.version = "v1"
    assert alone.get("/info").status == 404


def test_points_in_time_are_not_in_v1() -> None:
    """They are newer than either first version."""
    asker = an_asker(instances=True)
    path = f"{asker.replication()}/instances"
    assert asker.get(path).status == 200
    asker.version = "v1"
    assert asker.get(path).status == 404


def test_every_time_of_a_task_and_of_an_issue_is_a_string_in_v1() -> None:
    """Times are strings wherever they stand, null ones stay null."""
    asker = _v1()
    task = asker.post(f"{asker.replication()}/actions/sync")
    task_id = body_of(task)["id"]
    asker.clock.advance(600)
    done = next(row for row in asker.read("/tasks")["list"] if row["id"] == task_id)
    times = [done[name] for name in ("queued_time", "start_time", "complete_time")]
    assert all(isinstance(moment, str) and moment.endswith("Z") for moment in times)
    assert body_of(task)["complete_time"] is None
    asker.world.set_down("berlin")
    issues = asker.read(f"{asker.pairing}/issues")["list"]
    assert issues
    assert all(isinstance(issue["timestamp"], str) for issue in issues)
