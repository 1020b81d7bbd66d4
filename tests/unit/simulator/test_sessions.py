from __future__ import annotations

import base64
import uuid

from tests.asking import an_asker, basic, body_of
from vr_exporter.simulator.options import Account


def test_login_gives_the_base64_of_a_uuid() -> None:
    """A token has the form of the vendor's example."""
    asker = an_asker()
    assert uuid.UUID(base64.b64decode(asker.token or "").decode())


def test_wrong_password_is_refused_without_a_body() -> None:
    """Bad credentials answer 401 with nothing in it, and are counted."""
    asker = an_asker(logged_in=False)
    response = asker.post("/session", authorization=basic(password="wrong"))
    assert (response.status, response.body) == (401, b"")
    assert asker.api.counters.failed_logins == 1


def test_garbled_authorization_is_a_bad_request() -> None:
    """A Basic header that cannot be decoded answers 400 with a ResponseError."""
    response = an_asker(logged_in=False).post("/session", authorization="Basic %%%")
    assert response.status == 400
    assert body_of(response)["error_code"] == "com.vmware.vr.bad_request"


def test_absent_or_unknown_token_is_refused_without_a_body() -> None:
    """Without a living session every operation answers 401 with nothing in it."""
    asker = an_asker(logged_in=False)
    absent = asker.get("/tasks")
    asker.token = "unknown"
    unknown = asker.get("/tasks")
    assert [(r.status, r.body) for r in (absent, unknown)] == [(401, b""), (401, b"")]


def test_session_dies_of_idleness_and_lives_by_use() -> None:
    """Only a session unused for longer than the timeout is dead."""
    asker = an_asker(idle_timeout_seconds=1800.0)
    for _ in range(3):
        asker.clock.advance(1800)
        assert asker.get("/session").status == 200
    asker.clock.advance(1801)
    assert asker.get("/session").status == 401


def test_status_of_a_dead_session_can_be_switched() -> None:
    """The vendor lists no 401 for GET /session, so another answer can be asked for."""
    asker = an_asker(logged_in=False, dead_session_status=400)
    assert asker.get("/session").status == 400
    assert asker.get("/tasks").status == 401


def test_logout_ends_the_session() -> None:
    """DELETE /session answers 204 and the token is dead."""
    asker = an_asker()
    assert asker.ask("DELETE", "/session").status == 204
    assert asker.ask("DELETE", "/session").status == 401
    assert (asker.api.counters.logins, asker.api.counters.logouts) == (1, 1)
    assert len(asker.api.sessions) == 0


def test_remote_login_needs_token_and_basic() -> None:
    """The remote login takes both, answers 204, and once more does no harm."""
    asker = an_asker()
    path = f"{asker.pairing}/remote-session"
    assert asker.post(path).status == 401
    assert asker.post(path, authorization=basic(password="wrong")).status == 401
    assert [asker.post(path, authorization=basic()).status for _ in range(2)] == [204, 204]
    asker.token = None
    assert asker.post(path, authorization=basic()).status == 401


def test_remote_side_has_accounts_of_its_own() -> None:
    """The far side may know other users than the near one."""
    asker = an_asker(remote_accounts=(Account("far@remote.local", "away"),))
    path = f"{asker.pairing}/remote-session"
    assert asker.post(path, authorization=basic()).status == 401
    assert asker.post(path, authorization=basic("far@remote.local", "away")).status == 204
    assert asker.read(path) == {"username": "far@remote.local"}


def test_remote_session_ends_with_its_token() -> None:
    """After a new login the remote session has to be made again."""
    asker = an_asker().log_in_remotely()
    path = f"{asker.pairing}/remote-session"
    assert asker.get(path).status == 200
    asker.log_in()
    assert asker.get(path).status == 403


def test_asking_for_no_remote_session_can_answer_otherwise() -> None:
    """The status of `not logged in remotely` is a switch."""
    asker = an_asker(remote_unauthenticated_status=404)
    assert asker.get(f"{asker.pairing}/remote-session").status == 404


def test_pairing_of_a_site_with_itself_needs_no_remote_session() -> None:
    """Where both ends are one vCenter Server, all data is there after the first login."""
    asker = an_asker(sites=("madrid", "madrid"))
    assert asker.get(f"{asker.pairing}/remote-session").status == 200
    assert asker.read("/pairings")["_meta"]["errors"] == []


def test_restart_forgets_every_session() -> None:
    """After a restart of the appliance all tokens are dead."""
    asker = an_asker()
    asker.api.restart()
    assert asker.get("/info").status == 401


def test_lacking_privilege_is_forbidden_where_it_is_needed() -> None:
    """An account without a privilege gets 403 with a ResponseError there, and reads elsewhere."""
    account = Account("monitor@vsphere.local", "simulated", frozenset({"System.View"}))
    asker = an_asker(accounts=(account,))
    assert body_of(asker.get("/tasks"))["message"] == "Permission is lacking: System.View."
    assert asker.get("/tasks").status == 403
    assert asker.get("/pairings").status == 200


def test_one_operation_alone_can_be_forbidden() -> None:
    """An operation id among the lacking privileges forbids that operation."""
    lacks = frozenset({"getVrInfo"})
    asker = an_asker(accounts=(Account("monitor@vsphere.local", "simulated", lacks),))
    assert (asker.get("/info").status, asker.get("/tasks").status) == (403, 200)


def test_remote_session_is_for_one_pairing() -> None:
    """Logged in at one far side, the other one is still withheld."""
    asker = an_asker(sites=("madrid", "berlin", "paris"))
    near, far = (row["pairing_id"] for row in asker.read("/pairings")["list"])
    assert asker.post(f"/pairings/{near}/remote-session", authorization=basic()).status == 204
    whole = {row["pairing_id"]: row["remote_vc_server"] for row in asker.read("/pairings")["list"]}
    assert whole[near] is not None
    assert whole[far] is None
