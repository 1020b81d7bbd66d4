"""The one place where errors of httpx, httpcore, ssl and sockets become ours."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import httpx

from vr_exporter.appliance.address import Address
from vr_exporter.appliance.certificates import (
    Certificate,
    PinMismatch,
    inspect_certificate,
    why_refused,
)
from vr_exporter.appliance.errors import ApplianceError, Refused, Unreachable, Unreadable
from vr_exporter.appliance.network import Deadline, HandshakeTimeout, NameUnknown
from vr_exporter.domain.events import CertificateSeen, Event

E = TypeVar("E", bound=BaseException)

_LOOK_SECONDS = 2.0
_BAD_LOCATION = "Invalid URL in location header"
_BROKEN_OFF = ("Server disconnected", "peer closed connection")


def renamed(
    error: httpx.HTTPError, address: Address, deadline: Deadline, tell: Callable[[Event], None]
) -> ApplianceError:
    """Say what went wrong in our words; a refused certificate is looked at once more."""
    place = address.place
    if _cause(error, NameUnknown):
        return Unreachable("dns", f"{address.host}: the name does not resolve")
    if isinstance(error, httpx.TimeoutException):
        return _late(error, place, deadline)
    if isinstance(error, httpx.ConnectError):
        if refusal := _cause(error, ssl.SSLError):
            return _untrusted(refusal, address, tell)
        return Unreachable("connect", f"{place}: {_plain(error)}")
    if isinstance(error, httpx.NetworkError) or str(error).startswith(_BROKEN_OFF):
        return Unreachable("reset", f"{place}: the connection broke off: {_plain(error)}")
    return _improper(error, place)


def _improper(error: httpx.HTTPError, place: str) -> ApplianceError:
    if str(error).startswith(_BAD_LOCATION):
        return Refused("redirect", f"{place}: a redirect to what is no address: {error}")
    return Unreadable("schema", f"{place}: no proper HTTP: {error}")


def _late(error: httpx.TimeoutException, place: str, deadline: Deadline) -> Unreachable:
    if deadline.is_past:
        return Unreachable("deadline", f"{place}: the answer was not whole in time")
    if _cause(error, HandshakeTimeout):
        return Unreachable("tls", f"{place}: the TLS handshake hangs")
    if isinstance(error, httpx.ConnectTimeout):
        return Unreachable("connect", f"{place}: no connection in time")
    return Unreachable("timeout", f"{place}: the answer stopped coming")


def _untrusted(
    refusal: ssl.SSLError, address: Address, tell: Callable[[Event], None]
) -> Unreachable:
    seen: Certificate | None = None
    if isinstance(refusal, (ssl.SSLCertVerificationError, PinMismatch)):
        with suppress(ApplianceError):
            seen = inspect_certificate(address, timeout_seconds=_LOOK_SECONDS)
            tell(CertificateSeen(seen.not_after))
    return Unreachable("tls", why_refused(refusal, address, seen))


def _cause(error: BaseException | None, kind: type[E]) -> E | None:
    while error is not None:
        if isinstance(error, kind):
            return error
        error = error.__cause__ or error.__context__
    return None


def _plain(error: BaseException) -> str:
    """Return the operating system's words where there are any."""
    system = _cause(error, OSError)
    return (system.strerror if system and system.strerror else str(error)).strip()
