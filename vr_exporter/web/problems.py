"""What goes wrong, said in one form: application/problem+json (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

import msgspec

from vr_exporter.web.message import Headers, Response


def encoded(shape: Mapping[str, object]) -> bytes:
    """JSON of whatever the appliance may have called its VMs."""
    try:
        return msgspec.json.encode(shape)
    except UnicodeEncodeError:  # half a surrogate pair in a name: only escaped can it be sent
        return json.dumps(msgspec.to_builtins(shape)).encode()


def problem(
    status: int, detail: str, *, headers: Headers = (), members: Mapping[str, object] | None = None
) -> Response:
    """An answer that names the fault; `detail` is one sentence for people, `members` are more."""
    shape = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **(members or {}),
    }
    return Response(
        status,
        (
            ("Content-Type", "application/problem+json"),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            *headers,
        ),
        (encoded(shape),),
    )
