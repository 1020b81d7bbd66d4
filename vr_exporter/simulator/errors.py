"""How the appliance refuses: ResponseError for 400, 403 and 500, no body for 401 and 404."""

from __future__ import annotations

from typing import Any

STATUSES_WITH_BODY = frozenset({400, 403, 500})


class Refusal(Exception):  # noqa: N818 an answer of the appliance, no error of ours
    """Ends the making of an answer with an error status."""

    def __init__(self, status: int, code: str = "", message: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def response_error(
    status: int, *, code: str, message: str, op_id: str, style: str
) -> dict[str, Any] | None:
    """The body of a refusal, None for the statuses that carry none (vr-api.md 5)."""
    if status not in STATUSES_WITH_BODY:
        return None
    return {
        "error_code": _worded(code or "error", style),
        "message": message or "The request failed.",
        "op_id": op_id,
    }


def _worded(code: str, style: str) -> str:
    return code.upper() if style == "upper" else f"com.vmware.vr.{code.lower()}"


def bad_request(message: str) -> Refusal:
    """Say that the syntax or the content is bad."""
    return Refusal(400, "bad_request", message)


def no_session() -> Refusal:
    """Say that there is no session, a dead one, or that the credentials are wrong."""
    return Refusal(401)


def forbidden(message: str) -> Refusal:
    """Say that the user lacks a privilege."""
    return Refusal(403, "no_permission", message)


def not_found() -> Refusal:
    """Say that there is no such path or entity."""
    return Refusal(404)


def remote_down() -> Refusal:
    """Say that the server of the far side does not answer."""
    return Refusal(500, "remote_server_down", "The remote server cannot be reached.")
