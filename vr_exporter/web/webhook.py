"""The webhook of Alertmanager: who may send one, and what is answered (fault-matrix C2, C5, C18).

Never a redirect and never 429: the one loses a wish, the other slows nobody.
"""

from __future__ import annotations

import base64
import hmac
from collections import Counter
from hashlib import sha256
from typing import Final

from vr_exporter.alerting.inbound import MOST_BODY_BYTES, NotAWebhook
from vr_exporter.syncing.desk import Verdict
from vr_exporter.web.api import json_response
from vr_exporter.web.bridging import Inbound, WebhookAnswer, WebhookKey
from vr_exporter.web.gate import CROSS_SITE, RETRY_AFTER, bears_token, is_cross_site, is_json
from vr_exporter.web.message import Request, Response
from vr_exporter.web.problems import problem
from vr_exporter.web.sources import Sources

MOST_SHOWN: Final = 100
"""So many verdicts are listed in an answer; the counts are of all."""

ANSWERS: Final = (
    (202, "at least one wish is newly in the ledger; it is durable before this is said"),
    (
        200,
        (
            "nothing to do, or every wish refused by a guard: the body counts the reasons. A "
            "refusal is an answer and no failure: Alertmanager does not send it again at once"
        ),
    ),
    (400, "no webhook of version 4, too deep, or none of its alerts can be read"),
    (401, "no credential of `webhook`, or a wrong one; said before the body is read"),
    (
        403,
        (
            "no client certificate where one is the credential, a request from a page of another "
            "site, or the settings have no `webhook`"
        ),
    ),
    (413, "a body over 4 MiB, or more than 10,000 alerts"),
    (415, "`Content-Type` is not `application/json`"),
    (
        503,
        (
            "the ledger cannot take a wish, an alert names a site whose first reading has not "
            "ended, or vr-exporter stops: Alertmanager sends it again at once, and what was taken "
            "before meets its own key"
        ),
    ),
)
"""When each status comes, for the reference; the tests run each row."""

_CLOSED = problem(403, "the webhook is closed: the settings have no webhook")
_NO_CERTIFICATE = problem(403, "a client certificate of the web file is needed")
_STOPPING = problem(503, "vr-exporter is stopping", headers=(RETRY_AFTER,))
_NO_JSON = problem(415, "Content-Type has to be application/json")
_TOO_LARGE = problem(413, f"body over {MOST_BODY_BYTES} bytes")
_TOO_MANY: Final = "more than"


def refusal_of_webhook(inbound: Inbound, request: Request) -> Response | None:
    """The answer to a webhook that its head is enough to refuse; None lets its body be read."""
    key = inbound.key()
    if key is None:
        inbound.refused("disabled")
        return _CLOSED
    if is_cross_site(request) or not _is_shown(key, request):
        inbound.refused("auth")
        return CROSS_SITE if is_cross_site(request) else _unshown(key)
    if inbound.is_stopping():
        inbound.refused("store")
        return _STOPPING
    if not is_json(request):
        inbound.refused("body")
        return _NO_JSON
    if _announces_too_much(request):
        inbound.refused("body")
        return _TOO_LARGE
    return None


def take(sources: Sources, request: Request) -> Response:
    """Take a webhook in, and say what became of each alert."""
    inbound = sources.webhook
    inbound.received()
    try:
        answer = inbound.take(request.body)
    except NotAWebhook as error:
        inbound.failed("body")
        said = str(error)
        is_large = said.startswith(("body over", _TOO_MANY))
        return problem(413 if is_large else 400, said)
    if again := _to_come_again(answer):
        inbound.failed("store")
        return problem(503, again, headers=(RETRY_AFTER,))
    is_taken = any(each.is_new for each in answer.verdicts)
    return json_response(_shape(answer), status=202 if is_taken else 200)


def _to_come_again(answer: WebhookAnswer) -> str:
    """Why Alertmanager has to send it again, empty where it need not.

    A 200 for an alert that nobody can judge yet would put it off by `repeat_interval`.
    """
    if answer.failure:
        return "the ledger cannot take it in: send it again"
    if answer.early:
        count = len(answer.verdicts)
        return f"{answer.early} of {count} alerts name a site that is being read: send it again"
    return ""


def _is_shown(key: WebhookKey, request: Request) -> bool:
    """Whether the credential was shown; as much work whatever was."""
    if key.is_certificate:
        return request.has_certificate
    if key.basic is None:
        return bears_token(request, key.bearer_token)
    pair = f"{key.basic.username}:{key.basic.password}".encode()
    expected = f"basic {base64.b64encode(pair).decode()}"
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return hmac.compare_digest(
        sha256(f"{scheme.lower()} {given.strip(' ')}".encode("latin-1", "replace")).digest(),
        sha256(expected.encode()).digest(),
    )


def _unshown(key: WebhookKey) -> Response:
    if key.is_certificate:
        return _NO_CERTIFICATE
    scheme = "Bearer" if key.basic is None else "Basic"
    challenge = (("WWW-Authenticate", f'{scheme} realm="vr-exporter webhook"'),)
    return problem(401, "the credential of `webhook` is needed", headers=challenge)


def _announces_too_much(request: Request) -> bool:
    length = request.headers.get("content-length", "0")
    return length.isdecimal() and int(length) > MOST_BODY_BYTES


def _shape(answer: WebhookAnswer) -> dict[str, object]:
    verdicts = answer.verdicts
    return {
        "alerts": len(verdicts),
        "taken": sum(each.is_new for each in verdicts),
        "refused": Counter(each.skip.reason for each in verdicts if each.skip),
        "unreadable": len(answer.unreadable),
        "truncated": answer.truncated,
        "verdicts": [_verdict(each) for each in verdicts[:MOST_SHOWN]],
    }


def _verdict(verdict: Verdict) -> dict[str, object]:
    trigger = verdict.trigger
    return {
        "key": trigger.key,
        "site": trigger.target.site,
        "replication": trigger.target.replication_id,
        "state": trigger.state.value,
        "reason": verdict.skip.reason if verdict.skip else "",
        "sentence": verdict.sentence,
    }
