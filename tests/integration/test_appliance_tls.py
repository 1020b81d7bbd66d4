from __future__ import annotations

import ssl
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.wire_server import Caller, Connection, WireServer, a_caller, a_server
from vr_exporter.appliance.certificates import inspect_certificate
from vr_exporter.appliance.errors import Unreachable
from vr_exporter.appliance.transport import Address, Limits
from vr_exporter.domain.events import CertificateSeen, Requested

PAST = datetime(2021, 3, 4, 5, 6, tzinfo=UTC)
SHORT = Limits(connect_seconds=0.3, read_seconds=60, response_seconds=60)
FUTURE = datetime(2130, 3, 4, 5, 6, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """An authority that no system knows."""
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    """Its certificate."""
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def serve(connection: Connection) -> None:
    """Answer what is asked, once a connection."""
    if connection.request():
        connection.answer()


@contextmanager
def a_tls_server(certificate: trustme.LeafCert) -> Iterator[WireServer]:
    """An appliance with this certificate that notes what it was sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    with a_server(serve, context) as server:
        yield server


@contextmanager
def talking_to(
    certificate: trustme.LeafCert, host: str = "127.0.0.1", **address: Any
) -> Iterator[Caller]:
    """A caller of an appliance with this certificate."""
    with (
        a_tls_server(certificate) as server,
        a_caller(f"https://{host}:{server.port}", **address) as caller,
    ):
        yield caller


def refusal_of(caller: Caller) -> str:
    """The text with which the connection is refused; no HTTP has been sent then."""
    with pytest.raises(Unreachable) as caught:
        caller.get()
    assert caught.value.reason == "tls"
    assert str(caught.value).isprintable()
    return str(caught.value)


def test_a_certificate_of_a_trusted_authority_is_accepted(
    authority: trustme.CA, ca_file: Path
) -> None:
    """A CA file makes its certificates good, and the end of validity is told."""
    with talking_to(authority.issue_cert("127.0.0.1", not_after=FUTURE), ca_file=ca_file) as caller:
        assert caller.get() == b'{"list": []}'
        assert caller.told(CertificateSeen) == [CertificateSeen(FUTURE.timestamp())]


def test_A4_an_expired_certificate_is_refused_with_its_end(
    authority: trustme.CA, ca_file: Path
) -> None:
    """The text holds notAfter, and so does the event, also for a certificate that is refused."""
    leaf = authority.issue_cert(
        "127.0.0.1", not_before=datetime(2020, 1, 1, tzinfo=UTC), not_after=PAST
    )
    with talking_to(leaf, ca_file=ca_file) as caller:
        assert "expired on 2021-03-04 05:06 UTC (notAfter)" in refusal_of(caller)
        assert caller.told(CertificateSeen) == [CertificateSeen(PAST.timestamp())]
        assert [event.code for event in caller.told(Requested)] == ["error"]


def test_A4_a_certificate_of_the_future_is_refused(authority: trustme.CA, ca_file: Path) -> None:
    """One that is not valid yet says from when on it is."""
    leaf = authority.issue_cert(
        "127.0.0.1", not_before=FUTURE, not_after=datetime(2140, 1, 1, tzinfo=UTC)
    )
    with talking_to(leaf, ca_file=ca_file) as caller:
        assert "not valid before 2130-03-04 05:06 UTC" in refusal_of(caller)


def test_A5_a_wrong_name_is_refused_with_both_names(authority: trustme.CA, ca_file: Path) -> None:
    """The name that was wanted and those of the certificate."""
    leaf = authority.issue_cert("vr.madrid.example", "10.0.0.1")
    with talking_to(leaf, host="localhost", ca_file=ca_file) as caller:
        assert "not for localhost but for vr.madrid.example, 10.0.0.1" in refusal_of(caller)


def test_A6_an_unknown_issuer_is_refused_with_the_remedies(authority: trustme.CA) -> None:
    """The text holds the line to paste, which then lets the very certificate in."""
    leaf = authority.issue_cert("127.0.0.1")
    with talking_to(leaf) as caller:
        text = refusal_of(caller)
    assert "ca_file" in text
    pin = text.partition("fingerprint_sha256: ")[2][:64]
    with talking_to(leaf, fingerprint_sha256=pin) as caller:
        assert caller.get() == b'{"list": []}'


def test_A6_a_pin_may_be_written_as_openssl_does(authority: trustme.CA) -> None:
    """Upper case with colons is the same fingerprint; names and dates do not matter to a pin."""
    leaf = authority.issue_cert(
        "elsewhere.example", not_before=PAST, not_after=PAST.replace(year=2022)
    )
    with a_tls_server(leaf) as server:
        url = f"https://127.0.0.1:{server.port}"
        digits = inspect_certificate(Address(url)).sha256.upper()
        colons = ":".join(digits[place : place + 2] for place in range(0, 64, 2))
        with a_caller(url, fingerprint_sha256=colons) as caller:
            assert caller.get() == b'{"list": []}'


def test_A6_another_certificate_than_the_pinned_is_refused(authority: trustme.CA) -> None:
    """Not a byte of HTTP is sent, and the text names the certificate that is there now."""
    with talking_to(authority.issue_cert("127.0.0.1"), fingerprint_sha256="ab" * 32) as caller:
        text = refusal_of(caller)
        assert "not the one in fingerprint_sha256: it now shows fingerprint_sha256: " in text
        assert len(caller.told(CertificateSeen)) == 1


def test_A6_verification_can_be_switched_off(authority: trustme.CA) -> None:
    """The one explicit setting lets anything in; its end of validity is told all the same."""
    leaf = authority.issue_cert("elsewhere.example", not_after=FUTURE)
    with talking_to(leaf, insecure_skip_verify=True) as caller:
        assert caller.get() == b'{"list": []}'
        assert caller.told(CertificateSeen) == [CertificateSeen(FUTURE.timestamp())]


def test_A6_a_ca_file_that_is_not_there_is_named_and_looked_for_again(
    authority: trustme.CA, tmp_path: Path
) -> None:
    """The file may come later: every connection reads it anew."""
    missing = tmp_path / "late.pem"
    with talking_to(authority.issue_cert("127.0.0.1"), ca_file=missing) as caller:
        assert refusal_of(caller) == f"tls.ca_file {missing}: No such file or directory"
        authority.cert_pem.write_to_path(str(missing))
        assert caller.get() == b'{"list": []}'


def test_A7_a_handshake_that_hangs_ends_at_the_connect_limit() -> None:
    """The connect limit covers connection and handshake together."""
    with (
        a_server(lambda connection: connection.hang()) as server,
        a_caller(f"https://127.0.0.1:{server.port}", SHORT) as caller,
    ):
        assert "handshake hangs" in refusal_of(caller)
        assert caller.told(Requested)[0].seconds < 30


def test_A7_old_versions_are_refused(authority: trustme.CA) -> None:
    """TLS 1.2 is the least, even where nothing is verified."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with (
        a_server(serve, context) as server,
        a_caller(f"https://127.0.0.1:{server.port}", insecure_skip_verify=True) as caller,
    ):
        refusal_of(caller)


