from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.wired import a_certificate
from vr_exporter.appliance.address import Address
from vr_exporter.appliance.certificates import read_certificate, tls_context


def test_A7_a_certificate_of_an_unknown_version_is_none() -> None:
    """The library raises its own kind of error for it, which nobody else would catch."""
    certificate = x509.load_pem_x509_certificate(a_certificate().cert_file.read_bytes())
    der = certificate.public_bytes(Encoding.DER)
    version = b"\xa0\x03\x02\x01"
    with pytest.raises(ValueError, match="version"):
        read_certificate(der.replace(version + b"\x02", version + b"\x42", 1))


def test_A7_a_certificate_with_names_that_nobody_can_read_keeps_its_dates() -> None:
    """A kind of name that the library does not know costs the names alone."""
    certificate = x509.load_pem_x509_certificate(a_certificate().cert_file.read_bytes())
    der = certificate.public_bytes(Encoding.DER)
    alternative_names = certificate.extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    ).value.public_bytes()
    first_tag = der.index(alternative_names) + 2
    assert read_certificate(der).names
    read = read_certificate(der[:first_tag] + b"\xa3" + der[first_tag + 1 :])
    assert read.names == ()
    assert read.not_after == certificate.not_valid_after_utc.timestamp()


@pytest.mark.parametrize(
    ("address", "is_read"),
    [
        (Address("http://127.0.0.1:8080"), False),
        (Address("http://127.0.0.1:8080", ca_file=Path("none.pem")), True),
        (Address("https://vr.example"), True),
        (Address("https://vr.example", fingerprint_sha256="ab" * 32), False),
    ],
)
def test_authorities_are_read_where_a_certificate_is_measured_against_them(
    address: Address, *, is_read: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes long, and nothing is sent over plain http that waits for it; a CA file is tried."""

    class Read(Exception):  # noqa: N818 no error
        """The authorities were asked for."""

    def read(*, cafile: Path | None) -> ssl.SSLContext:
        raise Read(cafile)

    monkeypatch.setattr(ssl, "create_default_context", read)
    if is_read:
        with pytest.raises(Read):
            tls_context(address)
    else:
        assert tls_context(address).get_ca_certs() == []


def test_a_context_of_plain_http_trusts_nobody() -> None:
    """Should TLS ever be spoken with it, no certificate would do."""
    context = tls_context(Address("http://127.0.0.1:8080"))
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
