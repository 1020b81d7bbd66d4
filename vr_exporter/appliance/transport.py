"""One kept-alive connection to one appliance: a request goes out, a bounded answer comes back."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpcore
import httpx

from vr_exporter import __version__
from vr_exporter.appliance.address import Address
from vr_exporter.appliance.certificates import expiry_of, tls_context
from vr_exporter.appliance.dates import http_date
from vr_exporter.appliance.errors import Refused, Unreachable, Unreadable, printable
from vr_exporter.appliance.network import BoundedBackend, Deadline
from vr_exporter.appliance.renaming import renamed
from vr_exporter.domain.clock import Clock
from vr_exporter.domain.credentials import Credentials
from vr_exporter.domain.events import CertificateSeen, ClockRead, Endpoint, Event, Requested

__all__ = ["Address", "Answer", "Ask", "BoundedTransport", "Limits", "Line"]

_HEADERS = {
    "accept": "application/json",
    "accept-encoding": "identity",
    "user-agent": f"vr-exporter/{__version__}",
}
_FIRST_ERROR_STATUS = 300
_FIRST_CLIENT_ERROR = 400
_ERROR_BODY_BYTES = 65536
_KEPT_ALIVE_SECONDS = 300.0

NO_ADDRESS = (httpx.InvalidURL, UnicodeError)
"""What httpx raises for a URL that is none, and its library for names in punycode."""

_LOGINS = frozenset({"session", "remote_session"})

_DATE_ROUNDING_SECONDS = 0.5
"""A Date header is cut to whole seconds: on average half a second has passed since."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one answer may cost (fault-matrix R8); the response limit covers all the others."""

    connect_seconds: float = 5.0
    read_seconds: float = 10.0
    response_seconds: float = 20.0
    body_bytes: int = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Ask:
    """One request; `token` and `credentials` say who asks."""

    endpoint: Endpoint
    path: str
    method: str = "GET"
    query: tuple[tuple[str, str], ...] = ()
    token: str = field(default="", repr=False)
    credentials: Credentials | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; error answers keep 64 KiB of their body, redirects none."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def content_type(self) -> str:
        """The media type, without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(slots=True)
class _Progress:
    """How far a request has come; told when it ends, well or not."""

    code: str = "error"
    received_bytes: int = 0


class Line:
    """Sends one request at a time, under a deadline, and tells of each; follows no redirect.

    Environment proxies, netrc and cookies are ignored. With a `transport` of its own (in tests)
    there is no TLS and no socket to look after.
    """

    def __init__(
        self,
        address: Address,
        *,
        clock: Clock,
        tell: Callable[[Event], None],
        limits: Limits | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.address = address
        self.requests_sent = 0
        self.logins_sent = 0
        self._clock = clock
        self._tell = tell
        self._limits = limits or Limits()
        self._given = transport
        self._deadline = Deadline(clock.monotonic)
        self._backend = BoundedBackend(self._deadline, on_tls=self._saw_tls)
        self._client: httpx.Client | None = None

    def send(self, ask: Ask, *, seconds: float) -> Answer:
        """Send a request; the whole answer must be there within `seconds` and the limits."""
        self.requests_sent += 1
        self.logins_sent += ask.method == "POST" and ask.endpoint in _LOGINS
        self._deadline.begin(min(seconds, self._limits.response_seconds))
        progress = _Progress()
        began = self._clock.monotonic()
        try:
            return self._exchange(ask, progress)
        except httpx.HTTPError as error:
            failure = renamed(error, self.address, self._deadline, self._tell)
            if failure.reason == "tls":
                self.close()
            raise failure from error
        finally:
            lasted = self._clock.monotonic() - began
            self._tell(
                Requested(ask.endpoint, ask.method, progress.code, lasted, progress.received_bytes)
            )

    def close(self) -> None:
        """Close the connection; the next request opens another, with CA file and name read anew."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _exchange(self, ask: Ask, progress: _Progress) -> Answer:
        """Send once, and once more in silence where a kept connection had been closed (A11)."""
        connections = self._backend.connections
        try:
            return self._once(ask, progress)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            was_kept = connections and connections == self._backend.connections
            if not was_kept or ask.method != "GET" or progress.code != "error":
                raise
        return self._once(ask, progress)

    def _once(self, ask: Ask, progress: _Progress) -> Answer:
        began_at = self._clock.now()
        with self._stream(ask) as response:
            progress.code = str(response.status_code)
            if (date := http_date(response.headers.get("date"))) is not None:
                middle = (began_at + self._clock.now()) / 2
                self._tell(ClockRead(date + _DATE_ROUNDING_SECONDS - middle))
            body = b"".join(self._chunks(response, progress))
            return Answer(response.status_code, response.headers, body)

    @contextmanager
    def _stream(self, ask: Ask) -> Iterator[httpx.Response]:
        client = self._client = self._client or self._open()
        request = self._request(client, ask)
        who = ask.credentials
        auth = httpx.BasicAuth(who.username, who.password) if who else None
        try:
            response = client.send(request, stream=True, auth=auth)
        except NO_ADDRESS as error:  # httpx looks at a Location that it does not follow
            text = f"{self.address.place}: a redirect to what is no address: {error}"
            raise Refused("redirect", text) from error
        try:
            yield response
        finally:
            response.close()

    def _request(self, client: httpx.Client, ask: Ask) -> httpx.Request:
        """Write the request; where its address is none, nothing has left."""
        try:
            return client.build_request(
                ask.method,
                self.address.base + ask.path,
                params=ask.query or None,
                headers={"x-dr-session": ask.token} if ask.token else None,
            )
        except NO_ADDRESS as error:
            text = f"{self.address.place}: not asked, no request can be sent to this url: {error}"
            raise Unreachable("connect", text) from error

    def _chunks(self, response: httpx.Response, progress: _Progress) -> Iterator[bytes]:
        """Read the raw body up to its cap, and nothing of one that is encoded (A13, A14)."""
        is_error = response.status_code >= _FIRST_ERROR_STATUS
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if is_error and (response.status_code < _FIRST_CLIENT_ERROR or encoding != "identity"):
            return
        if encoding != "identity":
            text = f"answered in the encoding {printable(encoding)}, which was not asked for"
            raise Unreadable("encoding", text)
        cap = _ERROR_BODY_BYTES if is_error else self._limits.body_bytes
        if not is_error and _declared_bytes(response) > cap:
            raise _too_large(cap)
        for chunk in response.iter_raw():
            progress.received_bytes += len(chunk)
            if progress.received_bytes > cap:
                if is_error:
                    return
                raise _too_large(cap)
            yield chunk
            if self._deadline.is_past:
                raise Unreachable("deadline", "the answer took too long as a whole")

    def _open(self) -> httpx.Client:
        limits = self._limits
        return httpx.Client(
            transport=self._given or self._transport(),
            headers=_HEADERS,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            timeout=httpx.Timeout(limits.read_seconds, connect=limits.connect_seconds),
            follow_redirects=False,
            trust_env=False,
        )

    def _transport(self) -> httpx.BaseTransport:
        try:
            context = tls_context(self.address)
        except OSError as error:
            text = f"tls.ca_file {self.address.ca_file}: {error.strerror or error}"
            raise Unreachable("tls", text) from error
        return BoundedTransport(context, self._backend)

    def _saw_tls(self, wrapped: ssl.SSLSocket) -> None:
        if (expiry := expiry_of(wrapped)) is not None:
            self._tell(CertificateSeen(expiry))


class BoundedTransport(httpx.HTTPTransport):
    """httpx over sockets of our own, so that the deadline reaches every one of their waits."""

    def __init__(self, context: ssl.SSLContext, backend: BoundedBackend) -> None:
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=1,
            max_keepalive_connections=1,
            keepalive_expiry=_KEPT_ALIVE_SECONDS,
            network_backend=backend,
        )
        self._heard = backend.heard

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and refuse an answer that was read before its request had left.

        httpcore keeps what was read behind an answer, and would take it for the next one: what a
        broken proxy sends twice would put all that is read out of step. What comes while the
        connection is idle httpcore sees itself, and opens another. What arrives in the instant
        between that look and the request, or later, nobody can tell from its answer: a sync
        is asked for on a connection of its own (`Syncs.post`).
        """
        response = super().handle_request(request)
        if self._heard.is_new:
            return response
        response.close()
        text = "an answer was there before it was asked for"
        raise httpx.RemoteProtocolError(text, request=request)


def _declared_bytes(response: httpx.Response) -> int:
    length = response.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 20 else 0  # noqa: PLR2004 so many digits fit 64 bits


def _too_large(cap: int) -> Unreadable:
    return Unreadable("too_large", f"the answer is longer than {cap} bytes")
