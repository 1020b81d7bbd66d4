from __future__ import annotations

from vr_exporter.cli.check.privileges import READING_PRIVILEGES, READINGS
from vr_exporter.cli.check.roles import TRIGGER_ROLE, VIEWER_ROLE, script


def test_C33_the_viewer_role_has_every_privilege_that_reading_takes_and_no_other() -> None:
    """Least privilege: what the endpoints of a poll demand, and nothing to act with."""
    viewing = script().partition("$viewing = @(")[2].partition(")")[0]
    assert [line.strip(" '") for line in viewing.split()] == [f"{p}" for p in READING_PRIVILEGES]
    assert "Host.Hbr.HbrManagement" not in viewing


def test_the_trigger_role_adds_the_right_to_sync() -> None:
    """The account that starts syncs may read too, since it follows its tasks."""
    syncing = script().partition("$syncing = $viewing + @(")[2].partition(")")[0]
    assert syncing.split() == ["'Host.Hbr.HbrManagement'"]


def test_C33_the_script_makes_both_roles_and_says_that_it_is_untried() -> None:
    """Nobody is to run it in good faith on a production vCenter without reading it."""
    text = script()
    assert f"'{VIEWER_ROLE}'" in text
    assert f"'{TRIGGER_ROLE}'" in text
    assert "Not yet tried on a real vCenter" in text
    assert text.count("{") == text.count("}")
    assert text.count("(") == text.count(")")
    assert text.endswith("}\n")


def test_each_endpoint_of_a_poll_names_what_is_lost_without_it() -> None:
    """No refusal without its cost in families."""
    assert all(reading.families for reading in READINGS.values())
