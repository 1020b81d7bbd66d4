"""Who may send a webhook, and what is answered: by its head, then by what became of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tests.desks import FakeDesk, some_sources
from tests.raw_http import basic
from tests.wishes import a_target, a_trigger
from vr_exporter.alerting.inbound import MOST_BODY_BYTES, NotAWebhook
from vr_exporter.domain.credentials import Credentials
from vr_exporter.domain.triggers import Skip, TriggerState
from vr_exporter.syncing.desk import Verdict
from vr_exporter.web.bridging import Inbound, WebhookAnswer, WebhookKey
from vr_exporter.web.message import Request, Response
from vr_exporter.web.webhook import MOST_SHOWN, refusal_of_webhook, take

TOKEN = WebhookKey(bearer_token="the-token")
LOGIN = WebhookKey(basic=Credentials("am", "open: sésame"))
CERTIFICATE = WebhookKey(is_certificate=True)

TAKEN = Verdict(a_trigger(key="k1"), "db-01 is queued at madrid", is_new=True)
TURNED_AWAY = Verdict(
    a_trigger(key="k2", state=TriggerState.SKIPPED), "many ask", skip=Skip("storm", "many ask")
)


@dataclass
class Door:
    """A webhook with this credential; `heard` is what it counted."""

    key: WebhookKey | None = TOKEN
    is_stopping: bool = False
    take: Callable[[bytes], WebhookAnswer] = lambda _body: WebhookAnswer(())
    heard: list[str] = field(default_factory=list)

    @property
    def inbound(self) -> Inbound:
        """As HTTP sees it."""
        return Inbound(
            key=lambda: self.key,
            take=self.take,
            refused=lambda reason: self.heard.append(f"refused {reason}"),
            received=lambda: self.heard.append("received"),
            failed=lambda reason: self.heard.append(f"failed {reason}"),
            is_stopping=lambda: self.is_stopping,
        )

    def refusal(self, **changes: Any) -> Response | None:
        """The answer to a head; `changes` are its fields, and None leaves one out."""
        fields = {
            "host": "vr:10843",
            "content-type": "application/json",
            "authorization": "Bearer the-token",
            **{name.replace("_", "-"): value for name, value in changes.items()},
        }
        headers = {name: value for name, value in fields.items() if isinstance(value, str)}
        shown = bool(changes.get("has_certificate"))
        request = Request("POST", "/api/v1/alertmanager", headers=headers, has_certificate=shown)
        return refusal_of_webhook(self.inbound, request)

    def answer(self, body: bytes = b"{}") -> Response:
        """The answer to a body."""
        request = Request("POST", "/api/v1/alertmanager", body=body)
        return take(replace(some_sources(FakeDesk()), inbound=self.inbound), request)


def said(response: Response | None) -> tuple[int, str]:
    """Status and detail of a problem."""
    assert response is not None
    return response.status, json.loads(b"".join(response.chunks))["detail"]


def test_C18_who_shows_the_credential_is_read() -> None:
    """None means that the body is to be read; nothing is counted yet."""
    door = Door()
    assert door.refusal() is None
    assert door.heard == []


def test_C18_without_a_credential_in_the_settings_it_is_closed() -> None:
    """403 whatever is shown, counted as disabled."""
    door = Door(key=None)
    assert said(door.refusal()) == (403, "the webhook is closed: the settings have no webhook")
    assert door.heard == ["refused disabled"]


@pytest.mark.parametrize("authorization", [None, "", "Bearer other", "Basic the-token"])
def test_C2_a_webhook_without_its_token_is_refused(authorization: str | None) -> None:
    """401 with the challenge of a bearer token, counted as auth."""
    door = Door()
    refusal = door.refusal(authorization=authorization)
    assert said(refusal) == (401, "the credential of `webhook` is needed")
    assert refusal is not None
    assert ("WWW-Authenticate", 'Bearer realm="vr-exporter webhook"') in refusal.headers
    assert door.heard == ["refused auth"]


@pytest.mark.parametrize(
    ("authorization", "is_let_in"),
    [
        (basic("am", "open: sésame"), True),
        (basic("am", "open: sésame").replace("Basic", "bAsIc"), True),
        (basic("am", "open: sésame").replace("Basic ", "Basic   ") + "  ", True),
        (basic("am", "open"), False),
        (basic("", "open: sésame"), False),
        ("Bearer " + base64.b64encode("am:open: sésame".encode()).decode(), False),
        ("Basic \u20ac", False),
        ("Basic", False),
        ("", False),
        (None, False),
    ],
)
def test_C2_a_login_opens_the_webhook_whole(authorization: str | None, *, is_let_in: bool) -> None:
    """User and password both, UTF-8; the scheme in any case, blanks around it do not count."""
    door = Door(key=LOGIN)
    refusal = door.refusal(authorization=authorization)
    assert (refusal is None) is is_let_in
    if refusal is not None:
        assert refusal.status == 401
        assert ("WWW-Authenticate", 'Basic realm="vr-exporter webhook"') in refusal.headers


def test_C2_a_client_certificate_opens_what_asks_for_one() -> None:
    """No token stands in for it, and it for no token."""
    door = Door(key=CERTIFICATE)
    assert door.refusal(has_certificate=True, authorization=None) is None
    assert said(door.refusal()) == (403, "a client certificate of the web file is needed")
    assert Door().refusal(has_certificate=True, authorization=None) is not None


def test_C17_a_page_of_another_site_sends_none() -> None:
    """403 with and without the credential."""
    for authorization in ("Bearer the-token", None):
        door = Door()
        refusal = door.refusal(sec_fetch_site="cross-site", authorization=authorization)
        assert said(refusal) == (403, "a request from another site")
        assert door.heard == ["refused auth"]


def test_no_webhook_is_taken_while_stopping() -> None:
    """503 with a time to come back, for those alone who show the credential."""
    door = Door(is_stopping=True)
    refusal = door.refusal()
    assert said(refusal) == (503, "vr-exporter is stopping")
    assert refusal is not None
    assert ("Retry-After", "5") in refusal.headers
    assert door.heard == ["refused store"]
    assert said(door.refusal(authorization=None))[0] == 401


def test_C17_another_content_type_is_refused() -> None:
    """415, counted as a body that is none."""
    door = Door()
    refusal = door.refusal(content_type="text/plain")
    assert said(refusal) == (415, "Content-Type has to be application/json")
    assert door.heard == ["refused body"]


@pytest.mark.parametrize(
    ("length", "is_let_in"),
    [
        (str(MOST_BODY_BYTES), True),
        (str(MOST_BODY_BYTES + 1), False),
        ("9" * 30, False),
        ("many", True),
        ("", True),
        (None, True),
    ],
)
def test_C8_what_announces_too_much_is_refused_unread(
    length: str | None, *, is_let_in: bool
) -> None:
    """By the length alone; a length that is no number is the reader's to refuse."""
    door = Door()
    refusal = door.refusal(content_length=length)
    assert (refusal is None) is is_let_in
    if not is_let_in:
        assert said(refusal) == (413, f"body over {MOST_BODY_BYTES} bytes")
        assert door.heard == ["refused body"]


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("not JSON", 400),
        ("body over 4194304 bytes", 413),
        ("more than 10000 alerts", 413),
    ],
)
def test_what_is_no_webhook_is_said_and_counted(fault: str, status: int) -> None:
    """The fault in its own words; too much of it has a status of its own."""

    def refuse(_body: bytes) -> WebhookAnswer:
        raise NotAWebhook(fault)

    door = Door(take=refuse)
    assert said(door.answer()) == (status, fault)
    assert door.heard == ["received", "failed body"]


