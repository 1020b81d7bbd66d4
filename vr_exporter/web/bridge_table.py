"""The routes of the alert bridge: the webhook, and what people ask of it and tell it."""

from __future__ import annotations

from vr_exporter.web import bridge, webhook
from vr_exporter.web.route import Route
from vr_exporter.web.sources import Sources


def _has_webhook(sources: Sources) -> bool:
    return sources.inbound is not None


def _has_bridge(sources: Sources) -> bool:
    return sources.control is not None


BRIDGE_ROUTES = (
    Route(
        "POST",
        "/api/v1/alertmanager",
        "The webhook of Alertmanager, version 4: each alert may ask for a sync. It is opened by "
        "the credential of `webhook` alone, on the unix socket too, and that opens nothing else. "
        "The answer has `alerts`, `taken`, `refused` (how many by reason), `unreadable`, "
        "`truncated`, and `verdicts` of the first 100.",
        webhook.take,
        is_webhook=True,
        takes_webhook=True,
        answers=webhook.ANSWERS,
        is_there=_has_webhook,
    ),
    Route(
        "GET",
        "/api/v1/bridge",
        "How the alert bridge stands: `bridge`, a Bridge.",
        bridge.state,
        is_there=_has_bridge,
    ),
    Route(
        "POST",
        "/api/v1/bridge/explain",
        "What each guard says of an episode that was offered, or of a replication as if it were "
        "in breach now; nothing is written. `episodes` are Explained, the youngest first.",
        bridge.explain,
        acts=True,
        body=(("of", "string", "key of an episode (its beginning will do), replication or VM"),),
        answers=((200, "at least one"), (404, "nothing of this key or name")),
        is_there=_has_bridge,
    ),
    Route(
        "POST",
        "/api/v1/bridge/simulate",
        "What would become of a webhook, whose body this is: the same code on what is known now. "
        "Nothing is written, and nothing asked for but the silences. `episodes` are Explained.",
        bridge.simulate,
        acts=True,
        takes_webhook=True,
        answers=((200, "read"), (400, "no webhook of version 4")),
        is_there=_has_bridge,
    ),
    Route(
        "POST",
        "/api/v1/bridge/kill",
        "Stop all triggers by alert, or let them go on; people and schedules go on either way.",
        bridge.kill,
        acts=True,
        body=(("on", "boolean", "`true` stops them"),),
        answers=((200, "as GET /api/v1/bridge"),),
        is_there=_has_bridge,
    ),
    Route(
        "POST",
        "/api/v1/bridge/test-alert",
        "Send a VrEventTest to every Alertmanager through the outbox, held for "
        "`alerts.min_hold`; `began_timestamp_seconds` names it.",
        bridge.send_test,
        acts=True,
        answers=((202, "on its way"), (409, "the settings have no `alertmanagers`")),
        is_there=_has_bridge,
    ),
    Route(
        "POST",
        "/api/v1/bridge/test-alert/hops",
        "How far a test alert came: `hops`, an array of Hop; each Alertmanager is asked where it "
        "routes it.",
        bridge.test_hops,
        acts=True,
        body=(("began_timestamp_seconds", "number", "as the test alert was answered with"),),
        is_there=_has_bridge,
    ),
)
"""In the order of the reference."""
