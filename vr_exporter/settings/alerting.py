"""The settings of the way out to Alertmanager and the way in from it."""

from __future__ import annotations

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from vr_exporter.alerting.matchers import NotARule, parse_rule
from vr_exporter.settings.section import Account, Section, Tls, credentials_given, setting
from vr_exporter.settings.values import (
    AlertName,
    Duration,
    Flow,
    Kind,
    Label,
    Mode,
    SecretFile,
    SecretText,
    Text,
    WebAddress,
    between,
    fault,
    fault_at,
    unique,
)


def _rule(text: str) -> str:
    try:
        parse_rule(text)
    except NotARule as error:
        raise fault(f"not an alert's name, nor matchers ({error})") from error
    return text


AlertRules = Annotated[
    tuple[Annotated[Text, AfterValidator(_rule)], ...],
    Kind("list of alert names or matchers"),
    Flow,
    AfterValidator(unique),
]


class Alertmanager(Section):
    """One member of an Alertmanager cluster; name each of them, no load balancer."""

    url: WebAddress = setting("Address of the member.", "http://am-1:9093")
    name: Text | None = setting(
        "Value of the label `receiver`. Default: host and port.", "am-1", default=None
    )
    bearer_token: SecretText | None = setting("Token that it asks for.", default=None)
    bearer_token_file: SecretFile | None = setting(
        "Where that token lies.", "/run/secrets/alertmanager", default=None
    )
    basic: Account | None = setting("User that it asks for.", default=None)
    tls: Tls = setting("How it proves who it is.", default=Tls())

    @model_validator(mode="after")
    def _at_most_one_credential(self) -> Self:
        if credentials_given(self.bearer_token, self.bearer_token_file, self.basic) > 1:
            raise fault_at("basic", "more than one credential (keep bearer_token_file or basic)")
        return self

    @property
    def receiver(self) -> str:
        """The name, else host and port."""
        return self.name or urlsplit(self.url).netloc


class Alerts(Section):
    """The alerts that the exporter sends of itself."""

    resend: Annotated[Duration, between("10s", "10m")] = setting(
        "A firing alert is sent again this often.", "60s", default=60.0
    )
    min_hold: Annotated[Duration, between("1m", "1d")] = setting(
        "Shortest time an alert fires; above group_wait and group_interval of its route.",
        "6m",
        default=360.0,
    )
    resolved_for: Annotated[Duration, between("1m", "1d")] = setting(
        "A resolved alert is sent again for this long.", "15m", default=900.0
    )
    labels: Annotated[dict[Label, Text], Flow] = setting(
        "Labels added to every alert.", "{team: storage}", default={}
    )
    annotations: Annotated[dict[Label, Text], Flow] = setting(
        "Annotations added to every alert, such as a link to your runbook.",
        "{runbook_url: https://wiki.example/vr}",
        default={},
    )


class Storm(Section):
    """Too many wishes at once point to a cause that no sync cures."""

    fraction: Annotated[float, Field(gt=0, le=1)] = setting(
        "Share of a site's replications, of one.", "0.10", default=0.10
    )
    at_least: Annotated[int, Field(ge=1, le=10_000)] = setting(
        "Replications below which it is no storm.", "5", default=5
    )
    window: Annotated[Duration, between("1s", "1d")] = setting(
        "Time within which they are counted.", "10m", default=600.0
    )


class Webhook(Section):
    """Alertmanager's notifications may start syncs; exactly one credential opens it."""

    bearer_token: SecretText | None = setting("Token that a sender shows.", default=None)
    bearer_token_file: SecretFile | None = setting(
        "Where that token lies.", "/run/secrets/webhook", default=None
    )
    basic: Account | None = setting("User that a sender shows.", default=None)
    client_certificate: bool = setting(
        "Take the client certificates that the web file demands as the credential.",
        "true",
        default=False,
    )
    mode: Mode = setting(
        "`off`, `dry-run` or `on`; the stricter of this and `triggers.mode` holds.",
        "on",
        default="dry-run",
    )
    rules: AlertRules = setting(
        "Alerts that may start a sync: names, or matchers as in Alertmanager "
        """(`'VrRpoBreached{site="madrid"}'`); the alert also needs vr_action="sync".""",
        "[VrRpoBreached]",
        default=(),
    )
    cooldown: Annotated[Duration, between("0s", "1w")] = setting(
        "As `triggers.cooldown`, for alerts; never less than the replication's RPO.",
        "30m",
        default=1800.0,
    )
    max_age: Annotated[Duration, between("1s", "1d")] = setting(
        "A wish that waited longer expires.", "15m", default=900.0
    )
    storm: Storm = setting("When many ask at once, none is served.", default=Storm())
    deadman: AlertName = setting(
        "The alert that only proves the way in.", "VrDeadman", default="VrDeadman"
    )

    @model_validator(mode="after")
    def _exactly_one_credential(self) -> Self:
        given = credentials_given(self.bearer_token, self.bearer_token_file, self.basic)
        if given + self.client_certificate != 1:
            raise fault(
                "needs exactly one credential (bearer_token_file, basic or client_certificate)"
            )
        return self
