"""A watched site with the alert bridge before it: webhooks come in, syncs are counted."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.watched import Watched
from vr_exporter.alerting.arrivals import Arrivals
from vr_exporter.app.bridge import Bridge, control_of
from vr_exporter.app.wishing import Wishing
from vr_exporter.domain.rpo import Verdict
from vr_exporter.domain.snapshot import WatchedReplication
from vr_exporter.domain.triggers import Origin
from vr_exporter.settings import Secrets, Settings
from vr_exporter.syncing.offers import SilencedBy
from vr_exporter.web.bridging import WebhookAnswer
from vr_exporter.web.message import Request, Response
from vr_exporter.web.routes import Routes, Sources

TOKEN = "webhook-canary"
API_TOKEN = "api-canary"
NEVER = "0001-01-01T00:00:00Z"

Alert = dict[str, Any]


def stamp(seconds: float) -> str:
    """A time as Alertmanager writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def a_body(alerts: Iterable[Any], **changes: Any) -> bytes:
    """A webhook as Alertmanager 0.25 sends it."""
    rows = list(alerts)
    statuses = {row.get("status") for row in rows if isinstance(row, dict)}
    body = {
        "receiver": "vr-bridge",
        "status": "firing" if "firing" in statuses else "resolved",
        "alerts": rows,
        "groupLabels": {"alertname": "VrRpoBreached"},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example:9093",
        "version": "4",
        "groupKey": '{}/{vr_action="sync"}:{alertname="VrRpoBreached"}',
        "truncatedAlerts": 0,
        **changes,
    }
    return json.dumps(body).encode()


def an_alert(starts_at: float, *, status: str = "firing", **labels: str) -> Alert:
    """One alert of a webhook; labels that are empty are left out."""
    own = {
        "alertname": "VrRpoBreached",
        "severity": "warning",
        "component": "rpo",
        "vr_action": "sync",
        **labels,
    }
    return {
        "status": status,
        "labels": {name: value for name, value in own.items() if value},
        "annotations": {"summary": "a copy is late", "site": "an annotation decides nothing"},
        "startsAt": stamp(starts_at),
        "endsAt": NEVER if status == "firing" else stamp(starts_at + 600),
        "generatorURL": "http://prometheus.example/graph",
        "fingerprint": "0123456789abcdef",
    }


def not_silenced() -> SilencedBy:
    """An Alertmanager without silences."""
    return lambda _labels: ""


