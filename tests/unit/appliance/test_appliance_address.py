from __future__ import annotations

import pytest

from vr_exporter.appliance.transport import Address


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://vr.madrid.example", "vr.madrid.example:443"),
        ("https://vr.madrid.example:8443/", "vr.madrid.example:8443"),
        ("https://[fe80::1]:8443", "[fe80::1]:8443"),
        ("http://localhost", "localhost:80"),
        ("http://127.0.0.1:8080", "127.0.0.1:8080"),
        ("http://[::1]:8080", "[::1]:8080"),
    ],
)
def test_an_address_knows_its_place(url: str, place: str) -> None:
    """Host and port, with the scheme's port where the URL has none."""
    assert Address(url).place == place


@pytest.mark.parametrize(
    "url",
    [
        "http://vr.madrid.example",
        "http://10.0.0.1",
        "http://localhost.evil.example",
        "ftp://vr.madrid.example",
        "vr.madrid.example",
        "https://",
        "https://user@vr.madrid.example",
        "https://user:secret@vr.madrid.example",
        "https://vr.madrid.example?x=1",
        "https://vr.madrid.example#x",
        "https://vr.madrid.example:99999",
        "https://[::1",
    ],
)
def test_what_is_no_safe_address_is_refused(url: str) -> None:
    """Plain http is for loopback; user names and queries do not belong into it."""
    with pytest.raises(ValueError, match=r"^url: ") as caught:
        Address(url)
    assert "secret" not in str(caught.value)


def test_a_fingerprint_is_sixty_four_digits() -> None:
    """A pin that could never match is refused at once."""
    with pytest.raises(ValueError, match="fingerprint_sha256"):
        Address("https://vr.madrid.example", fingerprint_sha256="abc")


def test_paths_are_appended_to_the_base() -> None:
    """A trailing slash makes no difference."""
    assert Address("https://vr.madrid.example/").base == "https://vr.madrid.example"
