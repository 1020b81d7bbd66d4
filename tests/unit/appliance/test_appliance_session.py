from __future__ import annotations

import logging

import httpx
import pytest

from tests.scripted import (
    PASSWORD,
    TOKEN,
    V1,
    V2,
    Answer,
    Reader,
    Script,
    a_page,
    breaks,
    reply,
)
from vr_exporter.appliance.errors import ApplianceError, Refused, Unreadable
from vr_exporter.domain.events import LoggedIn, Requested, Retried


def a_script() -> Script:
    """An appliance without pairings."""
    return Script().on("GET", "/pairings", reply(a_page([])))


def test_the_first_request_logs_in_and_later_ones_share_its_session() -> None:
    """One login serves every request of every poll (fault-matrix A25)."""
    script = a_script()
    reader = Reader(script)
    for _ in range(3):
        reader.appliance.begin_poll(60)
        reader.appliance.pairings()
    assert len(script.asked("POST", "/session")) == 1
    tokens = {request.headers["x-dr-session"] for request in script.asked("GET", "/pairings")}
    assert tokens == {TOKEN}
    assert reader.told(LoggedIn) == [LoggedIn(succeeded=True)]


def test_a_login_sends_basic_credentials_and_nothing_else_does() -> None:
    """The password travels to /session only, as Basic in UTF-8."""
    script = a_script()
    Reader(script).appliance.pairings()
    expected = httpx.BasicAuth("monitor@vsphere.local", PASSWORD)._auth_header
    assert [request.headers.get("authorization") for request in script.requests] == [expected, None]


def test_v2_is_taken_where_it_answers() -> None:
    """The newest API version comes first."""
    reader = Reader(a_script())
    reader.appliance.pairings()
    assert reader.appliance.api == "v2"


def test_v1_is_taken_where_no_v2_answers() -> None:
    """A base path that answers 404 is left for the older one, without a failed login."""
    script = a_script().on("POST", f"{V2}/session", reply(status=404))
    reader = Reader(script)
    reader.appliance.pairings()
    assert reader.appliance.api == "v1"
    assert script.requests[-1].url.path == f"{V1}/pairings"
    assert reader.told(LoggedIn) == [LoggedIn(succeeded=True)]


def test_A59_an_upgrade_is_found_when_a_base_path_goes(caplog: pytest.LogCaptureFixture) -> None:
    """The API is looked for anew at once, the request is asked of it, and the change is told."""
    caplog.set_level(logging.INFO)
    script = a_script().on("POST", f"{V2}/session", reply(status=404))
    reader = Reader(script)
    reader.appliance.pairings()
    script.on("POST", f"{V2}/session", reply({"session_id": TOKEN}))
    script.on("GET", f"{V1}/pairings", reply(status=404))
    reader.appliance.pairings()
    assert reader.appliance.api == "v2"
    assert "API version changed" in caplog.messages


def test_A59_a_base_endpoint_that_is_missing_in_the_only_version_fails() -> None:
    """One login anew finds nothing else, and the 404 is told as it is."""
    script = a_script().on("GET", f"{V2}/pairings", reply(status=404))
    reader = Reader(script)
    with pytest.raises(Refused) as caught:
        reader.appliance.pairings()
    assert caught.value.reason == "not_found"
    assert len(script.asked("POST", "/session")) == 2


def test_A59_no_known_version_is_not_guessed_at() -> None:
    """An address without any known base path is named as no appliance, or an unknown one."""
    script = Script().on("POST", "/session", reply(status=404))
    with pytest.raises(Unreadable, match="not a vSphere Replication appliance") as caught:
        Reader(script).appliance.pairings()
    assert caught.value.reason == "schema"


def test_A22_a_refused_password_is_tried_once_in_five_minutes() -> None:
    """A wrong password costs one login per five minutes, however often we poll."""
    script = a_script().on("POST", "/session", reply(status=401))
    reader = Reader(script)
    for _ in range(12):
        reader.appliance.begin_poll(60)
        with pytest.raises(Refused) as caught:
            reader.appliance.pairings()
        assert (caught.value.reason, caught.value.status) == ("auth", 401)
        reader.clock.advance(50)
    assert len(script.asked("POST", "/session")) == 2
    assert reader.told(LoggedIn) == [LoggedIn(succeeded=False)] * 2


