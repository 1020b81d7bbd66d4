"""Who may act, decided by the head of a request alone (fault-matrix C2, C5, C16, C17, C19)."""

from __future__ import annotations

import hmac
import re
from hashlib import sha256
from urllib.parse import urlsplit

from vr_exporter.web.acting import Acting
from vr_exporter.web.message import Request, Response
from vr_exporter.web.problems import problem

RETRY_AFTER = ("Retry-After", "5")
"""Said where the same request may do better in a moment."""

IDEMPOTENCY_KEY = "idempotency-key"
_KEY = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_JSON = "application/json"
_REALM = 'Bearer realm="vr-exporter"'

CROSS_SITE = problem(403, "a request from another site")
_NO_TOKEN = problem(
    401, "the bearer token of `api` is needed", headers=(("WWW-Authenticate", _REALM),)
)
_BAD_TOKEN = problem(
    401,
    "not the bearer token of `api`",
    headers=(("WWW-Authenticate", f'{_REALM}, error="invalid_token"'),),
)
_CLOSED = problem(403, "what acts is closed here: the setting api.bearer_token_file opens it")
_STOPPING = problem(503, "vr-exporter is stopping", headers=(RETRY_AFTER,))
_NO_JSON = problem(415, f"Content-Type has to be {_JSON}", headers=(("Accept-Post", _JSON),))
_BAD_KEY = problem(400, "Idempotency-Key: 1 to 128 characters of A-Z, a-z, 0-9 and . _ : - only")


def is_cross_site(request: Request) -> bool:
    """Whether a browser says that a page of another site sent this (fault-matrix C16, C17)."""
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return True
    origin = request.headers.get("origin")
    if origin is None:
        return False
    try:
        return urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower()
    except ValueError:
        return True


def bears_token(request: Request, expected: str | None) -> bool:
    """Whether a request carries the bearer token; as much work whatever it carries."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    is_same = hmac.compare_digest(
        sha256(given.strip(" ").encode("latin-1", "replace")).digest(),
        sha256((expected or "").encode()).digest(),
    )
    return is_same and bool(expected) and scheme.lower() == "bearer"


def is_json(request: Request) -> bool:
    """Whether a request says that its body is JSON."""
    media_type = request.headers.get("content-type", "").partition(";")[0]
    return media_type.strip(" \t").lower() == _JSON


def refusal_to_act(acting: Acting, request: Request) -> Response | None:
    """The answer to a request that may not act or does not ask as it has to; None: go on."""
    if not request.is_local:
        token = acting.token()
        if not bears_token(request, token):
            return _refusal_of_token(request, token)
    if acting.is_stopping():
        return _STOPPING
    if not is_json(request):
        return _NO_JSON
    key = request.headers.get(IDEMPOTENCY_KEY)
    return _BAD_KEY if key is not None and not _KEY.fullmatch(key) else None


def _refusal_of_token(request: Request, token: str | None) -> Response:
    if not token:
        return _CLOSED
    return _BAD_TOKEN if "authorization" in request.headers else _NO_TOKEN
