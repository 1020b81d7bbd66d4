"""What an Alertmanager's configuration means for the bridge, a line for each matter; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from vr_exporter.cli.check.report import Finding, fail, note, ok, warn
from vr_exporter.domain.episodes import DEADMAN_SILENT_SECONDS
from vr_exporter.settings import Settings
from vr_exporter.settings.values import format_duration, parse_duration

SUBJECT: Final = "alertmanager"
PATH: Final = "/api/v1/alertmanager"

_DEFAULTS: Final = {"group_wait": "30s", "group_interval": "5m", "repeat_interval": "4h"}
_HIDDEN: Final = "<secret>"

Section = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Route:
    """One route with what it inherits; times are in seconds."""

    receiver: str
    matchers: str
    group_wait: float
    group_interval: float
    repeat_interval: float

    @property
    def name(self) -> str:
        """What tells it apart."""
        return f"the route to {self.receiver} ({self.matchers or 'of all'})"


def judge(config: Section, settings: Settings) -> Iterator[Finding]:
    """Say what of a configuration does not fit the bridge's settings."""
    routes = list(_routes(config.get("route") or {}, dict(_DEFAULTS)))
    webhooks = dict(_webhooks(config))
    yield from _of_events(routes, webhooks, settings)
    if settings.webhook is None:
        yield ok(SUBJECT, "read; the settings have no webhook, so no alert starts a sync")
        return
    if not webhooks:
        yield fail(
            SUBJECT,
            f"no receiver posts to {PATH}: no alert can start a sync",
            f"receivers: webhook_configs with the url of this exporter and {PATH}",
        )
        return
    for receiver, webhook in webhooks.items():
        yield from _of_webhook(receiver, webhook)
    own = [route for route in routes if route.receiver in webhooks]
    yield from _of_routes(own, webhooks, settings)


def _of_events(routes: list[Route], webhooks: Section, settings: Settings) -> Iterator[Finding]:
    """An alert that ends before its group is told of it is heard by nobody."""
    people = [route for route in routes if route.receiver not in webhooks]
    if not people:
        return
    slowest = max(people, key=lambda route: max(route.group_wait, route.group_interval))
    wait = max(slowest.group_wait, slowest.group_interval)
    if settings.alerts.min_hold <= wait:
        yield warn(
            SUBJECT,
            f"{slowest.name} tells every {format_duration(wait)}, and short events are held for "
            f"{format_duration(settings.alerts.min_hold)}: they may go unheard",
            f"alerts.min_hold: above {format_duration(wait)}",
        )


def _of_webhook(receiver: str, webhook: Section) -> Iterator[Finding]:
    if webhook.get("send_resolved") is False:
        yield warn(
            SUBJECT,
            f"{receiver} is not told of ends: a wish is not called off when its alert resolves",
            f"receivers, {receiver}: send_resolved: true",
        )
    if webhook.get("max_alerts"):
        yield warn(
            SUBJECT,
            f"{receiver} leaves out alerts beyond {webhook['max_alerts']}: wishes are lost",
            f"receivers, {receiver}: max_alerts: 0",
        )
    http = webhook.get("http_config") or {}
    if http.get("follow_redirects") is not False:
        yield note(
            SUBJECT,
            f"{receiver} follows redirects: one by a proxy would lose a wish without a trace",
            f"receivers, {receiver}: http_config: {{follow_redirects: false}}",
        )


def _of_routes(own: list[Route], webhooks: Section, settings: Settings) -> Iterator[Finding]:
    webhook = settings.webhook
    if webhook is None:
        return
    proving = [route for route in own if webhook.deadman in route.matchers]
    asking = [route for route in own if route not in proving]
    if not asking:
        names = ", ".join(webhooks)
        yield fail(
            SUBJECT,
            f"no route leads an alert to {names}",
            "route: a route with matchers: [vr_action = sync, vr_origin != bridge], continue: true",
        )
    for route in asking:
        if route.repeat_interval < webhook.cooldown:
            yield warn(
                SUBJECT,
                f"{route.name} repeats every {format_duration(route.repeat_interval)}, sooner than "
                f"the cool-down of {format_duration(webhook.cooldown)} lets anything come of it",
                f"route: repeat_interval: {format_duration(webhook.cooldown)}",
            )
        if route.group_interval > webhook.max_age:
            yield warn(
                SUBJECT,
                f"{route.name} tells of news every {format_duration(route.group_interval)} only",
                "route: group_interval: 1m",
            )
    yield _of_deadman(proving, settings)
    yield ok(SUBJECT, f"{len(asking)} routes lead alerts to {', '.join(webhooks)}")


def _of_deadman(proving: list[Route], settings: Settings) -> Finding:
    deadman = settings.webhook.deadman if settings.webhook else ""
    if not proving:
        return warn(
            SUBJECT,
            f"no route of its own leads {deadman} to the webhook: its silence is not noticed",
            f"route: matchers: [alertname = {deadman}], repeat_interval: 5m",
        )
    slowest = max(max(route.repeat_interval, route.group_interval) for route in proving)
    if slowest >= DEADMAN_SILENT_SECONDS:
        return warn(
            SUBJECT,
            f"{deadman} comes every {format_duration(slowest)}; after "
            f"{format_duration(DEADMAN_SILENT_SECONDS)} of silence the way in counts as broken",
            "route: repeat_interval: 5m",
        )
    return ok(SUBJECT, f"{deadman} comes every {format_duration(slowest)}")


def _webhooks(config: Section) -> Iterator[tuple[str, Section]]:
    """Find the receivers that post to a bridge; of a hidden address only the name can tell."""
    for receiver in config.get("receivers") or ():
        for webhook in receiver.get("webhook_configs") or ():
            url = str(webhook.get("url", ""))
            is_hidden = url == _HIDDEN and "vr" in str(receiver.get("name", ""))
            if is_hidden or urlsplit(url).path == PATH:
                yield str(receiver["name"]), webhook


def _routes(route: Section, inherited: dict[str, str]) -> Iterator[Route]:
    known = {**inherited, **{name: route[name] for name in _DEFAULTS if name in route}}
    receiver = str(route.get("receiver", inherited.get("receiver", "")))
    times = {name: parse_duration(str(known[name])) for name in _DEFAULTS}
    yield Route(receiver, _matchers(route), **times)
    for child in route.get("routes") or ():
        yield from _routes(child, {**known, "receiver": receiver})


def _matchers(route: Section) -> str:
    found = [str(each) for each in route.get("matchers") or ()]
    found += [f'{name}="{value}"' for name, value in (route.get("match") or {}).items()]
    found += [f'{name}=~"{value}"' for name, value in (route.get("match_re") or {}).items()]
    return ", ".join(found)
