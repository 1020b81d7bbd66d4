"""What every section of the settings has in common, and the sections used in many places."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from vr_exporter.settings.values import (
    CertificateFile,
    Fingerprint,
    SecretFile,
    SecretText,
    Text,
    fault,
    fault_at,
)


def setting(description: str, *examples: Any, **attributes: Any) -> Any:
    """A field with what the reference says of it; without a default it must be set."""
    return Field(description=description, examples=list(examples), **attributes)


class Section(BaseModel):
    """A mapping of settings; unknown keys are refused and errors hold no input."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="after")
    def _one_of_twins(self) -> Self:
        """A secret is given inline or by its file, never both."""
        for key in type(self).model_fields:
            twin = f"{key}_file"
            if getattr(self, key) is not None and getattr(self, twin, None) is not None:
                raise fault_at(key, f"given twice (keep {twin}, drop {key})")
        return self


class Account(Section):
    """A user name and its password, inline or in a file, never both."""

    username: Text = setting("The user, with its domain.", "monitor@vsphere.local")
    password: SecretText | None = setting(
        "The password itself; a file keeps it out of this one.", default=None
    )
    password_file: SecretFile | None = setting(
        "Where the password lies; read again when it changes.", "/run/secrets/vr", default=None
    )

    @model_validator(mode="after")
    def _has_password(self) -> Self:
        if self.password is None and self.password_file is None:
            raise fault_at("password_file", "missing")
        return self


class Tls(Section):
    """How a server proves who it is; at most one of the three."""

    ca_file: CertificateFile | None = setting(
        "Certificates to trust in place of the system's, PEM.", "/etc/ssl/corp.pem", default=None
    )
    fingerprint_sha256: Fingerprint | None = setting(
        "SHA-256 of the one certificate to accept, as `check` prints it.",
        "9f:86:d0:81:88:4c:7d:65:9a:2f:ea:a0:c5:5a:d0:15:"
        "a3:bf:4f:1b:2b:0b:82:2c:d1:5d:6c:15:b0:f0:0a:08",
        default=None,
    )
    insecure_skip_verify: bool = setting(
        "Accept any certificate; warned about at every start.", "true", default=False
    )

    @model_validator(mode="after")
    def _at_most_one(self) -> Self:
        ways = (self.ca_file, self.fingerprint_sha256, self.insecure_skip_verify or None)
        if sum(way is not None for way in ways) > 1:
            raise fault(
                "more than one of ca_file, fingerprint_sha256, insecure_skip_verify (keep one)"
            )
        return self


def credentials_given(
    token: SecretStr | None, token_file: Path | None, basic: Account | None
) -> int:
    """Count the credentials given; a token and its file are one."""
    return sum(credential is not None for credential in (token or token_file, basic))
