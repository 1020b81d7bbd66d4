"""Name resolution, connection and TLS of one address, each named with its remedy."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime

from vr_exporter.appliance.address import Address
from vr_exporter.appliance.certificates import (
    Certificate,
    PinMismatch,
    inspect_certificate,
    tls_context,
)
from vr_exporter.appliance.errors import Unreachable
from vr_exporter.cli.check.report import Finding, fail, ok, warn
from vr_exporter.cli.plain import span

RESOLUTION = "name resolution"
CONNECTION = "connection"
TLS = "tls"

CONNECT_SECONDS = 5.0
EXPIRY_WARNING_SECONDS = 14 * 86_400.0
"""As the alert VrCertificateExpiring has it."""

_ADDRESSES_SHOWN = 4
_NAMES_SHOWN = 5
_EXPIRED, _NOT_YET_VALID, _WRONG_NAMES = 10, 9, (62, 64)
"""OpenSSL's verify codes (x509_vfy.h)."""


def resolution(address: Address, *, site: str) -> Finding:
    """Look the name up as the exporter does at each connect."""
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return fail(
            RESOLUTION,
            f"{address.host} does not resolve",
            f"correct sites.{site}.url, or the DNS of this machine",
        )
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if addresses == [address.host]:
        return ok(RESOLUTION, f"{address.host} is an address, nothing to resolve")
    return ok(RESOLUTION, f"{address.host} is {', '.join(addresses[:_ADDRESSES_SHOWN])}")


def connection(address: Address) -> Finding:
    """Open a TCP connection and close it again."""
    try:
        socket.create_connection((address.host, address.port), CONNECT_SECONDS).close()
    except TimeoutError:
        return fail(
            CONNECTION,
            f"{address.place} does not answer in {CONNECT_SECONDS:g} s",
            "is a firewall between this machine and the appliance?",
        )
    except OSError as error:
        return fail(
            CONNECTION,
            f"{address.place}: {error.strerror or error}",
            "is the appliance up, and the port right?",
        )
    return ok(CONNECTION, f"{address.place} accepts")


def tls(address: Address, site: str, *, now: float) -> Finding:
    """Look at the certificate, then ask whether the settings accept it."""
    if not address.has_tls:
        return ok(TLS, "plain http, which only loopback may be asked with")
    try:
        seen = inspect_certificate(address)
    except Unreachable as error:
        return fail(TLS, str(error), "is this the https port, and does it speak TLS 1.2?")
    refusal = _refusal(address)
    if refusal is not None:
        return refused(refusal, address, seen, site)
    return accepted(address, seen, site, now=now)


def accepted(address: Address, seen: Certificate, site: str, *, now: float) -> Finding:
    """Tell of a certificate that the settings accept, warning of what is near or unsafe."""
    known = f"{_trusted_by(address)}, valid until {_day(seen.not_after)}, {_sha(seen)}"
    if address.insecure_skip_verify and not address.pin:
        return warn(TLS, f"any certificate is accepted; this one: {_sha(seen)}", _pin(seen, site))
    left = seen.not_after - now
    if left <= 0:
        return warn(TLS, f"{known}; it has expired", "renew it on the appliance")
    if left < EXPIRY_WARNING_SECONDS:
        return warn(TLS, f"{known}; it expires in {span(left)}", "renew it on the appliance")
    return ok(TLS, known)


def refused(error: OSError, address: Address, seen: Certificate, site: str) -> Finding:
    """Name why a certificate is refused, with the line that pins it where that is a remedy."""
    if isinstance(error, PinMismatch):
        remedy = f"if it was renewed, paste {_pin_line(seen, site)}"
        return fail(TLS, "the certificate is not the pinned one", remedy)
    if not isinstance(error, ssl.SSLCertVerificationError):
        return fail(TLS, f"{address.place}: {error}", "does the appliance speak TLS 1.2?")
    text, remedy = _fault(error.verify_code, address, seen, site)
    return fail(TLS, f"the certificate {text}", remedy)


def _fault(code: int, address: Address, seen: Certificate, site: str) -> tuple[str, str]:
    """What is wrong with a certificate that failed the verification, and the remedy."""
    pin = _pin(seen, site)
    if code == _EXPIRED:
        return f"expired on {_day(seen.not_after)}", f"renew it on the appliance; until then, {pin}"
    if code == _NOT_YET_VALID:
        text = f"is valid only from {_day(seen.not_before)}"
        return text, "set the clocks of the appliance and of this machine"
    if code in _WRONG_NAMES:
        names = ", ".join(seen.names[:_NAMES_SHOWN]) or "no name"
        return (
            f"is for {names}, not for {address.host}",
            f"use that name in sites.{site}.url; {pin}",
        )
    if seen.is_self_signed:
        return "is self-signed", pin
    issuer = seen.issuer or "without a name"
    return f"is of an unknown issuer, {issuer}", f"set sites.{site}.tls.ca_file to its PEM; {pin}"


def _refusal(address: Address) -> OSError | None:
    """Shake hands as the exporter does; None if the settings accept what is shown."""
    try:
        context = tls_context(address)
        with (
            socket.create_connection((address.host, address.port), CONNECT_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=address.host),
        ):
            return None
    except OSError as error:
        return error


def _pin(seen: Certificate, site: str) -> str:
    return f"if that is the appliance's own, paste {_pin_line(seen, site)}"


def _pin_line(seen: Certificate, site: str) -> str:
    return f'under sites.{site}: tls: {{fingerprint_sha256: "{_colons(seen.sha256)}"}}'


def _sha(seen: Certificate) -> str:
    return f"SHA-256 {_colons(seen.sha256)}"


def _colons(digest: str) -> str:
    return ":".join(digest[place : place + 2] for place in range(0, len(digest), 2))


def _trusted_by(address: Address) -> str:
    if address.pin:
        return "the pinned certificate"
    return f"trusted by {address.ca_file}" if address.ca_file else "trusted by the system"


def _day(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp, tz=UTC).strftime("%Y-%m-%d")
