"""Flags, environment and file made one, checked, and refused with every fault at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from vr_exporter.settings.document import DocumentError, read_document
from vr_exporter.settings.environment import read_environment, read_single_site
from vr_exporter.settings.faults import ENVIRONMENT, SettingsError, faults_of, owner_of
from vr_exporter.settings.model import Layers, Settings, lower_layers
from vr_exporter.settings.places import looks_like_path
from vr_exporter.settings.rules import broken_rules

DEFAULT_FILE = Path("/etc/vr-exporter/config.yml")
_STATE_FOLDER = Path("/var/lib/vr-exporter")
_FLAGS = "flags"


def load(
    config_file: Path | None,
    *,
    environ: Mapping[str, str],
    overrides: Mapping[str, object] | None = None,
) -> Settings:
    """Read and check the settings; flags win over environment, environment over the file.

    Without a file the default one is read if it exists. `overrides` is nested as the file is.
    Raises `SettingsError` with one line per fault.
    """
    file = config_file or (DEFAULT_FILE if DEFAULT_FILE.exists() else None)
    document = _document(file) if file else {}
    single = read_single_site(environ)
    if single and "sites" in document:
        raise SettingsError(
            f"{ENVIRONMENT}: VR_HOST: {file} configures sites already (remove one of the two)"
        )
    environment = _joined(read_environment(environ, _joined(single, document)), single)
    layers = {_FLAGS: dict(overrides or {}), ENVIRONMENT: environment}
    if file:
        layers[str(file)] = document
    return _checked(layers, environ)


def _checked(layers: dict[str, dict[str, Any]], environ: Mapping[str, str]) -> Settings:
    flags, *lower = _without_outdone_twins(tuple(layers.values()))
    token = lower_layers.set((*lower, {"state": default_state(environ)}))
    try:
        settings = Settings(**flags)
        faults = list(broken_rules(settings))
    except ValidationError as error:
        faults = list(faults_of(error))
    finally:
        lower_layers.reset(token)
    if faults:
        lines = [fault.line(owner_of(fault.path, layers)) for fault in faults]
        raise SettingsError(*lines) from None
    return settings


def default_state(environ: Mapping[str, str]) -> str:
    """Where the state lies unless the settings say: the service's folder, ours, the user's."""
    given = environ.get("STATE_DIRECTORY", "").partition(":")[0]
    if given:
        folder = Path(given)
    elif os.access(_STATE_FOLDER, os.W_OK):
        folder = _STATE_FOLDER
    else:
        home = environ.get("XDG_STATE_HOME") or f"{environ.get('HOME') or '~'}/.local/state"
        folder = Path(home).expanduser() / "vr-exporter"
    return f"sqlite:///{folder / 'state.db'}"


def _document(file: Path) -> dict[str, Any]:
    try:
        document = read_document(file.read_bytes())
    except OSError as error:
        why = (error.strerror or "cannot be read").lower()
        raise SettingsError(f"{file}: settings: {why} (name another by --config.file)") from error
    except DocumentError as error:
        raise SettingsError(f"{file}: {error}") from None
    return {key: _beside(value, key, file.parent) for key, value in document.items()}


def _beside(value: Any, key: str, folder: Path) -> Any:
    """Paths in a file are relative to that file.

    A bare word that names no file stays bare: it may be the secret itself, which is not shown.
    """
    if isinstance(value, dict):
        return {inner: _beside(one, inner, folder) for inner, one in value.items()}
    if isinstance(value, list):
        return [_beside(one, key, folder) for one in value]
    if not (key.endswith("_file") and isinstance(value, str)):
        return value
    is_path = looks_like_path(value) or (folder / value).exists()
    return str(folder / value) if is_path else value


def _joined(upper: Mapping[str, Any], lower: Mapping[str, Any]) -> dict[str, Any]:
    both = {key: _joined(upper[key], lower[key]) for key in upper if _is_section(upper, lower, key)}
    return {**lower, **upper, **both}


def _is_section(upper: Mapping[str, Any], lower: Mapping[str, Any], key: str) -> bool:
    return isinstance(upper.get(key), Mapping) and isinstance(lower.get(key), Mapping)


def _without_outdone_twins(layers: Layers) -> list[Mapping[str, Any]]:
    """A secret given above outdoes its twin (`password`, `password_file`) given below."""
    kept: list[Mapping[str, Any]] = []
    for layer in layers:
        left = layer
        for upper in kept:
            left = _without_twins(upper, left)
        kept.append(left)
    return kept


def _without_twins(upper: Mapping[str, Any], lower: Mapping[str, Any]) -> Mapping[str, Any]:
    outdone = {f"{key}_file" for key in upper} | {key.removesuffix("_file") for key in upper}
    return {
        key: _without_twins(upper[key], value) if _is_section(upper, lower, key) else value
        for key, value in lower.items()
        if key in upper or key not in outdone
    }
