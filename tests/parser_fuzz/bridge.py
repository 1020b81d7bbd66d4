"""Parsers of what Alertmanager sends and answers, and of the rules for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial

from tests.bridged import a_body, an_alert
from tests.parser_fuzz.mutation import JSON, ODD_JSON, ODD_TEXT
from tests.parser_fuzz.parser import Parser, text_of
from tests.simulated import AN_INSTANT
from vr_exporter.alerting.inbound import NotAWebhook, read_webhook
from vr_exporter.alerting.matchers import NotARule, parse_rule
from vr_exporter.alerting.routing import routes_of
from vr_exporter.alerting.silences import UnknownForm, covering, parse_silences
from vr_exporter.cli.check.alertmanagers import _original

LABELS = {"alertname": "VrRpoBreached", "site": "madrid", "vm": "db-01", "severity": "warning"}

_SILENCES = json.dumps(
    [
        {
            "id": "5c4e",
            "status": {"state": "active"},
            "matchers": [
                {"name": "alertname", "value": "Vr.+", "isRegex": True, "isEqual": True},
                {"name": "site", "value": "madrid", "isRegex": False, "isEqual": False},
            ],
            "startsAt": "2026-01-01T00:00:00.000Z",
            "comment": "planned",
        },
        {"id": "77aa", "status": {"state": "expired"}, "matchers": [], "comment": ""},
    ]
).encode()
_RULES = (b"VrRpoBreached", b'VrRpoBreached{site="madrid"}', b'{alertname=~"Vr.+",vm!~"a|b.*"}')


def parsers() -> Iterator[Parser]:
    """All of this room."""
    in_json = partial(Parser, odd=ODD_JSON, tokens=JSON)
    body = a_body([an_alert(AN_INSTANT), an_alert(AN_INSTANT, status="resolved")])
    yield in_json("webhook body", (body,), read_webhook, (NotAWebhook,))
    yield in_json("silences", (_SILENCES,), _covered, (UnknownForm,))
    alerts = json.dumps([{"labels": LABELS, "receivers": [{"name": "vr"}, {"name": "ops"}]}])
    yield in_json("Alertmanager alerts", (alerts.encode(),), routes_of)
    status = json.dumps({"config": {"original": "route:\n  receiver: vr\n"}}).encode()
    yield in_json("Alertmanager status", (status,), _original, (UnknownForm,))
    odd = (*ODD_TEXT, b"(a+)+", b"(?", b"[a-", b"{9999999999}", b"\\p{L}", b"(?P<a>", b"=~", b"!~")
    yield Parser("rule of the webhook", _RULES, _ruled, (NotARule,), odd=odd)


def _covered(body: bytes) -> object:
    return covering(parse_silences(body), LABELS) or ""


def _ruled(raw: bytes) -> object:
    rule = parse_rule(text_of(raw))
    return rule.matches(LABELS) in (True, False)
