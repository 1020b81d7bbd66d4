"""Addresses to listen on."""

from __future__ import annotations

import pytest

from vr_exporter.web.listeners import ListenError, split_address


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        (":10843", "", 10843),
        ("127.0.0.1:0", "127.0.0.1", 0),
        ("localhost:80", "localhost", 80),
        ("[::1]:10843", "::1", 10843),
        ("[fe80::1%eth0]:1", "fe80::1%eth0", 1),
        ("vr-exporter.example.org:65535", "vr-exporter.example.org", 65535),
    ],
)
def test_address_is_split_as_prometheus_does(address: str, host: str, port: int) -> None:
    """Host and port, IPv6 in brackets, no host for every address."""
    assert split_address(address) == (host, port)


@pytest.mark.parametrize(
    "address",
    ["", "10843", ":", ":65536", "host:", "::1:10843", "[::1]", "a b:1", "http://a:1", ":-1"],
)
def test_what_is_no_address_is_refused_with_the_form(address: str) -> None:
    """One line says how an address is written."""
    with pytest.raises(ListenError, match=r"write HOST:PORT or :PORT"):
        split_address(address)
