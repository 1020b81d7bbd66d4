"""Where an appliance is, and how it is known to be the right one."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

_DEFAULT_PORTS = {"https": 443, "http": 80}
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Address:
    """The URL of one appliance and what its certificate is measured against.

    Plain http is for loopback only. Without any of the others the system's authorities decide.
    """

    url: str
    ca_file: Path | None = None
    fingerprint_sha256: str | None = None
    insecure_skip_verify: bool = False

    def __post_init__(self) -> None:
        parts = _split(self.url)
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
            raise ValueError("url: must look like https://HOST")
        if parts.username is not None or parts.query or parts.fragment:
            raise ValueError("url: must hold no user name, query or fragment")
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            raise ValueError("url: plain http is for loopback only, use https")
        if self.fingerprint_sha256 is not None and not _FINGERPRINT.fullmatch(self.pin):
            raise ValueError("fingerprint_sha256: must be 64 hexadecimal digits")

    @property
    def host(self) -> str:
        """The host name or address, without brackets."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The port, where the URL has none that of its scheme."""
        parts = urlsplit(self.url)
        return parts.port or _DEFAULT_PORTS[parts.scheme]

    @property
    def place(self) -> str:
        """Host and port as people write them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def base(self) -> str:
        """The URL that paths are appended to."""
        return self.url.rstrip("/")

    @property
    def has_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return urlsplit(self.url).scheme == "https"

    @property
    def pin(self) -> str:
        """The fingerprint in lower case without colons, empty where none is set."""
        return (self.fingerprint_sha256 or "").replace(":", "").strip().lower()


def is_loopback(host: str) -> bool:
    """Whether a host of a URL can only be this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 a bad port is found when it is read
    except ValueError as error:
        raise ValueError(f"url: {error}") from None
    return parts
