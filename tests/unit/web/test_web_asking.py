"""Wishes over HTTP: each answer of the table in the reference."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.bridges import a_bridge_control
from tests.builders import (
    NOW,
    a_pairing_snapshot,
    a_replication,
    a_site_never_reached,
    a_site_snapshot,
    a_snapshot,
)
from tests.desks import TOKEN, FakeDesk, some_sources
from tests.wishes import a_trigger
from vr_exporter.domain.names import SiteName
from vr_exporter.domain.snapshot import Snapshot
from vr_exporter.domain.triggers import Origin, Skip, TriggerState
from vr_exporter.syncing.targets import Directory, Found, Wanted
from vr_exporter.syncing.wishes import api_key, digest_of
from vr_exporter.web.acting import Acting
from vr_exporter.web.message import Request, Response
from vr_exporter.web.routes import Routes, Sources
from vr_exporter.web.wish_body import MEMBERS, WishBody, read_wish_body

MEANT = "/api/v1/sites/madrid/replications/db-01/sync"
TWINS = a_snapshot(
    a_site_snapshot(
        a_pairing_snapshot(a_replication(), a_replication(id="GID-2", vm_id="vm-102")),
    )
)


@dataclass(frozen=True, slots=True)
class Answered:
    """Status, headers and JSON of an answer."""

    status: int
    headers: dict[str, str]
    json: Any


class NoPage:
    """Stands for the page of metrics."""

    chunks = ()
    etag = ""


def post(desk: FakeDesk, path: str = MEANT, body: Any = None, **options: Any) -> Answered:
    """Send a good request."""
    routes = Routes(
        Sources(
            snapshot=desk.snapshot,
            metrics_body=lambda **_: NoPage(),
            is_healthy=lambda: (True, ""),
            now=lambda: NOW,
            version="1",
            acting=desk.acting(),
        )
    )
    headers = {
        "host": "vr",
        "content-type": "application/json",
        "authorization": f"Bearer {TOKEN}".encode().decode("latin-1"),
    }
    key = options.pop("key", None)
    if key is not None:
        headers["idempotency-key"] = key
    sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    options = {"peer": "192.0.2.7", **options}
    request = Request("POST", path, headers=headers, body=sent, **options)
    return answered(routes(request))


def answered(response: Response) -> Answered:
    """Read an answer, which is always JSON that no cache keeps."""
    headers = dict(response.headers)
    is_good = response.status < 400
    kind = "application/json" if is_good else "application/problem+json"
    assert (headers["Content-Type"], headers["Cache-Control"]) == (kind, "no-store")
    shape = json.loads(b"".join(response.chunks))
    assert is_good or (shape["status"], bool(shape["detail"])) == (response.status, True)
    return Answered(response.status, headers, shape)


def test_202_tells_where_to_look() -> None:
    """A wish that the ledger took has its key, its path, its state and a sentence."""
    desk = FakeDesk()
    answer = post(desk)
    (wish,) = desk.wishes
    assert answer.status == 202
    assert answer.headers["Location"] == answer.json["url"] == f"/api/v1/triggers/{wish.key}"
    assert answer.json["key"] == wish.key
    assert (answer.json["state"], answer.json["word"]) == ("reserved", "queued")
    assert answer.json["sentence"] == "db-01 is queued"
    assert (answer.json["vm"], answer.json["replication"]) == ("db-01", "GID-1")


def test_wish_of_a_program_waits_a_quarter_of_an_hour() -> None:
    """Over TCP a wish is a program's unless it says otherwise."""
    desk = FakeDesk()
    post(desk)
    (wish,) = desk.wishes
    assert (wish.origin, wish.not_after, wish.actor) == (
        Origin.API,
        NOW + 900,
        "api from 192.0.2.7",
    )
    assert (wish.is_forced, wish.max_age_seconds) == (False, None)


def test_wish_over_the_socket_is_a_person_s() -> None:
    """On the unix socket it may wait for two hours."""
    desk = FakeDesk()
    post(desk, is_local=True, peer="alice")
    (wish,) = desk.wishes
    expected = (Origin.CLI, NOW + 7200, "unix socket, alice")
    assert (wish.origin, wish.not_after, wish.actor) == expected


