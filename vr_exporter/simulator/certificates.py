"""Certificates for the simulated appliance: self-signed as appliances come, and spoiled ones."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
_LIFE = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Tls:
    """A certificate and its key as PEM files, and the SHA-256 that a client may pin."""

    cert_file: Path
    key_file: Path

    @property
    def fingerprint_sha256(self) -> str:
        """The digest of the certificate, upper-case pairs with colons between."""
        certificate = x509.load_pem_x509_certificate(self.cert_file.read_bytes())
        return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def self_signed(
    folder: Path,
    *,
    now: float,
    name: str = "appliance",
    hosts: Sequence[str] = LOOPBACK_NAMES,
    begins_in: timedelta = timedelta(days=-1),
    life: timedelta = _LIFE,
) -> Tls:
    """Make a self-signed certificate that is its own authority, so that it serves as `ca_file`."""
    key = ec.generate_private_key(ec.SECP256R1())
    begin = datetime.fromtimestamp(now, tz=UTC) + begins_in
    certificate = _certificate(key, hosts, begin=begin, end=begin + life)
    tls = Tls(cert_file=folder / f"{name}.pem", key_file=folder / f"{name}.key")
    tls.cert_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    tls.key_file.touch(mode=0o600)
    tls.key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return tls


def spoiled(folder: Path, kind: str, *, now: float) -> Tls:
    """Make the certificate of a fault: `certificate_expired`, `…_not_yet_valid`, `…_other_host`."""
    if kind == "certificate_expired":
        return self_signed(folder, now=now, name=kind, begins_in=-2 * _LIFE)
    if kind == "certificate_not_yet_valid":
        return self_signed(folder, now=now, name=kind, begins_in=2 * _LIFE)
    return self_signed(folder, now=now, name=kind, hosts=("elsewhere.example",))


def _certificate(
    key: ec.EllipticCurvePrivateKey, hosts: Sequence[str], *, begin: datetime, end: datetime
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    public = key.public_key()
    identifier = x509.SubjectKeyIdentifier.from_public_key(public)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
    )
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = (
        (x509.BasicConstraints(ca=True, path_length=0), True),
        (_key_usage(), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (x509.SubjectAlternativeName([_general_name(host) for host in hosts]), False),
        (identifier, False),
        (x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), False),
    )
    for extension, is_critical in extensions:
        builder = builder.add_extension(extension, critical=is_critical)
    return builder.sign(key, hashes.SHA256())


def _key_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