class Bridged:
    """The bridge on what is watched; `mode` and more are settings of the webhook."""

    def __init__(
        self,
        watched: Watched,
        *,
        silences: Callable[[], SilencedBy] = not_silenced,
        triggers: Mapping[str, Any] | None = None,
        **webhook: Any,
    ) -> None:
        self.watched = watched
        self._silences = silences
        self.settings = some_settings(watched.sites, triggers=triggers or {}, **webhook)
        self.is_stopping = False
        self.renew()

    def renew(self) -> None:
        """Begin anew on the ledger of now, as after a restart."""
        watched = self.watched
        self.wishing = Wishing(
            watched.ledger,
            self.settings,
            snapshot=watched.board.current,
            now=watched.time.now,
            nudge=lambda _site: None,
            show_unsited=self._show_unsited,
            silences=self._silences,
        )
        watched.policy, watched.desk = self.wishing.desk.policy, self.wishing.desk
        self.bridge = Bridge(
            watched.ledger,
            self.wishing,
            settings=self.settings,
            secrets=lambda: Secrets(learned=lambda _secret: None, failed=lambda: None),
            now=watched.time.now,
        )
        self.routes = Routes(
            Sources(
                snapshot=watched.board.current,
                metrics_body=watched.page.body,
                is_healthy=lambda: (True, "healthy"),
                now=watched.time.now,
                version="1.2.3",
                acting=self.wishing.over_http(
                    token=lambda: API_TOKEN, is_stopping=lambda: self.is_stopping
                ),
                inbound=self.bridge.inbound(is_stopping=lambda: self.is_stopping),
                control=control_of(
                    self.bridge,
                    watched.ledger,
                    settings=lambda: self.settings,
                    members=tuple,
                    now=watched.time.now,
                ),
            )
        )

    def reload(self, **webhook: Any) -> None:
        """Go by other settings of the webhook from now on, as after a reload."""
        self.settings = some_settings(self.watched.sites, **webhook)
        self.wishing.obey(self.settings)
        self.bridge.obey(self.settings)
        self.watched.policy = self.wishing.desk.policy
        self.watched.desk = self.wishing.desk

    @property
    def arrivals(self) -> Arrivals:
        """What came in."""
        return self.bridge.arrivals

    def breached(self, *, site: str = "madrid") -> list[WatchedReplication]:
        """Those of a site that are past their RPO, and are its to send."""
        return [
            row
            for paired in self.watched.snapshot(site).pairings
            for row in paired.replications
            if row.verdict is Verdict.BREACHED and row.replication.direction == "outgoing"
        ]

    def an_alert(self, row: WatchedReplication, *, since: float = 0.0, **labels: str) -> Alert:
        """The alert of the shipped rule about a replication."""
        named = {"site": "madrid", "pairing": "berlin", "vm": row.replication.vm}
        own = {**named, "replication": str(row.replication.id), **labels}
        return an_alert(self.watched.time.now() - 600 + since, **own)

    def take(self, *alerts: Any, **changes: Any) -> WebhookAnswer:
        """Bring a webhook in, past the door."""
        return self.bridge.take(a_body(alerts, **changes))

    def post(self, body: bytes, **headers: str) -> Response:
        """Bring one to the door, with the right credential unless another is given."""
        given = {
            "host": "vr.example:10843",
            "authorization": f"Bearer {TOKEN}",
            "content-type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        kept = {name: value for name, value in given.items() if value}
        return self.routes(Request("POST", "/api/v1/alertmanager", headers=kept, body=body))

    def outcomes(self) -> Counter[str]:
        """How many wishes by alert came to which outcome, as the page counts them."""
        totals = self.watched.ledger.trigger_totals().values()
        found: Counter[str] = Counter()
        for each in totals:
            for (source, outcome), count in each.counters.get(
                "vr_trigger_requests_total", {}
            ).items():
                if source == Origin.ALERT:
                    found[outcome] += int(count)
        return found

    def skips(self) -> Counter[str]:
        """How many wishes were turned away, by reason."""
        found: Counter[str] = Counter()
        for each in self.watched.ledger.trigger_totals().values():
            for (reason,), count in each.counters.get("vr_trigger_skips_total", {}).items():
                found[reason] += int(count)
        return found

    def sums_are_equal(self) -> bool:
        """Whether each alert that was counted has an outcome, or waits for it."""
        under_way = self.watched.ledger.triggers(unfinished=True)
        waiting = sum(each.outcome is None for each in under_way)
        counted = sum(self.arrivals.facts.alerts.values())
        return counted == sum(self.outcomes().values()) + waiting

    def _show_unsited(self) -> None:
        return


def some_settings(
    sites: Iterable[str], *, triggers: Mapping[str, Any] | None = None, **webhook: Any
) -> Settings:
    """Settings of these sites with a webhook that is open, and on unless told otherwise."""
    own = {"bearer_token": TOKEN, "mode": "on", "rules": ["VrRpoBreached"], **webhook}
    account = {"username": "monitor@vsphere.local", "password": "simulated"}
    return Settings.model_validate(
        {
            "sites": {name: {"url": f"https://{name}.example", **account} for name in sites},
            "state": "sqlite:////var/lib/vr-exporter/state.db",
            "triggers": dict(triggers or {}),
            "webhook": own,
        }
    )


def reasons(answer: WebhookAnswer) -> list[str]:
    """The reason for each alert of a webhook, empty for those that were taken."""
    return [verdict.skip.reason if verdict.skip else "" for verdict in answer.verdicts]