def test_wish_over_the_socket_of_a_system_that_tells_no_user() -> None:
    """The audit says as much as is known."""
    desk = FakeDesk()
    post(desk, is_local=True, peer="")
    assert desk.wishes[0].actor == "unix socket"


def test_body_says_how() -> None:
    """Each member reaches the desk."""
    desk = FakeDesk()
    body = {"force": True, "max_age_seconds": 900, "timeout_seconds": 60.5, "origin": "cli"}
    assert post(desk, body=body).status == 202
    (wish,) = desk.wishes
    assert (wish.is_forced, wish.max_age_seconds) == (True, 900)
    assert (wish.not_after, wish.origin) == (NOW + 60.5, Origin.CLI)


def test_every_member_of_the_body_is_documented() -> None:
    """The reference lists those there are."""
    assert [name for name, _, _ in MEMBERS] == list(WishBody.__struct_fields__)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"forc": true}', "body: Object contains unknown field `forc` (known: force, max_age_"),
        (b'{"force": 1}', "$.force"),
        (b'{"max_age_seconds": -1}', "$.max_age_seconds"),
        (b'{"timeout_seconds": 0}', "$.timeout_seconds"),
        (b'{"timeout_seconds": 700000}', "$.timeout_seconds"),
        (b'{"timeout_seconds": 1e999}', "$.timeout_seconds"),
        (b'{"timeout_seconds": NaN}', "body: no JSON object"),
        (b'{"origin": "alert"}', "$.origin"),
        (b'{"\xff": 1}', "body: no JSON object"),
        (b'{"\\ud800": 1}', "body: no JSON object"),
        (b"{} {}", "body: no JSON object"),
        (b"null", "Expected `object`"),
        (b" ", "body: no JSON object"),
        (b"[" * 60_000, "Expected `object`"),
        (b'{"force":' + b"[" * 60_000, "$.force"),
        (b'{"a":' * 10_000, "unknown field `a`"),
        (b'{"' + b"a" * 60_000 + b'": 1}', "unknown field `aaa"),
    ],
)
def test_400_names_what_is_wrong_with_the_body(body: bytes, said: str) -> None:
    """Nothing is taken; depth costs nothing, and a long name is cut."""
    desk = FakeDesk()
    answer = post(desk, body=body)
    assert (answer.status, desk.wishes) == (400, [])
    assert said in answer.json["detail"]
    assert len(answer.json["detail"]) < 320


def test_empty_body_means_no_options() -> None:
    """The body may be left out."""
    assert read_wish_body(b"") == read_wish_body(b"{}") == WishBody()


@pytest.mark.parametrize("target", ["GID-1", "db-01", "db%2D01"])
def test_replication_is_named_by_id_or_vm(target: str) -> None:
    """The path decodes once, and the directory does the rest."""
    desk = FakeDesk()
    assert post(desk, f"/api/v1/sites/madrid/replications/{target}/sync").status == 202
    assert desk.wishes[0].target.vm == "db-01"


def test_C3_unknown_replication_is_404_with_names_like_it() -> None:
    """It is counted and audited, and the desk is asked for nothing."""
    desk = FakeDesk()
    answer = post(desk, "/api/v1/sites/madrid/replications/db-1/sync")
    assert (answer.status, answer.json["reason"], answer.json["word"]) == (404, "not_found", "db-1")
    assert answer.json["nearest"] == ["db-01"]
    assert "db-01" in answer.json["detail"]
    ((wish, skip),) = desk.turned_away
    assert (wish.target.site, wish.target.vm, skip.reason) == ("madrid", "db-1", "not_found")
    assert desk.wishes == []


def test_C3_unknown_site_is_404() -> None:
    """The sites that there are are named; the audit keeps no site that we do not know."""
    desk = FakeDesk()
    answer = post(desk, "/api/v1/sites/atlantis/replications/db-01/sync")
    assert (answer.status, answer.json["reason"]) == (404, "not_found")
    assert "madrid" in answer.json["detail"]
    ((wish, _),) = desk.turned_away
    assert (wish.target.site, wish.target.vm) == ("", "db-01")


