"""A hostile webhook, byte by byte: what is answered, and that nothing comes of it."""

from __future__ import annotations

import hmac
import json
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import psutil
import pytest

from tests.bridged import API_TOKEN, TOKEN, Bridged, a_body, an_alert, reasons
from tests.late import be_late
from tests.raw_http import RawClient, a_client, basic
from tests.watched import Watched
from tests.webhook_fuzz import bodies
from vr_exporter.alerting.inbound import MOST_ALERTS, MOST_BODY_BYTES
from vr_exporter.app.bridge import key_of
from vr_exporter.ledger.store import StoreFailed
from vr_exporter.settings import Secrets
from vr_exporter.web.limits import Limits
from vr_exporter.web.message import Request
from vr_exporter.web.webhook import ANSWERS

PATH = "/api/v1/alertmanager"
MEGABYTE = 2**20


@pytest.fixture
def bridged() -> Iterator[Bridged]:
    """A bridge that is on, before a site with late replications."""
    with Watched(replications=30) as watched:
        be_late(watched, 2)
        yield Bridged(watched)


def raw(
    body: bytes = b"", *, token: str | None = TOKEN, length: int | None = None, **fields: str
) -> bytes:
    """A POST of the webhook as bytes, announcing its length or another one."""
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    own = {"content-type": "application/json", **named}
    if token is not None:
        own.setdefault("authorization", f"Bearer {token}")
    own["content-length"] = str(len(body) if length is None else length)
    lines = [f"{name}: {value}" for name, value in own.items() if value]
    return "\r\n".join([f"POST {PATH} HTTP/1.1", "host: x", *lines, "", ""]).encode() + body


def client_of(bridged: Bridged, **options: Any) -> RawClient:
    """A connection to the routes of the bridge."""
    return a_client(bridged.routes, gate=bridged.routes, **options)


def refused(bridged: Bridged) -> dict[str, int]:
    """How many webhooks were turned away, by reason."""
    return dict(bridged.arrivals.facts.refused)


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer wrong",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN}x",
        f"Basic {TOKEN}",
        f"Bearer {API_TOKEN}",
        basic("alertmanager", TOKEN),
        "Bearer \u00ff",
    ],
)
def test_C2_nobody_sends_a_webhook_without_its_credential(
    bridged: Bridged, authorization: str
) -> None:
    """401 with a challenge; nothing is read, decided or asked for."""
    answer = bridged.post(b"whatever", authorization=authorization)
    assert answer.status == 401
    assert dict(answer.headers)["WWW-Authenticate"].startswith("Bearer ")
    assert refused(bridged) == {"auth": 1}
    assert bridged.watched.ledger.audit(limit=5, of_bridge=True) == ()


