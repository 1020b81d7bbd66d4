from __future__ import annotations

import httpx
import pytest

from tests.builders import a_pairing
from tests.scripted import TOKEN, Reader, Script, a_page, reply
from vr_exporter.appliance.errors import Refused
from vr_exporter.domain.credentials import Credentials
from vr_exporter.domain.events import LoggedIn

PAIRING_ID = a_pairing().id
PATH = f"/pairings/{PAIRING_ID}/remote-session"
REMOTE = Credentials("monitor@remote.local", "remote password")


def a_script() -> Script:
    """An appliance that lets us in at the remote site."""
    script = Script().on("GET", "/pairings", reply(a_page([])))
    script.on("POST", PATH, reply(status=204))
    return script.on("GET", PATH, reply({"username": "x"}))


def test_a_remote_session_that_answers_is_there() -> None:
    """Who is named at the remote site is logged in there."""
    assert Reader(a_script()).appliance.has_remote_session(PAIRING_ID)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
def test_an_error_answer_says_that_there_is_no_remote_session(status: int) -> None:
    """No error of this question is retried or costs our own session."""
    script = a_script().on("GET", PATH, reply(status=status))
    assert not Reader(script).appliance.has_remote_session(PAIRING_ID)
    assert len(script.asked("POST", "/session")) == 1
    assert len(script.asked("GET", "/remote-session")) == 1


def test_a_throttled_question_is_no_answer() -> None:
    """A 429 says nothing about the remote session."""
    script = a_script().on("GET", PATH, reply(status=429))
    with pytest.raises(Refused) as caught:
        Reader(script).appliance.has_remote_session(PAIRING_ID)
    assert caught.value.reason == "throttled"


def test_the_remote_login_sends_our_token_and_the_remote_credentials() -> None:
    """The remote session belongs to the token of the local one."""
    script = a_script()
    Reader(script).appliance.open_remote_session(PAIRING_ID, REMOTE)
    (request,) = script.asked("POST", "/remote-session")
    assert request.headers["x-dr-session"] == TOKEN
    expected = httpx.BasicAuth(REMOTE.username, REMOTE.password)._auth_header
    assert request.headers["authorization"] == expected


def test_A58_a_refused_remote_password_waits_five_minutes() -> None:
    """Wrong remote credentials are tried once in five minutes, and are no failed local login."""
    script = a_script().on("POST", PATH, reply(status=401)).on("GET", "/session", reply({}))
    reader = Reader(script)
    for _ in range(2):
        with pytest.raises(Refused) as caught:
            reader.appliance.open_remote_session(PAIRING_ID, REMOTE)
        assert caught.value.reason == "auth"
    assert len(script.asked("POST", "/remote-session")) == 1
    assert reader.told(LoggedIn) == [LoggedIn(succeeded=True)]
    reader.clock.advance(300)
    reader.appliance.begin_poll(60)
    script.on("POST", PATH, reply(status=204))
    reader.appliance.open_remote_session(PAIRING_ID, REMOTE)


def test_a_401_that_is_about_our_own_session_is_healed() -> None:
    """A dead local session is not mistaken for a wrong remote password."""
    script = a_script().on("POST", PATH, reply(status=401), reply(status=204))
    script.on("GET", "/session", reply(status=401), reply({"username": "x"}))
    Reader(script).appliance.open_remote_session(PAIRING_ID, REMOTE)
    assert len(script.asked("POST", "/remote-session")) == 2


def test_A23_a_renewed_session_makes_its_remote_sessions_again() -> None:
    """The remote login is redone before the request that failed is repeated."""
    script = a_script()
    reader = Reader(script)
    reader.appliance.open_remote_session(PAIRING_ID, REMOTE)
    script.on("GET", "/pairings", reply(status=401), reply(a_page([])))
    reader.appliance.pairings()
    last = [(request.method, request.url.path.rpartition("/")[2]) for request in script.requests]
    assert last[-4:] == [
        ("GET", "pairings"),
        ("POST", "session"),
        ("POST", "remote-session"),
        ("GET", "pairings"),
    ]


def test_a_remote_site_that_is_down_does_not_break_the_renewal() -> None:
    """The local session is what the poll needs; the remote one is looked at again next time."""
    script = a_script().on("POST", PATH, reply(status=204), reply(status=500))
    reader = Reader(script)
    reader.appliance.open_remote_session(PAIRING_ID, REMOTE)
    script.on("GET", "/pairings", reply(status=401), reply(a_page([])))
    assert reader.appliance.pairings() == ()


def test_no_remote_password_is_shown() -> None:
    """What the appliance echoes of the remote password is hidden."""
    echo = reply({"message": f"bad {REMOTE.password}"}, status=500)
    script = a_script().on("POST", PATH, echo)
    with pytest.raises(Refused) as caught:
        Reader(script).appliance.open_remote_session(PAIRING_ID, REMOTE)
    assert REMOTE.password not in str(caught.value)
