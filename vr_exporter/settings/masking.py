"""The settings as they hold, one at a time, with every secret masked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from vr_exporter.settings.model import Settings
from vr_exporter.settings.places import Place, written

MASK = "<secret>"


def effective_values(settings: Settings) -> Iterator[tuple[str, Any]]:
    """Give each setting's dotted name and the value that holds, defaults included."""
    yield from _leaves(_plain(settings.model_dump(by_alias=True)), ())


def _leaves(value: Any, place: Place) -> Iterator[tuple[str, Any]]:
    parts: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, Mapping):
        parts = value.items()
    elif isinstance(value, list) and any(isinstance(part, Mapping) for part in value):
        parts = enumerate(value)
    if not parts:
        yield written(place), value
    for key, part in parts:
        yield from _leaves(part, (*place, key))


def inline_secrets(settings: Settings) -> Iterator[str]:
    """Every secret that stands in the settings themselves, so that logs can mask it."""
    yield from _secrets_in(settings.model_dump())


def _secrets_in(value: Any) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
        return
    parts = value.values() if isinstance(value, Mapping) else value
    if not isinstance(value, Mapping | list | tuple):
        return
    for part in parts:
        yield from _secrets_in(part)


def _plain(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