def test_C3_name_of_two_vms_is_404_with_both() -> None:
    """Nobody guesses: the choices are told apart by id."""
    desk = FakeDesk(lambda: TWINS)
    answer = post(desk)
    assert (answer.status, answer.json["reason"]) == (404, "ambiguous_name")
    assert [each["replication"] for each in answer.json["choices"]] == ["GID-1", "GID-2"]
    assert {each["pairing"] for each in answer.json["choices"]} == {"berlin"}


def test_C3_pattern_of_many_is_no_name() -> None:
    """One path asks for one replication."""
    web = a_replication(id="GID-2", vm="db-02", vm_id="vm-102")
    desk = FakeDesk(lambda: a_snapshot(a_site_snapshot(a_pairing_snapshot(a_replication(), web))))
    answer = post(desk, "/api/v1/sites/madrid/replications/db-*/sync")
    assert (answer.status, answer.json["reason"]) == (404, "ambiguous_name")
    assert len(answer.json["choices"]) == 2
    assert desk.wishes == []


def test_name_that_json_cannot_hold_is_still_answered() -> None:
    """Half a surrogate pair in a VM's name breaks no problem."""
    odd = a_replication(vm="db-0\ud800")
    desk = FakeDesk(lambda: a_snapshot(a_site_snapshot(a_pairing_snapshot(odd))))
    assert post(desk).status == 404


def test_site_that_was_never_read_is_503() -> None:
    """Whether there is such a VM will be known in a moment: that is no 404, and no guard's no."""
    desk = FakeDesk(lambda: a_snapshot(a_site_never_reached()))
    answer = post(desk)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert "madrid has not been read yet" in answer.json["detail"]
    assert desk.turned_away == []


def test_first_poll_that_ends_while_the_answer_is_made_turns_no_wish_away() -> None:
    """What was looked up before the first poll is no reason for a definite no."""
    known = [a_snapshot(a_site_never_reached())]

    class PolledMeanwhile(FakeDesk):
        def acting(self) -> Acting:
            return replace(super().acting(), find=self.find)

        def find(self, wanted: Wanted) -> Found:
            found = Directory(self.snapshot).find(wanted)
            known.append(a_snapshot())
            return found

    desk = PolledMeanwhile(lambda: known[-1])
    assert post(desk).status == 503
    assert desk.turned_away == []


def test_no_of_a_guard_is_409_with_the_wish_in_it() -> None:
    """Nothing will be asked, no row is kept to look at, and the label is for programs."""
    desk = FakeDesk(skip=Skip("maintenance", "maintenance of madrid until 04:00"))
    answer = post(desk)
    assert (answer.status, answer.json["title"]) == (409, "Conflict")
    assert (answer.json["state"], answer.json["reason"]) == ("skipped", "maintenance")
    assert answer.json["detail"] == answer.json["sentence"] == "maintenance of madrid until 04:00"
    assert (answer.json["url"], answer.json["exit_code"]) == (None, 5)
    assert (answer.json["key"], answer.json["vm"]) == (desk.wishes[0].key, "db-01")
    assert "Retry-After" not in answer.headers


@pytest.mark.parametrize(("left", "said"), [(89.2, "90"), (0.2, "1"), (60.0, "60")])
def test_no_of_a_guard_that_waits_for_a_time_says_when_to_ask_again(left: float, said: str) -> None:
    """In whole seconds, none of them too early."""
    answer = post(FakeDesk(skip=Skip("cooldown", "db-01 was asked for", left)))
    assert (answer.status, answer.headers["Retry-After"]) == (409, said)


def test_copy_that_is_fresh_enough_is_no_problem() -> None:
    """What was wished for is there: 200."""
    answer = post(FakeDesk(skip=Skip("fresh", "the copy of db-01 is 45 s old")))
    assert (answer.status, answer.json["state"], answer.json["exit_code"]) == (200, "skipped", 0)


