"""Talking to a running exporter: at an address, or through the socket in its state folder."""

from __future__ import annotations

import json
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from vr_exporter.cli.common import CommandError, Exit, no_address, web_address
from vr_exporter.cli.local import is_answered
from vr_exporter.cli.plain import shown

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 30.0
LARGEST_ANSWER_BYTES = 256 * 2**20
"""Room for 20 sites of 10,000 replications with error texts."""

Parameters = Sequence[tuple[str, str]]

_EXITS = {400: Exit.USAGE, 401: Exit.USAGE, 403: Exit.USAGE, 503: Exit.STATE}
_REMEDIES = {401: " (give the token of its `api` with --token-file)"}
_NO_ADDRESS = (httpx.InvalidURL, UnicodeError)
"""What httpx raises for a URL that is none, and its library for names in punycode."""

_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    *_NO_ADDRESS,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """The status of an answer, and its JSON; None where it holds none."""

    status: int
    shape: Any


class NoAnswerError(CommandError):
    """Nobody answered; `may_have_arrived` tells whether the request can have been heard."""

    def __init__(self, line: str, *, may_have_arrived: bool) -> None:
        super().__init__(Exit.REFUSED, line)
        self.may_have_arrived = may_have_arrived


class Source(Protocol):
    """Answers the paths of /api/v1 with JSON; `name` says to people what it is."""

    @property
    def name(self) -> str:
        """Who answers."""

    def get(self, path: str, parameters: Parameters = ()) -> Any:
        """The answer to a GET; raises CommandError with a line for people."""


class Exporter:
    """A running exporter, its certificate measured against the system's authorities.

    Redirects are not followed and no proxy is taken from the environment.
    """

    def __init__(self, name: str, base_url: str, *, socket_path: Path | None, token: str) -> None:
        self.name = name
        self._client = httpx.Client(
            base_url=base_url,
            headers={"authorization": f"Bearer {token}"} if token else {},
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            transport=httpx.HTTPTransport(
                verify=_authorities(base_url),
                uds=str(socket_path) if socket_path else None,
                trust_env=False,
            ),
            trust_env=False,
        )

    def get(self, path: str, parameters: Parameters = ()) -> Any:
        """GET a path of the API as JSON."""
        answer = self.ask("GET", path, parameters)
        if answer.status != httpx.codes.OK:
            raise self._failure(self._detail(answer, path))
        if answer.shape is None:
            raise self._failure(_no_json(answer, path))
        return answer.shape

    def ask(
        self,
        method: str,
        path: str,
        parameters: Parameters = (),
        *,
        shape: object | None = None,
        key: str = "",
    ) -> Answer:
        """Send one request, with JSON and an Idempotency-Key where given; any status is an answer.

        Raises NoAnswerError when there is none. Nothing is sent a second time.
        """
        body = None if shape is None else json.dumps(shape).encode()
        headers = {} if shape is None else {"content-type": "application/json"}
        if key:
            headers["idempotency-key"] = key
        request = self._client.build_request(
            method, path, params=list(parameters) or None, content=body, headers=headers
        )
        return self._send(request)

    def refusal(self, answer: Answer, path: str) -> CommandError:
        """What an answer other than the one hoped for means to people, and its exit code."""
        line = self._detail(answer, path) + _REMEDIES.get(answer.status, "")
        return CommandError(_EXITS.get(answer.status, Exit.REFUSED), f"{self.name}: {line}")

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _send(self, request: httpx.Request) -> Answer:
        try:
            response = self._client.send(request, stream=True)
            try:
                return Answer(response.status_code, _json(self._body(response)))
            finally:
                response.close()
        except (httpx.HTTPError, *_NO_ADDRESS) as error:
            is_slow = isinstance(error, httpx.TimeoutException)
            text = "no answer in time" if is_slow else shown(str(error)) or "no answer"
            may_have_arrived = not isinstance(error, _NOT_SENT)
            line = f"{self.name}: {text}"
            raise NoAnswerError(line, may_have_arrived=may_have_arrived) from error

    def _body(self, response: httpx.Response) -> bytes:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > LARGEST_ANSWER_BYTES:
                raise self._failure("the answer is too large")
        return bytes(body)

    def _detail(self, answer: Answer, path: str) -> str:
        if answer.shape is None:
            return _no_json(answer, path)
        detail = answer.shape.get("detail") if isinstance(answer.shape, dict) else None
        return shown(str(detail or f"HTTP {answer.status} for {path}"))[:500]

    def _failure(self, text: str) -> CommandError:
        return CommandError(Exit.REFUSED, f"{self.name}: {text}")


def _authorities(url: str) -> ssl.SSLContext:
    """Read whom the system trusts, which takes a while, only where a certificate will be shown."""
    if urlsplit(url).scheme == "https":
        return ssl.create_default_context()
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _no_json(answer: Answer, path: str) -> str:
    return f"no JSON at {path} (HTTP {answer.status})"


def at(url: str, *, token_file: Path | None = None) -> Exporter:
    """The exporter at an address of `--server`."""
    address = web_address("--server", url)
    try:
        httpx.Request("GET", address).url.raw_host.decode().encode("idna")
    except _NO_ADDRESS as error:
        raise no_address("--server") from error
    parts = urlsplit(address)
    name = f"the exporter at {parts.scheme}://{parts.netloc}"
    return Exporter(name, address, socket_path=None, token=_token(token_file))


def beside(path: Path) -> Exporter | None:
    """The exporter that listens on a unix socket; None when nobody does."""
    if not is_answered(path):
        return None
    name = f"the exporter that runs here ({path})"
    return Exporter(name, "http://exporter", socket_path=path, token="")


def _token(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        why = (getattr(error, "strerror", None) or "not text").lower()
        raise CommandError(Exit.USAGE, f"--token-file: {file}: {why}") from error
    if not token or not (token.isascii() and token.isprintable()):
        raise CommandError(Exit.USAGE, f"--token-file: {file}: holds no token")
    return token
