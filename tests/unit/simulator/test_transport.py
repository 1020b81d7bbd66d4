from __future__ import annotations

import httpx
import pytest

from tests.asking import Asker, an_asker, basic
from tests.simulated import SimulatedTransport, syncs_accepted, syncs_asked


def _client(asker: Asker) -> httpx.Client:
    transport = SimulatedTransport(asker.api, wait=asker.clock.wait)
    headers = {"x-dr-session": asker.token or ""}
    return httpx.Client(
        transport=transport, base_url="https://vr/api/rest/vr/v2", headers=headers, timeout=10
    )


def test_transport_hands_requests_to_the_appliance() -> None:
    """A client gets what the appliance answers, headers and all."""
    asker = an_asker()
    answer = _client(asker).get(f"{asker.replications}?limit=2&sort_by=id")
    assert len(answer.json()["list"]) == 2
    assert answer.headers["date"] == "Thu, 09 Oct 2025 08:53:20 GMT"
    assert answer.json()["_meta"]["links"]["next"]["href"].startswith("https://vr/api/rest/vr/v2/")


def test_transport_sends_credentials_and_methods() -> None:
    """A login and a logout go through."""
    client = _client(an_asker(logged_in=False))
    token = client.post("/session", headers={"authorization": basic()}).json()["session_id"]
    answer = client.delete("/session", headers={"x-dr-session": token})
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("site_down", httpx.ConnectError),
        ("dropped", httpx.RemoteProtocolError),
        ("hang", httpx.ReadTimeout),
        ("hang_after_head", httpx.ReadTimeout),
        ("cut", httpx.RemoteProtocolError),
        ("reset", httpx.ReadError),
    ],
)
def test_transport_breaks_answers_as_a_wire_would(
    kind: str, error: type[httpx.TransportError]
) -> None:
    """Each broken delivery is the exception that httpx raises for it."""
    asker = an_asker()
    asker.break_by(kind)
    with pytest.raises(error):
        _client(asker).get("/info")


def test_hanging_answer_takes_the_read_timeout() -> None:
    """The waiting is real on the injected clock."""
    asker = an_asker()
    asker.break_by("hang")
    before = asker.clock.monotonic()
    with pytest.raises(httpx.ReadTimeout):
        _client(asker).get("/info")
    assert asker.clock.monotonic() - before == 10


def test_dripping_answer_takes_a_second_for_each_byte() -> None:
    """A reader with a deadline can leave in the middle."""
    asker = an_asker()
    asker.break_by("drip")
    before = asker.clock.monotonic()
    with _client(asker).stream("GET", "/info") as answer:
        received = []
        for chunk in answer.iter_raw():
            received.append(chunk)
            if len(received) == 20:
                break
    assert asker.clock.monotonic() - before == 20
    assert {len(chunk) for chunk in received} == {1}


def test_slow_answer_takes_its_time_and_no_longer_than_the_read_timeout() -> None:
    """A patient reader gets it whole, another one gives up."""
    asker = an_asker()
    asker.break_by("slow", value=8)
    client, began = _client(asker), asker.clock.now()
    assert client.get("/info").status_code == 200
    assert asker.clock.now() - began == 8
    with pytest.raises(httpx.ReadTimeout):
        client.get("/info", timeout=3)
    assert asker.clock.now() - began == 11


def test_syncs_asked_and_those_accepted_are_told_apart() -> None:
    """A read is none of them; a refused post was asked for, and is not accepted."""
    asker = an_asker()
    asker.get(asker.replication())
    assert (syncs_asked(asker.api), syncs_accepted(asker.api)) == (0, 0)
    asker.post(f"{asker.replication()}/actions/sync")
    asker.post(f"{asker.pairing}/replications/none/actions/sync")
    assert (syncs_asked(asker.api), syncs_accepted(asker.api)) == (2, 1)
