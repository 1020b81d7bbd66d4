"""An appliance that says what a test tells it to, in the process; and one of ours to read it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import httpx

from tests.simulated import ManualClock
from vr_exporter.appliance.client import Appliance
from vr_exporter.appliance.transport import Address
from vr_exporter.domain.credentials import Credentials
from vr_exporter.domain.events import Event, Surprised

V2 = "/api/rest/vr/v2"
V1 = "/api/rest/vr/v1"
PASSWORD = "correct horse"
TOKEN = "c2Vzc2lvbi1vbmU="

Answer = Callable[[httpx.Request], httpx.Response]
E = TypeVar("E")


class _Chunks(httpx.SyncByteStream):
    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        yield from self._chunks


def reply(
    document: Any = None,
    *,
    status: int = 200,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    chunks: Callable[[], Iterator[bytes]] | None = None,
) -> Answer:
    """Answer with a document as JSON, or with the very bytes, or chunk by chunk."""
    content = b"" if document is None else json.dumps(document).encode()
    content = content if body is None else body
    sent = {"content-type": "application/json", **(headers or {})}

    def answer(_: httpx.Request) -> httpx.Response:
        stream = chunks() if chunks else iter([content])
        return httpx.Response(status, headers=sent, stream=_Chunks(stream))

    return answer


def breaks(error: type[httpx.HTTPError], text: str = "broken") -> Answer:
    """Break the request off."""

    def answer(request: httpx.Request) -> httpx.Response:
        raise error(text, request=request)  # type: ignore[call-arg] # all that are used take it

    return answer


def a_page(rows: list[Any], **meta: Any) -> dict[str, Any]:
    """A page of a list that says of itself what `meta` says, by default that it is the whole."""
    whole = {"errors": [], "total": len(rows), "offset": 0, "limit": 1000}
    return {"list": rows, "_meta": {**whole, **meta}}


class Script(httpx.BaseTransport):
    """Answers by method and path below the base; of several answers each is given once, in order.

    The last one is repeated. A login succeeds unless the test says otherwise.
    """

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self._answers: dict[tuple[str, str], list[Answer]] = {}
        self.on("POST", "/session", reply({"session_id": TOKEN}))
        self.on("DELETE", "/session", reply(status=204))
        self.on("GET", "/tasks", reply(a_page([])))

    def on(self, method: str, path: str, *answers: Answer) -> Script:
        """Set what a path answers."""
        self._answers[method, path] = list(answers)
        return self

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request; a path that nobody set answers 404."""
        self.requests.append(request)
        path = request.url.raw_path.decode().partition("?")[0]
        short = path.removeprefix(V2).removeprefix(V1)
        answers = self._answers.get((request.method, path)) or self._answers.get(
            (request.method, short)
        )
        if not answers:
            return reply(status=404)(request)
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return answer(request)

    def asked(self, method: str, path: str) -> list[httpx.Request]:
        """The requests for a path so far."""
        return [
            request
            for request in self.requests
            if request.method == method and request.url.path.endswith(path)
        ]


class Reader:
    """Our side: an appliance with its clock moved by hand and the events that it told."""

    def __init__(
        self,
        script: httpx.BaseTransport,
        *,
        clock: ManualClock | None = None,
        password: str = PASSWORD,
        **options: Any,
    ) -> None:
        self.clock = clock or ManualClock()
        self.events: list[Event] = []
        self.password = password
        self.appliance = Appliance(
            Address("https://vr.madrid.example"),
            credentials=lambda: Credentials("monitor@vsphere.local", self.password),
            clock=self.clock.clock(),
            tell=self.events.append,
            transport=script,
            random=options.pop("random", lambda: 0.5),
            **options,
        )

    def told(self, kind: type[E]) -> list[E]:
        """The events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def surprises(self) -> Counter[str]:
        """What surprised, by kind."""
        counts: Counter[str] = Counter()
        for event in self.told(Surprised):
            counts[event.kind] += event.count
        return counts
