"""What goes wrong, said in one form: application/problem+json (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus

import msgspec

from vr_exporter.web.message import Headers, Response


def problem(status: int, detail: str, *, headers: Headers = ()) -> Response:
    """An answer that names the fault; `detail` is one sentence for people."""
    shape = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    return Response(
        status,
        (
            ("Content-Type", "application/problem+json"),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            *headers,
        ),
        (msgspec.json.encode(shape),),
    )
