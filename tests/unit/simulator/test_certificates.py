from __future__ import annotations

import ssl
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509

from tests.simulated import AN_INSTANT
from vr_exporter.simulator.certificates import Tls, self_signed, spoiled

_NOW = datetime.fromtimestamp(AN_INSTANT, tz=UTC)


def _read(tls: Tls) -> x509.Certificate:
    return x509.load_pem_x509_certificate(tls.cert_file.read_bytes())


def test_self_signed_certificate_is_valid_for_loopback(tmp_path: Path) -> None:
    """It names localhost and both loopback addresses, and is its own authority."""
    certificate = _read(self_signed(tmp_path, now=AN_INSTANT))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert list(map(str, names.get_values_for_type(x509.IPAddress))) == ["127.0.0.1", "::1"]
    assert certificate.not_valid_before_utc < _NOW < certificate.not_valid_after_utc
    certificate.verify_directly_issued_by(certificate)


def test_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    """Nobody else may read the private key."""
    assert self_signed(tmp_path, now=AN_INSTANT).key_file.stat().st_mode & 0o077 == 0


def test_fingerprint_is_that_of_the_certificate(tmp_path: Path) -> None:
    """What a client may pin is the SHA-256 of the DER form."""
    tls = self_signed(tmp_path, now=AN_INSTANT)
    der = ssl.PEM_cert_to_DER_cert(tls.cert_file.read_text(encoding="ascii"))
    assert tls.fingerprint_sha256.replace(":", "").lower() == sha256(der).hexdigest()
    assert len(tls.fingerprint_sha256.split(":")) == 32


@pytest.mark.parametrize(
    ("kind", "stands"),
    [
        ("certificate_expired", -1),
        ("certificate_not_yet_valid", 1),
        ("certificate_other_host", 0),
    ],
)
def test_spoiled_certificates_are_of_another_time_or_host(
    tmp_path: Path, kind: str, stands: int
) -> None:
    """Past, future, or for a host of another name."""
    certificate = _read(spoiled(tmp_path, kind, now=AN_INSTANT))
    is_past, is_future = (
        certificate.not_valid_after_utc < _NOW,
        certificate.not_valid_before_utc > _NOW,
    )
    assert (is_future - is_past) == stands
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    is_other = names.get_values_for_type(x509.DNSName) == ["elsewhere.example"]
    assert is_other == (kind == "certificate_other_host")
