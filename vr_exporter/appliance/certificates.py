"""Certificates of appliances: what is trusted, what a refused one looks like, and why it is."""

from __future__ import annotations

import hashlib
import hmac
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from vr_exporter.appliance.address import Address
from vr_exporter.appliance.errors import Unreachable

if TYPE_CHECKING:
    from cryptography import x509

LOOK_SECONDS = 5.0
_NAMES_SHOWN = 5

_EXPIRED, _NOT_YET_VALID, _WRONG_NAME, _WRONG_ADDRESS = 10, 9, 62, 64
"""OpenSSL's verify codes (x509_vfy.h) that have a remedy of their own."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a server shows of itself; times in seconds since 1970, `sha256` in hexadecimal."""

    sha256: str
    not_after: float
    not_before: float
    names: tuple[str, ...]
    issuer: str
    is_self_signed: bool

    @property
    def pin_line(self) -> str:
        """The line that pins this certificate in the settings."""
        return f"fingerprint_sha256: {self.sha256}"


class PinMismatch(ssl.SSLError):
    """The certificate is not the pinned one."""


class PinnedContext(ssl.SSLContext):
    """Trusts one certificate and no other, checked before a byte of HTTP is sent."""

    pin: str

    def wrap_socket(self, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        """Shake hands, then compare the SHA-256 of the peer's certificate."""
        wrapped = super().wrap_socket(*args, **kwargs)
        if not hmac.compare_digest(fingerprint(peer_certificate(wrapped)), self.pin):
            wrapped.close()
            raise PinMismatch("the certificate is not the pinned one")
        return wrapped


def tls_context(address: Address) -> ssl.SSLContext:
    """Make the context that an address asks for: TLS 1.2 at least, in every case.

    The system's authorities take a while to read: of plain http none is trusted, nor asked.
    """
    context: ssl.SSLContext
    if address.pin:
        context = PinnedContext(ssl.PROTOCOL_TLS_CLIENT)
        context.pin = address.pin
        _trust_all(context)
    elif address.insecure_skip_verify:
        context = _unverified()
    elif address.has_tls or address.ca_file:
        context = ssl.create_default_context(cafile=address.ca_file)
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def peer_certificate(wrapped: ssl.SSLSocket) -> bytes:
    """Return what the peer showed, in DER."""
    return wrapped.getpeercert(binary_form=True) or b""


def fingerprint(der: bytes) -> str:
    """Return the SHA-256 of a certificate in lower-case hexadecimal."""
    return hashlib.sha256(der).hexdigest()


def inspect_certificate(address: Address, *, timeout_seconds: float = LOOK_SECONDS) -> Certificate:
    """Look at an appliance's certificate without trusting it; no HTTP is sent."""
    if not address.has_tls:
        raise Unreachable("tls", f"{address.place}: plain http has no certificate")
    try:
        with (
            socket.create_connection((address.host, address.port), timeout_seconds) as plain,
            _unverified().wrap_socket(plain, server_hostname=address.host) as wrapped,
        ):
            return read_certificate(peer_certificate(wrapped))
    except (OSError, ValueError) as error:
        raise Unreachable(_reason(error), f"{address.place}: no certificate: {error}") from error


def read_certificate(der: bytes) -> Certificate:
    """Read a certificate in DER; raises ValueError where it is none."""
    from cryptography import x509  # noqa: PLC0415 a heavy import that most runs do without

    try:
        parsed = x509.load_der_x509_certificate(der)
    except x509.InvalidVersion as error:
        raise ValueError(str(error)) from error
    return Certificate(
        sha256=fingerprint(der),
        not_after=parsed.not_valid_after_utc.timestamp(),
        not_before=parsed.not_valid_before_utc.timestamp(),
        names=_names(parsed),
        issuer=parsed.issuer.rfc4514_string(),
        is_self_signed=parsed.issuer == parsed.subject,
    )


def expiry_of(wrapped: ssl.SSLSocket) -> float | None:
    """Return the notAfter of the peer's certificate, None where it cannot be read."""
    try:
        shown = wrapped.getpeercert()
        if shown and isinstance(shown.get("notAfter"), str):
            return float(ssl.cert_time_to_seconds(str(shown["notAfter"])))
        return read_certificate(peer_certificate(wrapped)).not_after
    except ValueError:
        return None


def why_refused(error: BaseException, address: Address, seen: Certificate | None) -> str:
    """Say in one line why TLS failed, and the remedy (fault-matrix A4 to A7)."""
    if isinstance(error, PinMismatch):
        shown = f": it now shows {seen.pin_line}" if seen else ""
        return f"{address.place}: the certificate is not the one in fingerprint_sha256{shown}"
    if not isinstance(error, ssl.SSLCertVerificationError) or seen is None:
        return f"{address.place}: TLS failed: {error}"
    if error.verify_code == _EXPIRED:
        return f"{address.place}: the certificate expired on {_day(seen.not_after)} (notAfter)"
    if error.verify_code == _NOT_YET_VALID:
        return f"{address.place}: the certificate is not valid before {_day(seen.not_before)}"
    if error.verify_code in (_WRONG_NAME, _WRONG_ADDRESS):
        names = ", ".join(seen.names[:_NAMES_SHOWN]) or "no name"
        return f"{address.place}: the certificate is not for {address.host} but for {names}"
    kind = "is self-signed" if seen.is_self_signed else f"is signed by an unknown {seen.issuer}"
    return (
        f"{address.place}: the certificate {kind}: set tls.ca_file to its authority, or, "
        f"if this fingerprint is the appliance's, tls: {{{seen.pin_line}}}"
    )


def _unverified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _trust_all(context)
    return context


def _trust_all(context: ssl.SSLContext) -> None:
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE


def _names(parsed: x509.Certificate) -> tuple[str, ...]:
    from cryptography import x509  # noqa: PLC0415 as above

    try:
        extension = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return ()
    except x509.ExtensionNotFound:
        common = parsed.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        return tuple(str(name.value) for name in common)
    names = extension.value.get_values_for_type(x509.DNSName)
    addresses = extension.value.get_values_for_type(x509.IPAddress)
    return (*names, *(str(address) for address in addresses))


def _day(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp, tz=UTC).strftime("%Y-%m-%d %H:%M UTC")


def _reason(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "dns"
    return "tls" if isinstance(error, (ssl.SSLError, ValueError)) else "connect"
