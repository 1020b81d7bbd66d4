from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from vr_exporter.cli.remote import Exporter


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done to learn whom the system trusts, from here on."""
    asked: list[str] = []
    make = ssl.create_default_context

    def note(*args: object, **kwargs: object) -> ssl.SSLContext:
        asked.append(f"{args}{kwargs}")
        return make()

    monkeypatch.setattr(ssl, "create_default_context", note)
    return asked


@pytest.mark.parametrize(("url", "socket"), [("http://exporter", "socket"), ("http://one", None)])
def test_without_tls_no_authorities_are_read(
    url: str, socket: str | None, asked: list[str]
) -> None:
    """Where no certificate will be shown a command does not wait for the system's authorities."""
    path = Path(socket) if socket else None
    Exporter("one", url, socket_path=path, token="").close()
    assert asked == []


@pytest.mark.parametrize("url", ["https://exporter:10843", "HTTPS://exporter"])
def test_a_certificate_is_measured_against_the_authorities_of_the_system(
    url: str, asked: list[str]
) -> None:
    """They are read once, for whatever is spoken with TLS."""
    Exporter("one", url, socket_path=None, token="").close()
    assert asked == ["(){}"]
