"""Talking to a running exporter: at an address, or through the socket in its state folder."""

from __future__ import annotations

import json
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from vr_exporter.cli.common import CommandError, Exit, web_address
from vr_exporter.cli.local import is_answered
from vr_exporter.cli.plain import shown

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 30.0
LARGEST_ANSWER_BYTES = 256 * 2**20
"""Room for 20 sites of 10,000 replications with error texts."""

Parameters = Sequence[tuple[str, str]]


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
            transport=httpx.HTTPTransport(uds=str(socket_path)) if socket_path else None,
            verify=ssl.create_default_context(),
            trust_env=False,
        )

    def get(self, path: str, parameters: Parameters = ()) -> Any:
        """GET a path of the API as JSON."""
        status, body = self._answer(path, parameters)
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise self._failure(f"no JSON at {path} (HTTP {status})") from error
        if status == httpx.codes.OK:
            return answer
        detail = answer.get("detail") if isinstance(answer, dict) else None
        raise self._failure(shown(str(detail or f"HTTP {status} for {path}"))[:500])

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _answer(self, path: str, parameters: Parameters) -> tuple[int, bytes]:
        try:
            with self._client.stream("GET", path, params=list(parameters)) as response:
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > LARGEST_ANSWER_BYTES:
                        raise self._failure("the answer is too large")
                return response.status_code, bytes(body)
        except httpx.TimeoutException as error:
            raise self._failure("no answer in time") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._failure(shown(str(error)) or "no answer") from error

    def _failure(self, text: str) -> CommandError:
        return CommandError(Exit.REFUSED, f"{self.name}: {text}")


def at(url: str, *, token_file: Path | None = None) -> Exporter:
    """The exporter at an address of `--server`."""
    address = web_address("--server", url)
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
