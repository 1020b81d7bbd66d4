"""The simulated appliance as tests use it: a clock moved by hand, a transport without sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http import HTTPStatus
from threading import Lock

import httpx

from vr_exporter.domain.clock import Clock
from vr_exporter.simulator.api import Api
from vr_exporter.simulator.messages import Delivery, SimRequest, SimResponse

AN_INSTANT = 1_760_000_000.0
"""A Thursday morning in October 2025; tests start here unless they say otherwise."""


class ManualClock:
    """Time that passes only when told: by `advance`, or by someone who waits.

    The wall clock and the monotonic clock move together; `step` moves the wall clock alone, as an
    administrator would. `waits` lists what was waited for. After `stop` every wait returns True
    at once and no time passes.
    """

    def __init__(self, start: float = AN_INSTANT) -> None:
        self._lock = Lock()
        self._wall = start
        self._monotonic = 1000.0
        self.is_stopped = False
        self.waits: list[float] = []

    def now(self) -> float:
        """Wall clock, seconds since 1970."""
        return self._wall

    def monotonic(self) -> float:
        """Seconds from an arbitrary start."""
        return self._monotonic

    def wait(self, seconds: float) -> bool:
        """Let the time pass at once; True when stopped."""
        if self.is_stopped:
            return True
        with self._lock:
            self.waits.append(seconds)
        self.advance(seconds)
        return self.is_stopped

    def advance(self, seconds: float) -> None:
        """Move both clocks on."""
        with self._lock:
            self._wall += max(seconds, 0.0)
            self._monotonic += max(seconds, 0.0)

    def step(self, seconds: float) -> None:
        """Move the wall clock alone, either way."""
        with self._lock:
            self._wall += seconds

    def stop(self) -> None:
        """Make every wait end at once."""
        self.is_stopped = True

    def clock(self) -> Clock:
        """The same time as the program is handed it."""
        return Clock(now=self.now, monotonic=self.monotonic, wait=self.wait)


def syncs_asked(api: Api) -> int:
    """How many syncs an appliance was asked for, whatever it answered."""
    return sum(count for endpoint, count in api.counters.requests.items() if _is_sync(endpoint))


def syncs_accepted(api: Api) -> int:
    """How many syncs an appliance said yes to: a request that came cut it refuses."""
    answers = api.counters.answers.items()
    return sum(
        count
        for (endpoint, status), count in answers
        if _is_sync(endpoint) and status == HTTPStatus.ACCEPTED
    )


class SimulatedTransport(httpx.BaseTransport):
    """Hands httpx requests to an appliance in this process, and breaks answers as a wire would.

    A hanging answer waits for the read timeout on `wait` (hand in `ManualClock.wait`), then raises
    what httpx raises, a slow one as long as that timeout allows; a dripping one waits a second for
    each byte. `wait` may be left out.
    """

    def __init__(
        self, api: Api, *, peer: str = "127.0.0.1", wait: Callable[[float], bool] | None = None
    ) -> None:
        self._api = api
        self._peer = peer
        self._wait = wait or (lambda _: False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        response = self._api.answer(
            SimRequest(
                method=request.method,
                target=request.url.raw_path.decode("ascii"),
                headers={name.lower(): value for name, value in request.headers.items()},
                body=request.read(),
                peer=self._peer,
                scheme=request.url.scheme,
            )
        )
        self._break_before_head(request, response)
        return httpx.Response(
            response.status,
            headers=[*response.headers, *_length_of(response)],
            stream=_Arriving(response, self._wait, _read_timeout(request)),
            request=request,
        )

    def _break_before_head(self, request: httpx.Request, response: SimResponse) -> None:
        if response.delivery is Delivery.REFUSED:
            raise httpx.ConnectError("[Errno 111] Connection refused", request=request)
        if response.delivery is Delivery.DROPPED:
            text = "Server disconnected without sending a response."
            raise httpx.RemoteProtocolError(text, request=request)
        patience = _read_timeout(request)
        if response.delay_seconds:
            self._wait(min(response.delay_seconds, patience))
        if response.delivery is Delivery.HANG:
            self._wait(patience)
        if response.delivery is Delivery.HANG or response.delay_seconds > patience:
            raise httpx.ReadTimeout("The read operation timed out", request=request)


class _Arriving(httpx.SyncByteStream):
    def __init__(
        self, response: SimResponse, wait: Callable[[float], bool], read_timeout: float
    ) -> None:
        self._response = response
        self._wait = wait
        self._read_timeout = read_timeout

    def __iter__(self) -> Iterator[bytes]:
        body, delivery = self._response.body, self._response.delivery
        if delivery is Delivery.WHOLE:
            yield body
        elif delivery is Delivery.DRIP:
            yield from self._drip(body)
        elif delivery is Delivery.HANG_AFTER_HEAD:
            self._wait(self._read_timeout)
            raise httpx.ReadTimeout("The read operation timed out")
        else:
            yield body[: len(body) // 2]
            if delivery is Delivery.RESET:
                raise httpx.ReadError("[Errno 104] Connection reset by peer")
            raise httpx.RemoteProtocolError("peer closed connection without sending complete body")

    def _drip(self, body: bytes) -> Iterator[bytes]:
        for number in range(len(body)):
            self._wait(1.0)
            yield body[number : number + 1]


def _is_sync(endpoint: str) -> bool:
    return endpoint.endswith("/actions/sync")


def _read_timeout(request: httpx.Request) -> float:
    timeouts = request.extensions.get("timeout", {})
    return float(timeouts.get("read") or 10.0)


def _length_of(response: SimResponse) -> list[tuple[str, str]]:
    if response.chunked:
        return [("Transfer-Encoding", "chunked")]
    return [("Content-Length", str(len(response.body)))]
