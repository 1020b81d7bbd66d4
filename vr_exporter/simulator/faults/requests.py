"""Faults in place of an answer and of the whole site: nothing has been done as asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.client import responses

from vr_exporter.simulator.faults.fault import Fault, Kind, Stage
from vr_exporter.simulator.messages import Delivery, SimResponse

_JSON = (("Content-Type", "application/json"),)
_HTML = (("Content-Type", "text/html; charset=utf-8"),)
_PAGE = b"<!DOCTYPE html><html><head><title>%s</title></head><body><h1>%s</h1></body></html>\n"
_OP_ID = "5f0c7a52-6d2e-4f43-9a3b-8f1d2c1e0a77"


def _status(fault: Fault, default: int) -> int:
    return default if fault.value is None else int(fault.value)


def _error(fault: Fault) -> SimResponse:
    error = {
        "error_code": "com.vmware.vr.injected",
        "message": "The request failed.",
        "op_id": _OP_ID,
    }
    return SimResponse(_status(fault, 500), json.dumps(error).encode(), _JSON)


def _bare_error(fault: Fault) -> SimResponse:
    return SimResponse(_status(fault, 500))


def _refusal_with_wait(status: int) -> Callable[[Fault], SimResponse]:
    def effect(fault: Fault) -> SimResponse:
        headers = () if fault.value is None else (("Retry-After", str(fault.value)),)
        return SimResponse(status, headers=headers)

    return effect


def _html(status: int, title: str) -> SimResponse:
    return SimResponse(status, _PAGE % (title.encode(), title.encode()), _HTML)


def _maintenance(fault: Fault) -> SimResponse:
    del fault
    return _html(200, "Maintenance")


def _html_error(fault: Fault) -> SimResponse:
    status = _status(fault, 502)
    return _html(status, f"{status} {responses.get(status, 'Error')}")


def _redirect(status: int) -> Callable[[Fault], SimResponse]:
    def effect(fault: Fault) -> SimResponse:
        target = str(fault.value or "http://elsewhere.example/")
        return SimResponse(status, headers=(("Location", target),))

    return effect


def _undelivered(delivery: Delivery) -> Callable[[Fault], SimResponse]:
    return lambda _: SimResponse(200, b'{"list": []}', _JSON, delivery=delivery)


def _kind(name: str, summary: str, effect: Callable[[Fault], SimResponse]) -> Kind:
    return Kind(name, summary, Stage.REQUEST, effect)


REQUEST_KINDS = (
    _kind("error", "an error status with a ResponseError (value: the status, 500)", _error),
    _kind("bare_error", "an error status without a body (value: the status, 500)", _bare_error),
    _kind("throttled", "429 (value: Retry-After, else none)", _refusal_with_wait(429)),
    _kind("unavailable", "503 (value: Retry-After, else none)", _refusal_with_wait(503)),
    _kind(
        "html_page",
        "an HTML page with 200, as in maintenance",
        _maintenance,
    ),
    _kind("html_error", "an HTML page of a proxy (value: the status, 502)", _html_error),
    _kind("redirect", "302 to another place (value: where)", _redirect(302)),
    _kind("redirect_for_good", "301 to another place (value: where)", _redirect(301)),
    _kind("redirect_same_method", "307 to another place (value: where)", _redirect(307)),
    _kind("hang", "the request is read and never answered", _undelivered(Delivery.HANG)),
    _kind("dropped", "the connection closes without an answer", _undelivered(Delivery.DROPPED)),
)

SITE_KINDS = (
    Kind("site_down", "the appliance refuses connections", Stage.SITE),
    Kind("remote_down", "the far side of a pairing is down (match: the pairing's id)", Stage.SITE),
    Kind("certificate_expired", "TLS with a certificate of the past", Stage.SITE),
    Kind("certificate_not_yet_valid", "TLS with a certificate of the future", Stage.SITE),
    Kind("certificate_other_host", "TLS with the certificate of another host", Stage.SITE),
    Kind("handshake_hangs", "the connection opens, the TLS handshake never ends", Stage.SITE),
    Kind("session_expired", "every session is dead before the request is looked at", Stage.REQUEST),
)
