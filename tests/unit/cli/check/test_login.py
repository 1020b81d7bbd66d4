from __future__ import annotations

from tests.builders import some_appliance_facts
from vr_exporter.appliance.errors import Refused, Unreachable
from vr_exporter.cli.check import login
from vr_exporter.cli.check.report import Finding, Mark
from vr_exporter.domain.events import ClockRead


def refused(username: str, *, was_asked: bool = True) -> Finding:
    """A login that ended in 401."""
    error = Refused("auth", "POST /session answered 401", status=401)
    return login.refused(error, username=username, source="/run/secrets/vr", was_asked=was_asked)


def test_A22_a_refused_login_names_the_account_the_password_file_and_the_wait() -> None:
    """Nobody is to try again and again until the account is locked."""
    found = refused("monitor@vsphere.local")
    assert (found.mark, found.text) == (Mark.FAIL, "monitor@vsphere.local is refused")
    assert "/run/secrets/vr" in found.remedy
    assert "5 min" in found.remedy


def test_a_user_without_a_domain_is_hinted_at_it() -> None:
    """The most common slip: the user's directory is missing from the name."""
    assert "monitor@vsphere.local" in refused("monitor").remedy


def test_a_user_of_a_windows_domain_has_one() -> None:
    """DOMAIN, backslash, user is as good as user, at, domain."""
    assert "no domain" not in refused("CORP\\monitor").text


def test_A22_a_login_that_waits_is_told_as_such() -> None:
    """Where a refusal a moment ago holds us back, the site was not asked again."""
    error = Refused("auth", "the password was refused: it is tried again in 200 s", status=401)
    found = login.refused(error, username="m@v", source="the settings", was_asked=False)
    assert found.text == "the password was refused: it is tried again in 200 s"
    assert found.remedy == "correct the password (the settings): a new one is tried at once"


def test_a_login_without_an_answer_is_no_matter_of_the_password() -> None:
    """A timeout at login does not send people to their secrets."""
    error = Unreachable("timeout", "no answer in 20 s")
    found = login.refused(error, username="m@v", source="the settings", was_asked=False)
    assert found.text == "no answer in 20 s"
    assert "password" not in found.remedy


def test_version_build_api_and_vcenter_are_told() -> None:
    """One line says what runs there."""
    assert login.version(some_appliance_facts()).text == (
        "vSphere Replication 9.0.3 build 24000000, registered with vc.madrid.example, API v2"
    )


def test_api_v1_is_a_warning() -> None:
    """It is deprecated."""
    assert login.version(some_appliance_facts(api="v1")).mark is Mark.WARN


def test_A38_a_clock_that_is_off_by_more_than_a_minute_is_a_warning() -> None:
    """The limit is the alert's."""
    near, far = (next(login.clock([ClockRead(skew)])) for skew in (60.0, -61.0))
    assert (near.mark, far.mark) == (Mark.OK, Mark.WARN)
    assert far.text == "the appliance is 1m1s behind this machine"


def test_without_a_date_nothing_is_said_of_the_clock() -> None:
    """Unknown is no finding."""
    assert list(login.clock([])) == []