def test_C5_the_credential_is_compared_in_constant_time(
    bridged: Bridged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As much work whatever was given: digests of equal length, compared whole."""
    compared: list[tuple[bytes, bytes]] = []
    genuine = hmac.compare_digest

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return genuine(one, other)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    for authorization in ("", "Bearer x", f"Bearer {TOKEN}", "Bearer \u00ff"):
        bridged.post(b"{}", authorization=authorization)
    assert len(compared) == 4
    assert {len(part) for pair in compared for part in pair} == {32}


def test_C3_the_credential_of_the_webhook_does_not_open_the_api(bridged: Bridged) -> None:
    """Nor the other way round."""
    row = bridged.breached()[0]
    path = f"/api/v1/sites/madrid/replications/{row.replication.id}/sync"
    for token, status in ((TOKEN, 401), (API_TOKEN, 202)):
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        headers["host"] = "x"
        assert bridged.routes(Request("POST", path, headers=headers, body=b"{}")).status == status


def test_basic_and_client_certificate_open_it_too() -> None:
    """Exactly one of the three is the credential; the others then open nothing."""
    account = {"username": "alertmanager", "password": "s: ecret"}
    with Watched(replications=10) as watched:
        watched.poll()
        with_basic = Bridged(watched, bearer_token=None, basic=account)
        good = basic(account["username"], account["password"])
        assert with_basic.post(a_body([]), authorization=good).status == 200
        wrong = basic(account["username"], "wrong")
        assert with_basic.post(a_body([]), authorization=wrong).status == 401
        with_certificate = Bridged(watched, bearer_token=None, client_certificate=True)
        headers = {"host": "x", "content-type": "application/json"}
        for shown, status in ((True, 200), (False, 403)):
            request = Request("POST", PATH, headers=headers, body=a_body([]), has_certificate=shown)
            assert with_certificate.routes(request).status == status


def test_C2_without_a_webhook_in_the_settings_it_is_closed(bridged: Bridged) -> None:
    """403, whatever is shown; on the unix socket too."""
    closed = bridged.settings.model_copy(update={"webhook": None})
    bridged.bridge.obey(closed)
    assert bridged.post(a_body([])).status == 403
    assert refused(bridged) == {"disabled": 1}
    assert bridged.arrivals.facts.deadman is None
    secrets = Secrets(learned=lambda _: None, failed=lambda: None)
    assert key_of(None, secrets) is None


@pytest.mark.parametrize(
    "origin", [{"origin": "https://evil.example"}, {"sec_fetch_site": "cross-site"}]
)
def test_C16_C17_a_page_of_another_site_sends_no_webhook(
    bridged: Bridged, origin: dict[str, str]
) -> None:
    """403 although it has the credential."""
    assert bridged.post(a_body([]), **origin).status == 403


def test_C8_a_hundred_megabytes_are_refused_unread_and_memory_stays_flat(bridged: Bridged) -> None:
    """413 by the head alone; what the client sends all the same is thrown away."""
    before = psutil.Process().memory_info().rss
    chunk = bytes(MEGABYTE)
    for token, status in ((TOKEN, 413), ("wrong", 401)):
        with client_of(bridged) as client:
            answer = client.ask(raw(token=token, length=100 * MEGABYTE))
            assert answer.status == status
            for _ in range(100):
                client.send(chunk)
    grown = psutil.Process().memory_info().rss - before
    assert grown < 16 * MEGABYTE
    assert refused(bridged) == {"auth": 1, "body": 1}


def test_C8_a_body_in_chunks_is_read_no_further_than_the_limit(bridged: Bridged) -> None:
    """Nobody announces its length: it is cut off where it grows too large."""
    head = raw(length=0).replace(b"content-length: 0", b"transfer-encoding: chunked")
    with client_of(bridged) as client:
        chunk = b"100000\r\n" + bytes(MEGABYTE) + b"\r\n"
        assert client.ask(head + chunk * 5).status == 413
    assert refused(bridged) == {"body": 1}


def test_C8_four_megabytes_of_ten_thousand_alerts_are_read(bridged: Bridged) -> None:
    """The limits themselves are within; one more alert is not."""
    labels = {"alertname": "VrOther", "site": "madrid", "replication": "GID-none"}
    one = json.dumps(an_alert(1.7e9, **labels)).encode()
    slim = json.dumps({"status": "firing", "labels": labels, "startsAt": "2026-01-01T00:00:00Z"})
    full = b'{"version":"4","alerts":[' + b",".join([slim.encode()] * MOST_ALERTS) + b"]}"
    assert len(full) < MOST_BODY_BYTES
    with client_of(bridged) as client:
        assert client.ask(raw(full)).status == 200
        over = full[:-2] + b"," + one + b"]}"
        assert client.ask(raw(over)).status == 413
    assert bridged.skips() == {"unmatched": MOST_ALERTS}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"not json", 400),
        (b"\xff\xfe", 400),
        (b"[]", 400),
        (b'{"version":"3","alerts":[]}', 400),
        (b'{"version":4,"alerts":[]}', 400),
        (b'{"version":"4"}', 400),
        (b'{"version":"4","alerts":{}}', 400),
        (b'{"version":"4","alerts":[1]}', 400),
        (b'{"version":"4","alerts":[],"x":' + b"[" * 100_000, 400),
        (b'{"version":"4","alerts":[],"x":' + b'{"a":' * 65 + b"1" + b"}" * 66, 400),
        (b'{"version":"4","alerts":[],"notification_reason":{"new":[1,2]}}', 200),
    ],
)
def test_C8_what_is_no_webhook_of_version_4_is_answered_with_400(
    bridged: Bridged, body: bytes, status: int
) -> None:
    """Depth, type and version are looked at; members that we do not know are passed over."""
    assert bridged.post(body).status == status
    assert bridged.outcomes() == {}


def test_one_bad_alert_leaves_the_others_whole(bridged: Bridged) -> None:
    """Each is read by itself; the answer counts those that could not be."""
    good = bridged.an_alert(bridged.breached()[0])
    bad: list[Any] = [
        7,
        {**good, "status": "burning"},
        {**good, "startsAt": "yesterday"},
        {**good, "startsAt": "2026-01-01T00:00:00"},
        {**good, "labels": {"site": "madrid"}},
        {**good, "labels": {**good["labels"], "x": 7}},
        {**good, "labels": {**good["labels"], "x": "y" * 5000}},
        {**good, "labels": {f"l{number}": "v" for number in range(200)}},
        {**good, "labels": {**good["labels"], "a\nb": "v"}},
    ]
    answer = bridged.post(a_body([*bad[:4], good, *bad[4:]]))
    assert answer.status == 202
    shape = json.loads(b"".join(answer.chunks))
    assert (shape["taken"], shape["unreadable"]) == (1, len(bad))


def test_C6_a_slow_body_is_given_up_and_the_page_is_served_meanwhile(bridged: Bridged) -> None:
    """A deadline that no byte extends: 408, counted; /metrics waits for none of them."""
    begun = raw(length=1000) + b"{"
    slower, slow = (
        [client_of(bridged, says=begun, limits=Limits(body_seconds=s)) for _ in range(20)]
        for s in (3600, 0.4)
    )
    with ExitStack() as clients:
        for client in (*slower, *slow):
            clients.enter_context(client)
        for _ in range(20):
            with client_of(bridged) as other:
                assert other.ask(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n").status == 200
        assert [client.answer().status for client in slow] == [408] * len(slow)
        assert refused(bridged) == {"body": len(slow)}


def test_C18_ten_thousand_replays_start_one_sync(bridged: Bridged) -> None:
    """A repeat has the same key, whatever fingerprint, annotation or URL it comes with."""
    row = bridged.breached()[0]
    alert = bridged.an_alert(row)
    forged = [
        {**alert, "fingerprint": f"{number:016x}", "annotations": {"n": str(number)}}
        for number in range(1000)
    ]
    assert reasons(bridged.take(*forged)).count("") == 1
    for _ in range(9):
        assert set(reasons(bridged.take(*forged))) == {"duplicate"}
    bridged.watched.work(60)
    assert bridged.watched.madrid.posts == 1
    assert bridged.outcomes() == {"accepted": 1, "skipped": 9999}


def test_C3_labels_that_name_the_replications_of_another_site_start_nothing() -> None:
    """The site of the label has to show it: an id that only another site knows is unmatched."""
    with Watched(replications=20, sites=("madrid",)) as watched:
        be_late(watched, 2)
        bridged = Bridged(watched)
        row = bridged.breached()[0]
        alerts = [
            bridged.an_alert(row, site="berlin"),
            bridged.an_alert(row, site="MADRID"),
            bridged.an_alert(row, site="madrid/../berlin"),
            bridged.an_alert(row, replication=f"{row.replication.id} "),
            bridged.an_alert(row, replication="GID-" + "9" * 900),
        ]
        assert set(reasons(bridged.take(*alerts))) == {"unmatched"}
        watched.work(30)
        assert watched.madrid.posts == 0
        sites = {row.site for row in watched.ledger.audit(limit=10, of_bridge=True)}
        assert sites == {"madrid", ""}


def test_C14_labels_are_data_and_come_out_as_they_went_in(bridged: Bridged) -> None:
    """No template is evaluated, no line broken, and nothing of it becomes a label of ours."""
    row = bridged.breached()[0]
    nasty = '{{ printf "%s" . }}\n%(x)s ${HOME} <script>'
    bridged.take(bridged.an_alert(row, alertname=nasty, site=nasty))
    (noted,) = bridged.watched.ledger.audit(limit=5, of_bridge=True)
    assert noted.actor == f"alert {nasty}"
    assert noted.site == ""
    assert nasty not in bridged.watched.metrics().text


def test_C34_no_statement_of_ours_changes_a_row_of_the_audit(bridged: Bridged) -> None:
    """Rows are added one after the other, each with a log line, refused intents among them."""
    alert = bridged.an_alert(bridged.breached()[0])
    for _ in range(3):
        bridged.take(alert)
    rows = bridged.watched.ledger.audit(limit=10, of_bridge=True)
    assert [row.seq for row in rows] == sorted((row.seq for row in rows), reverse=True)
    assert len(rows) == 3
    assert bridged.watched.log.messages().count("audit") >= 3


def answers() -> dict[int, Callable[[Bridged], int]]:
    """How each status of the table comes about."""

    def fails(bridged: Bridged) -> int:
        def reserve(*_: Any, **__: Any) -> Any:
            raise StoreFailed("disk I/O error")

        bridged.watched.ledger.reserve = reserve  # type: ignore[method-assign] # a disk that fails
        return bridged.post(a_body([bridged.an_alert(bridged.breached()[0])])).status

    return {
        202: lambda b: b.post(a_body([b.an_alert(b.breached()[0])])).status,
        200: lambda b: b.post(a_body([b.an_alert(b.breached()[0], site="paris")])).status,
        400: lambda b: b.post(b"{}").status,
        401: lambda b: b.post(a_body([]), authorization="").status,
        403: lambda b: b.post(a_body([]), origin="https://evil.example").status,
        413: lambda b: b.post(bytes(MOST_BODY_BYTES + 1)).status,
        415: lambda b: b.post(a_body([]), content_type="text/plain").status,
        503: fails,
    }


@pytest.mark.parametrize("status", [status for status, _ in ANSWERS])
def test_each_row_of_the_table_of_answers_comes_about(bridged: Bridged, status: int) -> None:
    """None of them a redirect or 429, and nothing else is ever answered."""
    assert answers()[status](bridged) == status


def test_while_stopping_a_webhook_is_to_come_again(bridged: Bridged) -> None:
    """503: Alertmanager sends it to the next process."""
    bridged.is_stopping = True
    assert bridged.post(a_body([])).status == 503


def test_a_ledger_that_fails_promises_nothing_and_counts_nothing(bridged: Bridged) -> None:
    """Sums stay equal: what is sent again is counted then."""
    assert answers()[503](bridged) == 503
    assert bridged.outcomes() == {}
    assert bridged.arrivals.facts.alerts == {"firing": 0, "resolved": 0}
    assert refused(bridged) == {"store": 1}


def test_C8_fuzzed_bodies_meet_no_exception(bridged: Bridged) -> None:
    """A small count of what `python -m tests.webhook_fuzz` sends by the hundred thousand."""
    statuses = {bridged.post(body).status for body in bodies(random.Random(1), 1500, bridged)}  # noqa: S311 - the same each time
    assert statuses <= {status for status, _ in ANSWERS}
    assert {200, 400} <= statuses