@pytest.mark.parametrize("skip", [None, Skip("cooldown", "too early")])
def test_dry_run_says_what_would_come_of_it(skip: Skip | None) -> None:
    """Nothing is taken, counted or audited."""
    desk = FakeDesk(skip=skip)
    answer = post(desk, body={"dry_run": True})
    assert (answer.status, answer.json["would_act"]) == (200, skip is None)
    assert answer.json["reason"] == (skip.reason if skip else "")
    assert answer.json["sentence"] == (skip.sentence if skip else "db-01 would be synced")
    assert desk.wishes == []


def test_dry_run_for_a_name_unknown_leaves_no_trace() -> None:
    """404, and no row of the audit."""
    desk = FakeDesk()
    path = "/api/v1/sites/madrid/replications/nobody/sync"
    assert post(desk, path, {"dry_run": True}).status == 404
    assert desk.turned_away == []


def test_C18_repeat_is_the_same_wish() -> None:
    """However often it is sent: one key, one row, and 200 with what became of it."""
    desk = FakeDesk()
    first = post(desk, key="run-42", body={"force": False})
    desk.kept[0] = replace(desk.kept[0], state=TriggerState.SUCCEEDED)
    for _ in range(100):
        again = post(desk, "/api/v1/sites/madrid/replications/GID-1/sync", key="run-42")
        assert (again.status, again.json["key"]) == (200, first.json["key"])
        assert (again.json["state"], again.json["exit_code"]) == ("succeeded", 0)
        assert again.json["url"] == first.json["url"]
        assert "Location" not in again.headers
    assert len(desk.kept) == 1


def test_C18_without_a_key_each_request_is_a_wish_of_its_own() -> None:
    """Keys are random then."""
    desk = FakeDesk()
    assert post(desk).json["key"] != post(desk).json["key"]


def test_C18_repeat_after_a_restart_needs_no_poll() -> None:
    """While the site was not read yet, a key that is known still answers."""
    desk = FakeDesk()
    post(desk, key="run-42")
    desk.snapshot = lambda: a_snapshot(a_site_never_reached())
    assert post(desk, key="run-42").status == 200
    assert post(desk, key="run-42", body={"force": True}).status == 409
    assert post(desk, key="run-43").status == 503
    other = "/api/v1/sites/madrid/replications/web-01/sync"
    assert post(desk, other, key="run-42").status == 503


def test_C19_same_key_with_another_wish_is_409() -> None:
    """Another body, or another replication, is another wish; the first one is pointed to."""
    other = a_replication(id="GID-2", vm="web-01", vm_id="vm-102")
    snapshot = a_snapshot(a_site_snapshot(a_pairing_snapshot(a_replication(), other)))
    desk = FakeDesk(lambda: snapshot)
    first = post(desk, key="run-42")
    elsewhere = "/api/v1/sites/madrid/replications/web-01/sync"
    for answer in (
        post(desk, key="run-42", body={"force": True}),
        post(desk, key="run-42", body={"max_age_seconds": 60}),
        post(desk, elsewhere, key="run-42"),
    ):
        assert answer.status == 409
        assert answer.json["url"] == first.json["url"]
        assert answer.json["key"] == first.json["key"]
    assert len(desk.kept) == 1


def test_C19_keys_are_scoped_by_credential() -> None:
    """What came over the socket and what came with the token share no key."""
    desk = FakeDesk()
    keys = {post(desk, key="k").json["key"], post(desk, key="k", is_local=True).json["key"]}
    assert keys == {api_key("api", "k"), api_key("socket", "k")}


def test_C19_ledger_that_takes_nothing_is_503() -> None:
    """A full or broken ledger promises nothing, and its path is not told."""
    answer = post(FakeDesk(fails=True))
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert answer.json["detail"] == (
        "the ledger cannot take it in: nothing was promised, and nothing will be asked"
    )


@pytest.mark.parametrize("word", ["k1", "GID-1"])
def test_what_stayed_unknown_is_acknowledged(word: str) -> None:
    """By key or by replication, in the name of who asked."""
    desk = FakeDesk(kept=[a_trigger(key="k1", state=TriggerState.UNRESOLVED)])
    answer = post(desk, f"/api/v1/triggers/{word}/acknowledge", is_local=True, peer="alice")
    assert answer.status == 200
    (closed,) = answer.json["acknowledged"]
    assert (closed["key"], closed["acknowledged"]) == ("k1", True)
    assert desk.acknowledged == [(word, "unix socket, alice", NOW)]


