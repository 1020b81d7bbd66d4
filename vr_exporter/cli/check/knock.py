"""One question to an unknown server: trusts nothing, follows nothing, sends no secret."""

from __future__ import annotations

import http.client
import re
import ssl
from dataclasses import dataclass, field

from vr_exporter.appliance.address import Address

LONGEST_WAIT_SECONDS = 5.0
LARGEST_BODY_BYTES = 65_536

_TITLE = re.compile(r"<title[^>]*>\s*([^<]{1,200})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, as far as it tells who answers; `status` 0 stands for no answer."""

    status: int = 0
    content_type: str = ""
    body: str = field(default="", repr=False)
    server: str = ""
    location: str = ""

    @property
    def is_page(self) -> bool:
        """Whether it is a page for people."""
        return "html" in self.content_type.lower() or "<html" in self.body[:1000].lower()

    @property
    def title(self) -> str:
        """The title of the page, else nothing."""
        match = _TITLE.search(self.body)
        return " ".join(match[1].split()) if match else ""


def knock(address: Address, path: str) -> Answer:
    """GET a path; whatever goes wrong is no answer."""
    connection = _connection(address)
    try:
        connection.request("GET", path, headers={"accept": "*/*", "accept-encoding": "identity"})
        response = connection.getresponse()
        body = response.read(LARGEST_BODY_BYTES).decode("utf-8", "replace")
        return Answer(
            status=response.status,
            content_type=response.getheader("content-type", ""),
            body=body,
            server=response.getheader("server", ""),
            location=response.getheader("location", ""),
        )
    except (OSError, http.client.HTTPException, ValueError):
        return Answer()
    finally:
        connection.close()


def _connection(address: Address) -> http.client.HTTPConnection:
    if not address.has_tls:
        return http.client.HTTPConnection(address.host, address.port, timeout=LONGEST_WAIT_SECONDS)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(
        address.host, address.port, timeout=LONGEST_WAIT_SECONDS, context=context
    )
