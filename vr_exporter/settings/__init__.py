"""Settings: flag, environment, YAML file, default; every fault said in the user's words."""

from __future__ import annotations

from vr_exporter.settings.alerting import Alertmanager
from vr_exporter.settings.environment import is_secret_variable, take_environment
from vr_exporter.settings.faults import SettingsError
from vr_exporter.settings.loading import DEFAULT_FILE, load
from vr_exporter.settings.masking import effective_values, inline_secrets
from vr_exporter.settings.model import Settings
from vr_exporter.settings.secrets import Secrets
from vr_exporter.settings.section import Account, Tls
from vr_exporter.settings.site import PairingSettings, SiteSettings

__all__ = [
    "DEFAULT_FILE",
    "Account",
    "Alertmanager",
    "PairingSettings",
    "Secrets",
    "Settings",
    "SettingsError",
    "SiteSettings",
    "Tls",
    "effective_values",
    "inline_secrets",
    "is_secret_variable",
    "load",
    "take_environment",
]
