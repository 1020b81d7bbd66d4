from __future__ import annotations

import ssl

import pytest

from vr_exporter.appliance.address import Address
from vr_exporter.appliance.certificates import Certificate, PinMismatch
from vr_exporter.cli.check import trust
from vr_exporter.cli.check.report import Mark

SELF_SIGNED = 18
TOO_LONG = f"{'a' * 64}.example"
"""A name that no resolver is asked for: one part of it is over 63 characters."""
NOW = 1_790_000_000.0
DAY = 86_400.0
SHA = "ab" * 32
COLONS = ":".join(["ab"] * 32)
PIN = f'under sites.madrid: tls: {{fingerprint_sha256: "{COLONS}"}}'
ADDRESS = Address("https://vr.madrid.example")


def a_certificate(*, days_left: float = 100, is_self_signed: bool = False) -> Certificate:
    """What an appliance shows."""
    return Certificate(
        sha256=SHA,
        not_after=NOW + days_left * DAY,
        not_before=NOW - DAY,
        names=("vr.other.example",),
        issuer="CN=Corp CA",
        is_self_signed=is_self_signed,
    )


def verification_error(code: int) -> ssl.SSLCertVerificationError:
    """What the ssl module raises when it refuses a certificate."""
    error = ssl.SSLCertVerificationError("certificate verify failed")
    error.verify_code = code
    return error


@pytest.mark.parametrize(
    ("code", "text", "remedy"),
    [
        (10, "expired on 2026-12-30", "renew it on the appliance"),
        (9, "is valid only from 2026-09-20", "set the clocks"),
        (62, "is for vr.other.example, not for vr.madrid.example", "sites.madrid.url"),
        (64, "is for vr.other.example, not for vr.madrid.example", "sites.madrid.url"),
        (18, "is self-signed", PIN),
        (19, "is of an unknown issuer, CN=Corp CA", "sites.madrid.tls.ca_file"),
    ],
)
def test_A4_A5_A6_a_refused_certificate_is_named_with_its_remedy(
    code: int, text: str, remedy: str
) -> None:
    """Expired, not yet valid, wrong name, self-signed and unknown issuer are told apart."""
    seen = a_certificate(is_self_signed=code == SELF_SIGNED)
    found = trust.refused(verification_error(code), ADDRESS, seen, "madrid")
    assert (found.mark, found.text) == (Mark.FAIL, f"the certificate {text}")
    assert remedy in found.remedy


@pytest.mark.parametrize("code", [10, 62, 18, 19])
def test_A6_the_line_to_paste_has_the_sha_256(code: int) -> None:
    """Where pinning is a remedy, the settings can be pasted from the screen."""
    found = trust.refused(verification_error(code), ADDRESS, a_certificate(), "madrid")
    assert PIN in found.remedy


def test_a_certificate_that_is_not_the_pinned_one_is_named() -> None:
    """A renewed certificate and a man in the middle look alike: the operator decides."""
    found = trust.refused(PinMismatch("no"), ADDRESS, a_certificate(), "madrid")
    assert found.text == "the certificate is not the pinned one"
    assert found.remedy == f"if it was renewed, paste {PIN}"


def test_an_accepted_certificate_is_told_with_its_sha_256() -> None:
    """The fingerprint to pin is printed for healthy sites too."""
    found = trust.accepted(ADDRESS, a_certificate(), "madrid", now=NOW)
    assert found.mark is Mark.OK
    assert found.text == f"trusted by the system, valid until 2026-12-30, SHA-256 {COLONS}"


def test_a_certificate_that_ends_within_two_weeks_is_a_warning() -> None:
    """The same limit as the alert."""
    found = trust.accepted(ADDRESS, a_certificate(days_left=13), "madrid", now=NOW)
    assert found.mark is Mark.WARN
    assert found.text.endswith("it expires in 13d")


def test_a_pinned_certificate_that_has_expired_is_a_warning() -> None:
    """A pin accepts it, and it should be renewed all the same."""
    address = Address("https://vr.madrid.example", fingerprint_sha256=SHA)
    found = trust.accepted(address, a_certificate(days_left=-1), "madrid", now=NOW)
    assert found.mark is Mark.WARN
    assert "has expired" in found.text


def test_an_unverified_certificate_is_a_warning_with_the_line_to_paste() -> None:
    """insecure_skip_verify has a better neighbour."""
    address = Address("https://vr.madrid.example", insecure_skip_verify=True)
    found = trust.accepted(address, a_certificate(), "madrid", now=NOW)
    assert found.mark is Mark.WARN
    assert PIN in found.remedy


def test_A1_a_name_that_does_not_resolve_names_the_setting() -> None:
    """A wrong address is corrected in the settings."""
    found = trust.resolution(Address(f"https://{TOO_LONG}"), site="madrid")
    assert (found.mark, found.text) == (Mark.FAIL, f"{TOO_LONG} does not resolve")
    assert "sites.madrid.url" in found.remedy


def test_an_address_has_nothing_to_resolve() -> None:
    """An IP address in the settings is fine."""
    found = trust.resolution(Address("https://127.0.0.1"), site="madrid")
    assert found.text == "127.0.0.1 is an address, nothing to resolve"
