"""One Alertmanager: alerts are posted to it, and its silences are read."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from ssl import PROTOCOL_TLS_CLIENT, SSLContext
from typing import Final
from urllib.parse import urlsplit

import httpx

from vr_exporter import __version__
from vr_exporter.alerting.silences import Silence, UnknownForm, parse_silences
from vr_exporter.appliance.address import Address
from vr_exporter.appliance.certificates import tls_context
from vr_exporter.appliance.dates import http_date
from vr_exporter.appliance.errors import printable
from vr_exporter.appliance.network import BoundedBackend, Deadline
from vr_exporter.appliance.transport import NO_ADDRESS, BoundedTransport
from vr_exporter.domain.clock import Clock
from vr_exporter.domain.credentials import Credentials

CONNECT_SECONDS: Final = 5.0
WHOLE_SECONDS: Final = 10.0
"""From the first byte of the request to the last of the answer."""

_ANSWER_BYTES: Final = 65_536
_SILENCES_BYTES: Final = 16 * 1024 * 1024
_SHOWN: Final = 512
_OK: Final = 200
_DATE_ROUNDING_SECONDS: Final = 0.5

Authorize = Callable[[], str]
"""Gives the value of the header `Authorization` as of now, empty for none; raises Unready."""


class Unready(Exception):  # noqa: N818 - the name says it
    """No request can be made: a secret or a CA file cannot be read."""


class NotAsked(Exception):  # noqa: N818 - the name says it
    """A list of silences was not to be had."""


@dataclass(frozen=True, slots=True)
class Member:
    """Where a member is, and how it is known to be the right one.

    `receiver` is its name in logs and metrics, which never show the URL.
    """

    receiver: str
    url: str
    ca_file: Path | None = None
    fingerprint_sha256: str | None = None
    insecure_skip_verify: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request: status 0 where no whole answer came, `text` then says why.

    `skew_seconds` is the member's clock less ours, None where it does not say. `was_shown` is
    what `authorize` gave for the request.
    """

    status: int
    text: str = ""
    seconds: float = 0.0
    skew_seconds: float | None = None
    was_shown: str = ""
    body: bytes = b""


def bearer(token: str) -> str:
    """The header for a token; raises Unready for one that no header can carry."""
    if not (token.isascii() and token.isprintable()):
        raise Unready("bearer_token: holds characters that no header can carry")
    return f"Bearer {token}"


def basic(credentials: Credentials) -> str:
    """The header for a user and a password."""
    plain = f"{credentials.username}:{credentials.password}".encode()
    return f"Basic {base64.b64encode(plain).decode('ascii')}"


