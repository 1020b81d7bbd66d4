from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from vr_exporter.appliance.answers import PRIVILEGES
from vr_exporter.cli.check.privileges import READINGS, Reading
from vr_exporter.metrics.catalogue import TABLES

FAMILIES = {family.name for table in TABLES for family in table.families}


@pytest.mark.parametrize("reading", READINGS.values(), ids=READINGS.keys())
def test_what_is_lost_without_an_endpoint_exists(reading: Reading) -> None:
    """Each name or pattern fits at least one family of the page."""
    for pattern in reading.families:
        bare = pattern.partition("{")[0]
        assert any(fnmatchcase(family, bare) for family in FAMILIES), pattern


@pytest.mark.parametrize("endpoint", [name for name in READINGS if name != "info"])
def test_check_and_client_name_the_same_privileges(endpoint: str) -> None:
    """The log line of a refusal and the line of `check` agree."""
    assert " and ".join(READINGS[endpoint].privileges) == PRIVILEGES[endpoint]