def test_B1_a_ledger_that_cannot_take_it_has_it_sent_again() -> None:
    """503: Alertmanager comes back with it."""
    door = Door(take=lambda _body: WebhookAnswer((TAKEN,), failure="disk full"))
    answer = door.answer()
    assert said(answer) == (503, "the ledger cannot take it in: send it again")
    assert ("Retry-After", "5") in answer.headers
    assert door.heard == ["received", "failed store"]


def test_what_names_a_site_that_is_being_read_has_it_sent_again() -> None:
    """503, with how many of how many."""
    door = Door(take=lambda _body: WebhookAnswer((TAKEN, TURNED_AWAY), early=1))
    answer = door.answer()
    assert said(answer) == (503, "1 of 2 alerts name a site that is being read: send it again")
    assert ("Retry-After", "5") in answer.headers


def test_the_answer_tells_of_each_alert() -> None:
    """The counts of all, and each verdict by key, target, state, reason and sentence."""
    answer = WebhookAnswer((TAKEN, TURNED_AWAY, TURNED_AWAY), ("no labels",), 2)
    bodies: list[bytes] = []

    def took(body: bytes) -> WebhookAnswer:
        bodies.append(body)
        return answer

    door = Door(take=took)
    response = door.answer(b'{"version": "4"}')
    turned = {
        "key": "k2",
        "site": "madrid",
        "replication": "GID-1",
        "state": "skipped",
        "reason": "storm",
        "sentence": "many ask",
    }
    assert json.loads(b"".join(response.chunks)) == {
        "alerts": 3,
        "taken": 1,
        "refused": {"storm": 2},
        "unreadable": 1,
        "truncated": 2,
        "verdicts": [
            {
                "key": "k1",
                "site": "madrid",
                "replication": "GID-1",
                "state": "reserved",
                "reason": "",
                "sentence": "db-01 is queued at madrid",
            },
            turned,
            turned,
        ],
    }
    assert response.status == 202
    assert bodies == [b'{"version": "4"}']
    assert door.heard == ["received"]


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [((), 200), ((TURNED_AWAY,), 200), ((TURNED_AWAY, TAKEN), 202)],
)
def test_accepted_means_that_one_wish_is_new(verdicts: tuple[Verdict, ...], status: int) -> None:
    """A refusal by a guard is an answer, and no failure."""
    assert Door(take=lambda _body: WebhookAnswer(verdicts)).answer().status == status


def test_the_answer_shows_the_first_hundred_alone() -> None:
    """All of them are counted."""
    many = tuple(
        replace(TAKEN, trigger=a_trigger(key=f"k{n}", target=a_target())) for n in range(150)
    )
    shown = json.loads(b"".join(Door(take=lambda _: WebhookAnswer(many)).answer().chunks))
    assert shown["alerts"] == 150
    assert [each["key"] for each in shown["verdicts"]] == [f"k{n}" for n in range(MOST_SHOWN)]