def test_A22_a_changed_secret_is_tried_at_once() -> None:
    """A rotated password need not wait for the old one's five minutes."""
    script = a_script().on("POST", "/session", reply(status=401), reply({"session_id": TOKEN}))
    reader = Reader(script)
    with pytest.raises(Refused):
        reader.appliance.pairings()
    reader.password = "a new one"
    assert reader.appliance.pairings() == ()


def test_A23_an_expired_session_is_renewed_and_the_request_repeated() -> None:
    """A 401 in a poll costs one login, and the poll goes on."""
    script = a_script().on("GET", "/pairings", reply(status=401), reply(a_page([])))
    reader = Reader(script)
    assert reader.appliance.pairings() == ()
    assert len(script.asked("POST", "/session")) == 2
    assert reader.told(Retried) == [Retried("session_expired")]


def test_A23_a_second_401_ends_the_poll() -> None:
    """A session is renewed once a poll; what fails again is the reason `session`."""
    script = a_script().on("GET", "/pairings", reply(status=401))
    reader = Reader(script)
    for _ in range(2):
        with pytest.raises(Refused) as caught:
            reader.appliance.pairings()
        assert caught.value.reason == "session"
    assert len(script.asked("POST", "/session")) == 2


def test_A23_the_next_poll_may_renew_again() -> None:
    """The budget of one renewal is a poll's."""
    good = reply(a_page([]))
    script = a_script().on("GET", "/pairings", reply(status=401), good, reply(status=401), good)
    reader = Reader(script)
    reader.appliance.pairings()
    reader.appliance.begin_poll(60)
    assert reader.appliance.pairings() == ()


BAD_LOGINS: dict[str, tuple[Answer, str]] = {
    "empty token": (reply({"session_id": ""}), "schema"),
    "token with a space": (reply({"session_id": "a b"}), "schema"),
    "token with a line break": (reply({"session_id": "a\r\nx: y"}), "schema"),
    "endless token": (reply({"session_id": "x" * 4097}), "schema"),
    "no token": (reply({}), "schema"),
    "page": (reply(body=b"<html>hello</html>"), "not_json"),
    "redirect": (reply(status=302, headers={"location": "https://else.example/x"}), "redirect"),
    "broken server": (reply(status=500), "server_error"),
}


@pytest.mark.parametrize("name", BAD_LOGINS)
def test_a_login_that_gives_no_usable_token_fails(name: str) -> None:
    """A token must be one that a header can carry; everything else is a failed login."""
    answer, reason = BAD_LOGINS[name]
    reader = Reader(a_script().on("POST", "/session", answer))
    with pytest.raises(ApplianceError) as caught:
        reader.appliance.pairings()
    assert caught.value.reason == reason
    assert reader.told(LoggedIn) == [LoggedIn(succeeded=False)]


def test_A25_closing_logs_out_out_of_turn() -> None:
    """The session is deleted at the end, whatever the pace says, and only once."""
    script = a_script()
    reader = Reader(script)
    reader.appliance.pairings()
    reader.appliance.close()
    reader.appliance.close()
    (logout,) = script.asked("DELETE", "/session")
    assert logout.headers["x-dr-session"] == TOKEN
    assert reader.clock.waits == []


@pytest.mark.parametrize("failure", ["500", "unreachable"])
def test_A25_a_failed_logout_is_logged_and_raises_nothing(
    failure: str, caplog: pytest.LogCaptureFixture
) -> None:
    """An orderly stop does not hang on a dead appliance."""
    answer = reply(status=500) if failure == "500" else breaks(httpx.ConnectError)
    script = a_script().on("DELETE", "/session", answer)
    reader = Reader(script)
    reader.appliance.pairings()
    reader.appliance.close()
    assert caplog.messages == ["logout failed"]


def test_closing_without_a_session_sends_nothing() -> None:
    """Who never logged in need not log out."""
    script = a_script()
    Reader(script).appliance.close()
    assert script.requests == []


def test_no_secret_is_in_an_error_or_an_event() -> None:
    """What the appliance echoes of our secrets is hidden; events hold none."""
    echo = reply(status=500, body=f"you sent {TOKEN} and {PASSWORD}".encode())
    script = a_script().on("GET", "/pairings", echo)
    reader = Reader(script)
    with pytest.raises(Refused) as caught:
        reader.appliance.pairings()
    shown = f"{caught.value} {reader.events}"
    assert TOKEN not in shown
    assert PASSWORD not in shown
    assert (
        Requested("pairings", "GET", "500", 0.0, len(TOKEN) + len(PASSWORD) + 14) in reader.events
    )