def test_a_server_without_tls_is_refused() -> None:
    """Plain HTTP on an https address is no appliance."""
    with (
        a_server(serve) as server,
        a_caller(f"https://127.0.0.1:{server.port}", SHORT, insecure_skip_verify=True) as caller,
    ):
        refusal_of(caller)


def test_a_certificate_can_be_looked_at_without_trust(authority: trustme.CA) -> None:
    """Fingerprint, dates, names and issuer, and no HTTP."""
    leaf = authority.issue_cert("vr.madrid.example", "10.0.0.1", not_after=FUTURE)
    with a_tls_server(leaf) as server:
        seen = inspect_certificate(Address(f"https://127.0.0.1:{server.port}"))
    assert seen.not_after == FUTURE.timestamp()
    assert seen.names == ("vr.madrid.example", "10.0.0.1")
    assert "trustme" in seen.issuer
    assert not seen.is_self_signed
    assert seen.pin_line == f"fingerprint_sha256: {seen.sha256}"


@pytest.mark.parametrize("kind", ["plain", "silent", "gone"])
def test_looking_where_there_is_no_certificate_fails_by_name(kind: str) -> None:
    """A port that is closed, silent or plain has no certificate, and the look ends in time."""
    behaviours: dict[str, Callable[[Connection], None]] = {
        "plain": serve,
        "silent": lambda connection: connection.hang(),
        "gone": serve,
    }
    with a_server(behaviours[kind]) as server:
        address = Address(f"https://127.0.0.1:{server.port}")
        if kind == "gone":
            server.close()
        with pytest.raises(Unreachable) as caught:
            inspect_certificate(address, timeout_seconds=0.3)
    assert caught.value.reason in {"tls", "connect"}


def test_C22_an_impostor_under_our_name_is_told_nothing(
    authority: trustme.CA, ca_file: Path
) -> None:
    """Where DNS leads elsewhere the name in the certificate decides, before one byte of HTTP."""
    heard: list[bytes] = []

    def listen(connection: Connection) -> None:
        heard.append(connection.request())
        connection.answer()

    def call(name: str) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(context)
        with (
            a_server(listen, context) as server,
            a_caller(f"https://localhost:{server.port}", ca_file=ca_file) as caller,
        ):
            caller.get()

    with pytest.raises(Unreachable) as caught:
        call("impostor.example")
    assert caught.value.reason == "tls"
    assert b"".join(heard) == b""
    call("localhost")
    assert b"GET" in b"".join(heard)
