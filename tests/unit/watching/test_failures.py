"""Failures in words: one line a reason, and what a missing privilege costs."""

from __future__ import annotations

from vr_exporter.appliance.errors import Refused, Unreachable
from vr_exporter.cli.check.privileges import READINGS
from vr_exporter.domain.names import SiteName
from vr_exporter.watching.failures import COSTS, ROLE, told
from vr_exporter.watching.reading import Failure

MADRID = SiteName("madrid")


def forbidden(where: str, privilege: str) -> Failure:
    """An endpoint that the account may not read."""
    return Failure(where, Refused("forbidden", "denied", status=403, privilege=privilege))


def test_R5_failures_of_one_reason_are_one_line() -> None:
    """Twenty pairings that fail alike are one event; the line says where and how many."""
    reset = Unreachable("reset", "broken off")
    lines = told(MADRID, [Failure(f"replications {n}", reset) for n in range(20)])
    assert list(lines) == [("reset", "")]
    facts = lines["reset", ""][1]
    assert facts == {
        "site": "madrid",
        "reason": "reset",
        "where": "replications 0, replications 1, replications 2 and 17 more",
        "error": "broken off",
    }


def test_A26_a_missing_privilege_is_named_with_the_role_and_the_metrics_that_it_costs() -> None:
    """One line a privilege, whatever the number of pairings."""
    lines = told(
        MADRID,
        [
            forbidden("tasks", "System.View"),
            forbidden("pairing_issues rome", "Hms.View"),
            forbidden("pairing_issues berlin", "Hms.View"),
        ],
    )
    assert [facts["privilege"] for _, facts in lines.values()] == ["System.View", "Hms.View"]
    assert [facts["metrics_lost"] for _, facts in lines.values()] == [
        "vr_tasks* vr_task_*",
        'vr_issues{scope="pairing"}',
    ]
    assert {facts["role"] for _, facts in lines.values()} == {ROLE}


def test_A26_the_log_and_the_check_name_the_same_metrics() -> None:
    """An operator who follows the log's line finds it confirmed by `check`."""
    assert {endpoint: reading.families for endpoint, reading in READINGS.items()} == COSTS
