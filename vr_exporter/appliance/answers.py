"""What an answer means: good, or refused with which reason, told in one line."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from vr_exporter.appliance.errors import Refused, printable
from vr_exporter.appliance.redact import Redactor
from vr_exporter.appliance.transport import Answer, Ask
from vr_exporter.appliance.wire.decoders import decoder_of
from vr_exporter.appliance.wire.depth import is_too_deep

_OK, _REDIRECT, _CLIENT_ERROR, _SERVER_ERROR = 200, 300, 400, 500
_UNAUTHORIZED, _FORBIDDEN = 401, 403
_REASONS = {401: "session", 403: "forbidden", 404: "not_found", 429: "throttled"}
_EXCERPT_CHARACTERS = 80

_REPLICATION_VIEW = "HmsReplication.com.vmware.vcHms.Replication.View"
_HBR_VIEW = "HmsRemote.com.vmware.vcHms.Hbr.View"
_HMS_VIEW = "HmsRemote.com.vmware.vcHms.Hms.View"
PRIVILEGES: dict[str, str] = {
    "pairings": _HBR_VIEW,
    "pairing_issues": _HMS_VIEW,
    "replications": f"{_REPLICATION_VIEW} and System.View",
    "replication_issues": _REPLICATION_VIEW,
    "replication_servers": _REPLICATION_VIEW,
    "vrs": _HMS_VIEW,
    "tasks": "System.View",
    "task": "System.View",
    "sync": "System.View and Host.Hbr.HbrManagement",
}
"""What each endpoint demands of the account (vr-api.md 6)."""


class ResponseError(msgspec.Struct):
    """The vendor's error body; all of it is optional."""

    error_code: str = ""
    message: str = ""
    op_id: str = ""


def is_good(answer: Answer) -> bool:
    """Whether an answer is neither a redirect nor an error."""
    return _OK <= answer.status < _REDIRECT


def refusal_of(ask: Ask, answer: Answer, redactor: Redactor) -> Refused:
    """Turn an answer that is not good into the failure that it is."""
    said = _response_error(answer)
    reason = _reason(ask, answer.status)
    privilege = PRIVILEGES.get(ask.endpoint, "") if reason == "forbidden" else ""
    parts = [f"{ask.method} {ask.path} answered {answer.status}"]
    parts += ["the login was refused (check username and password)"] if reason == "auth" else []
    parts += [f"the account lacks {privilege}"] if privilege else []
    parts += [f"error_code {printable(said.error_code)}"] if said.error_code else []
    parts += [f"op_id {printable(said.op_id)}"] if said.op_id else []
    parts += [_words(answer, said)]
    return Refused(
        reason,
        redactor.hide(", ".join(part for part in parts if part)),
        status=answer.status,
        code=printable(said.error_code),
        op_id=printable(said.op_id),
        privilege=privilege,
    )


def excerpt(answer: Answer) -> str:
    """Show what an answer that is no JSON looks like: type, and the first printable characters."""
    text = answer.body[: 4 * _EXCERPT_CHARACTERS].decode("utf-8", "replace")
    shown = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    kind = printable(answer.content_type) or "no content type"
    return f"{kind}: {shown[:_EXCERPT_CHARACTERS]}" if shown else f"{kind}, no body"


def _reason(ask: Ask, status: int) -> str:
    if ask.credentials is not None and status in (_UNAUTHORIZED, _FORBIDDEN):
        return "auth"
    if status in _REASONS:
        return _REASONS[status]
    if status >= _SERVER_ERROR:
        return "server_error"
    return "redirect" if _REDIRECT <= status < _CLIENT_ERROR else "schema"


def _words(answer: Answer, said: ResponseError) -> str:
    if _REDIRECT <= answer.status < _CLIENT_ERROR:
        return f"a redirect to {_target(answer)}, which is never followed"
    if said.message:
        return printable(said.message)
    return excerpt(answer) if answer.body and not said.error_code else ""


def _target(answer: Answer) -> str:
    try:
        host = urlsplit(answer.headers.get("location", "")).hostname
    except ValueError:
        host = None
    return printable(host) if host else "another path of the same host"


def _response_error(answer: Answer) -> ResponseError:
    if not answer.body or is_too_deep(answer.body):
        return ResponseError()
    try:
        return decoder_of(ResponseError).decode(answer.body)
    except (ValueError, RecursionError):
        return ResponseError()