class Alertmanager:
    """Speaks API v2 with one member, one request at a time; follows no redirect.

    Every wait ends with a deadline; proxies of the environment, netrc and cookies are ignored. With
    a `transport` of its own (in tests) there is no socket.
    """

    def __init__(
        self,
        member: Member,
        *,
        authorize: Authorize,
        clock: Clock,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.member = member
        self.authorize = authorize
        self._clock = clock
        self._given = transport
        self._deadline = Deadline(clock.monotonic)
        self._client: httpx.Client | None = None

    def post(self, body: bytes) -> Answer:
        """Post a list of alerts; whatever goes wrong is an answer with status 0."""
        return self._ask("POST", "/api/v2/alerts", body, most_bytes=_ANSWER_BYTES)

    def silences(self) -> tuple[Silence, ...]:
        """Read the silences that are active now; raises NotAsked, and UnknownForm."""
        return parse_silences(self._got("/api/v2/silences"))

    def active_alerts(self, alertname: str) -> bytes:
        """Read the alerts of a name that it holds, as it lists them; raises NotAsked."""
        return self._got(f"/api/v2/alerts?filter=alertname%3D%22{alertname}%22")

    def status(self) -> bytes:
        """Read its version, cluster and configuration; raises NotAsked."""
        return self._got("/api/v2/status")

    def _got(self, path: str) -> bytes:
        answer = self._ask("GET", path, None, most_bytes=_SILENCES_BYTES)
        if answer.status != _OK:
            raise NotAsked(f"{self.member.receiver}: {answer.status or answer.text}")
        if len(answer.body) > _SILENCES_BYTES:
            raise UnknownForm("the answer is too long")
        return answer.body

    def close(self) -> None:
        """Close the connection; the next request opens another, with the CA file read anew."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _ask(self, method: str, path: str, body: bytes | None, *, most_bytes: int) -> Answer:
        self._deadline.begin(WHOLE_SECONDS)
        began_at, began = self._clock.now(), self._clock.monotonic()
        shown = ""
        try:
            shown = self.authorize()
            response, content = self._exchanged(method, path, body, shown, most_bytes)
        except (httpx.HTTPError, *NO_ADDRESS, Unready, OSError) as error:
            self.close()
            text = printable(str(error) or type(error).__name__, _SHOWN)
            return Answer(0, text, self._clock.monotonic() - began, was_shown=shown)
        date = http_date(response.headers.get("date"))
        middle = (began_at + self._clock.now()) / 2
        return Answer(
            response.status_code,
            printable(content[: 4 * _SHOWN].decode("utf-8", "replace").strip(), _SHOWN),
            self._clock.monotonic() - began,
            None if date is None else date + _DATE_ROUNDING_SECONDS - middle,
            shown,
            content,
        )

    def _exchanged(
        self, method: str, path: str, body: bytes | None, shown: str, most_bytes: int
    ) -> tuple[httpx.Response, bytes]:
        """Ask once, and once more in silence where a kept connection had been closed."""
        was_kept = self._client is not None
        try:
            return self._exchange(method, path, body, shown, most_bytes)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            if not was_kept:
                raise
        self.close()
        return self._exchange(method, path, body, shown, most_bytes)

    def _exchange(
        self, method: str, path: str, body: bytes | None, shown: str, most_bytes: int
    ) -> tuple[httpx.Response, bytes]:
        client = self._client = self._client or self._open()
        headers = {"authorization": shown} if shown else {}
        if body is not None:
            headers["content-type"] = "application/json"
        url = self.member.url.rstrip("/") + path
        request = client.build_request(method, url, content=body, headers=headers)
        response = client.send(request, stream=True)
        try:
            return response, self._read(response, most_bytes)
        finally:
            response.close()

    def _read(self, response: httpx.Response, most_bytes: int) -> bytes:
        """Read one byte more than is allowed at most, and nothing that is encoded."""
        if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise httpx.DecodingError("answered in an encoding that was not asked for")
        content = bytearray()
        for chunk in response.iter_raw():
            content += chunk
            if len(content) > most_bytes:
                break
            if self._deadline.is_past:
                raise httpx.ReadTimeout("the answer took too long as a whole")
        return bytes(content[: most_bytes + 1])

    def _open(self) -> httpx.Client:
        return httpx.Client(
            transport=self._given or self._transport(),
            headers={
                "accept": "application/json",
                "accept-encoding": "identity",
                "user-agent": f"vr-exporter/{__version__}",
            },
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            timeout=httpx.Timeout(WHOLE_SECONDS, connect=CONNECT_SECONDS),
            follow_redirects=False,
            trust_env=False,
        )

    def _transport(self) -> httpx.BaseTransport:
        backend = BoundedBackend(self._deadline, on_tls=lambda _: None)
        return BoundedTransport(self._context(), backend)

    def _context(self) -> SSLContext:
        """Make the context that the member asks for; for plain http one that trusts nobody."""
        member = self.member
        if urlsplit(member.url).scheme != "https":
            return SSLContext(PROTOCOL_TLS_CLIENT)
        address = Address(
            member.url,
            ca_file=member.ca_file,
            fingerprint_sha256=member.fingerprint_sha256,
            insecure_skip_verify=member.insecure_skip_verify,
        )
        try:
            return tls_context(address)
        except OSError as error:
            raise Unready(f"tls.ca_file: {error.strerror or error}") from error
