from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.wired import a_certificate
from vr_exporter.appliance.certificates import read_certificate


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
