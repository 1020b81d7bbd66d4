"""Every setting with its type, default and meaning; the reference is made from this.

Durations are seconds, shares are of one, once read.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from vr_exporter.settings.alerting import Alertmanager, Alerts, Webhook
from vr_exporter.settings.section import Section, setting
from vr_exporter.settings.site import SiteSettings
from vr_exporter.settings.triggers import Triggers
from vr_exporter.settings.values import (
    Duration,
    Flow,
    Globs,
    Names,
    Ratio,
    SecretFile,
    SecretText,
    SiteKey,
    StateUrl,
    between,
)

Layers = tuple[Mapping[str, Any], ...]

lower_layers: ContextVar[Layers] = ContextVar("lower_layers", default=())
"""Environment and file, in this order, while `load` builds the settings."""


class Replications(Section):
    """Which replications are watched, by VM name."""

    include: Globs = setting("Patterns of VM names to watch.", '["db-*"]', default=("*",))
    exclude: Globs = setting("Patterns of VM names to leave out.", '["test-*"]', default=())


class Rpo(Section):
    """When a replication past its RPO is in breach, and not just late."""

    grace: Annotated[Ratio, Field(ge=0, le=10)] = setting(
        "Share of the RPO within which a miss is only late.", "20%", default=0.2
    )
    grace_min: Annotated[Duration, between("0s", "1w")] = setting(
        "Time within which a miss is only late; the larger of the two holds.",
        "5m",
        default=300.0,
    )


class Metrics(Section):
    """What the page holds."""

    stale_after: Annotated[Duration, between("10s", "1w")] | None = setting(
        "Age at which detail of a silent site is withheld. "
        "Default: the larger of 5m and three effective poll intervals.",
        "10m",
        default=None,
    )
    exclude: Globs = setting(
        "Patterns of families to leave off the page.", '["vr_replication_mpit_*"]', default=()
    )


class Api(Section):
    """What acts over HTTP; closed without a token."""

    bearer_token: SecretText | None = setting("The token itself.", default=None)
    bearer_token_file: SecretFile | None = setting(
        "Where the token lies; read again when it changes.", "/run/secrets/api", default=None
    )


class Settings(BaseSettings):
    """All settings of a process."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=False
    )

    sites: dict[SiteKey, SiteSettings] = setting("The appliances, by name; at least one.")
    replications: Replications = setting("Which are watched.", default=Replications())
    expected_vms: Names = setting(
        "VMs that must be replicated; one that no readable site replicates becomes an alert.",
        '["db-01", "db-02"]',
        default=(),
    )
    rpo: Rpo = setting("When late is a breach.", default=Rpo())
    metrics: Metrics = setting("What the page holds.", default=Metrics())
    triggers: Triggers = setting("Starting syncs.", default=Triggers())
    api: Api = setting("What acts over HTTP; closed without a token.", default=Api())
    alertmanagers: Annotated[tuple[Alertmanager, ...], Flow] = setting(
        "Where events are sent: every member.", default=()
    )
    alerts: Alerts = setting("Events sent to Alertmanager.", default=Alerts())
    webhook: Webhook | None = setting("Alerts that start syncs; absent is closed.", default=None)
    state: StateUrl = setting(
        "Where the state lies, in a folder of our own beside it. "
        "Default: in $STATE_DIRECTORY, else /var/lib/vr-exporter if writable, "
        "else $XDG_STATE_HOME/vr-exporter.",
        "sqlite:////var/lib/vr-exporter/state.db",
    )

    @property
    def state_folder(self) -> Path:
        """The folder that the settings give for the state; ours lies inside it."""
        return Path(self.state.removeprefix("sqlite:///")).parent

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, environment, file: those that `load` read, and nothing that it did not."""
        del env_settings, dotenv_settings, file_secret_settings
        lower = (InitSettingsSource(settings_cls, dict(layer)) for layer in lower_layers.get())
        return (init_settings, *lower)