def test_nothing_to_acknowledge_is_404() -> None:
    """So is a body that says anything 400: there is nothing to say."""
    path = "/api/v1/triggers/nobody/acknowledge"
    assert post(FakeDesk(), path).status == 404
    assert post(FakeDesk(), path, {"all": True}).status == 400
    assert post(FakeDesk(), path, {}).status == 404


def test_target_is_asked_at_its_source_whatever_site_the_path_names() -> None:
    """The answer says which site is asked."""
    incoming = a_site_snapshot(
        a_pairing_snapshot(a_replication(direction="incoming")), site=SiteName("berlin")
    )
    shown = Snapshot({**a_snapshot().sites, **a_snapshot(incoming).sites})
    desk = FakeDesk(lambda: shown)
    answer = post(desk, "/api/v1/sites/berlin/replications/GID-1/sync")
    assert (answer.status, answer.json["site"]) == (202, "madrid")


@pytest.mark.parametrize(
    ("local", "key"), [(False, api_key("api", "k")), (True, api_key("socket", "k"))]
)
def test_C19_each_way_in_has_its_own_keys(*, local: bool, key: str) -> None:
    """Known by who asked, not by what was asked."""
    assert post(FakeDesk(), key="k", is_local=local).json["key"] == key


def test_what_is_said_of_an_acknowledgement_that_closes_nothing() -> None:
    """Blanks and an empty object say nothing; everything else is too much."""
    path = "/api/v1/triggers/nobody/acknowledge"
    nothing = "no trigger of this key or replication that stayed unknown"
    for body in (b"", b"  \n", b"{}", b" {} "):
        answer = post(FakeDesk(), path, body)
        assert (answer.status, answer.json["detail"]) == (404, nothing)
    answer = post(FakeDesk(), path, b"[]")
    assert (answer.status, answer.json["detail"]) == (400, "body: nothing is to be said in it")


@pytest.mark.parametrize(("looped", "status"), [(0, 404), (2, 200)])
def test_an_acknowledgement_opens_a_loop_too(looped: int, status: int) -> None:
    """By the same word, in the same name; one of the two is enough."""
    asked: list[tuple[str, str]] = []

    def acknowledge(word: str, actor: str) -> int:
        asked.append((word, actor))
        return looped

    sources = some_sources(FakeDesk(), control=a_bridge_control(acknowledge_loop=acknowledge))
    request = Request(
        "POST",
        "/api/v1/triggers/GID-1/acknowledge",
        headers={"content-type": "application/json"},
        is_local=True,
        peer="alice",
    )
    answer = answered(Routes(sources)(request))
    assert answer.status == status
    assert asked == [("GID-1", "unix socket, alice")]
    if looped:
        assert answer.json == {"acknowledged": [], "unhealed": 2}


def test_C3_a_name_of_several_is_said_with_their_number() -> None:
    """So that whoever asked knows why."""
    answer = post(FakeDesk(lambda: TWINS), "/api/v1/sites/madrid/replications/db-*/sync")
    assert answer.status == 404
    assert answer.json["detail"] == '"db-*" matches 2 VMs: ask for each by its own path'


def test_C3_what_was_turned_away_is_noted_by_its_word() -> None:
    """A site of ours stands with it, another does not."""
    desk = FakeDesk()
    post(desk, "/api/v1/sites/madrid/replications/nobody/sync")
    post(desk, "/api/v1/sites/elsewhere/replications/nobody/sync")
    targets = [wish.target for wish, _ in desk.turned_away]
    assert [(each.site, each.vm, each.replication_id, each.pairing_id) for each in targets] == [
        ("madrid", "nobody", "", ""),
        ("", "nobody", "", ""),
    ]


def test_C18_the_digest_of_a_wish_is_the_same_in_every_version() -> None:
    """After an upgrade a repeated wish is no conflict."""
    desk = FakeDesk()
    post(desk)
    (wish,) = desk.wishes
    assert wish.body_digest == digest_of("GID-1", "api", "False", "None", "None")
