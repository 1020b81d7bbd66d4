"""The reference of the settings in Markdown, made from the model that reads them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from vr_exporter.settings.model import Settings
from vr_exporter.settings.places import variable_of
from vr_exporter.settings.values import Kind, format_duration

_PLAIN_KINDS = {int: "whole number", float: "number", bool: "true or false", str: "text"}
_INTRODUCTION = """\
# Settings

<!-- Made by `vr-exporter settings`; a test holds this file to the program. -->

A setting is taken from a flag, else from the environment, else from the YAML file
(`--config.file`, default `/etc/vr-exporter/config.yml` if it exists), else its default holds.
`vr-exporter check --offline` reads the file and names every fault in it.

- **Environment**: the variable of a setting is `VR_` and its path in capitals, parts joined by
  two underscores; signs that a variable cannot hold become one: `VR_SITES__MADRID__URL`. A list
  is written as in YAML's flow style: `VR_EXPECTED_VMS='["db-01", "db-02"]'`. Names of sites,
  pairings and schedules are found in the file whatever their capitals; new ones are lower case.
- **One site without a file**: `VR_HOST` (name or address), `VR_USERNAME` and `VR_PASSWORD_FILE`
  (or `VR_PASSWORD`). The site is named after its host, or `VR_SITE`.
- **Secrets** stand in the setting, or in a file named by its twin with `_file`, never both; the
  file is read again when it changes, and one line end at its end is dropped. A secret given by a
  higher layer replaces either twin of a lower one. Variables that hold secrets are removed from
  the process once read; until then every process of the same user can read them, so prefer files.
- **Paths** in the file are relative to the file.
- **Durations** are written as in Prometheus: `30s`, `5m`, `1h30m`, `1d`, `250ms`.
- **Patterns** know `*`, `?` and `[…]`.
- The file is at most 1 MiB of YAML, 32 levels deep, with at most 100 aliases, without tags and
  without a key that stands twice. `on` and `off` may stand unquoted. An unknown key is refused,
  with the nearest known one.

## A whole file

```yaml
{example}```
"""

EXAMPLE = """\
sites:
  madrid:
    url: https://vr.madrid.example
    username: monitor@vsphere.local
    password_file: /run/secrets/madrid
    trigger_account: {username: sync@vsphere.local, password_file: /run/secrets/madrid-sync}
    tls: {ca_file: /etc/ssl/corp.pem}
    poll_interval: 60s
    pairings:
      berlin: {remote_vc: vc.berlin.example}
  berlin:
    url: https://vr.berlin.example
    username: monitor@vsphere.local
    password_file: /run/secrets/berlin
replications: {include: ["*"], exclude: ["test-*"]}
expected_vms: ["db-01", "db-02"]
rpo: {grace: 20%, grace_min: 5m}
metrics: {exclude: ["vr_replication_mpit_*"]}
triggers:
  mode: on
  cooldown: 10m
  circuit: {failures: 3, open_for: 10m, open_max: 2h}
  maintenance:
    - {sites: [madrid], days: [sat], from: "22:00", to: "04:00", timezone: Europe/Madrid}
  schedules:
    nightly:
      cron: "0 2 * * *"
      timezone: Europe/Madrid
      match: {site: madrid, vm: "db-*"}
      max_age: 4h
api: {bearer_token_file: /run/secrets/api}
alertmanagers: [{url: "http://am-1:9093"}, {url: "http://am-2:9093"}]
alerts: {resend: 60s, min_hold: 6m, resolved_for: 15m, labels: {team: storage}}
webhook:
  bearer_token_file: /run/secrets/webhook
  mode: dry-run
  rules: [VrRpoBreached]
  storm: {fraction: 0.10, at_least: 5, window: 10m}
state: sqlite:////var/lib/vr-exporter/state.db
"""


def reference() -> str:
    """Write the whole page."""
    parts = [_INTRODUCTION.format(example=EXAMPLE)]
    for path, field, level in _walk(Settings, (), 2):
        parts.append(_entry(path, field, level))
    return "\n".join(parts)


def _walk(
    model: type[BaseModel], path: tuple[str, ...], level: int
) -> Iterator[tuple[tuple[str, ...], FieldInfo, int]]:
    """Yield every setting, a section before what it holds."""
    for name, field in model.model_fields.items():
        here = (*path, field.alias or name)
        yield here, field, min(level, 3)
        section, suffix = _section_of(field.annotation)
        if section is not None:
            yield from _walk(section, _inside(here, suffix), level + 1)


def _section_of(annotation: Any) -> tuple[type[BaseModel] | None, str]:
    """The section that a field holds, and what stands between: a NAME, an item of a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, ""
    origin = get_origin(annotation)
    suffix = "NAME" if origin is dict else "[]" if origin is tuple else ""
    for argument in get_args(annotation):
        section, inner = _section_of(argument)
        if section is not None:
            return section, suffix or inner
    return None, ""


def _inside(path: tuple[str, ...], suffix: str) -> tuple[str, ...]:
    if suffix == "[]":
        return (*path[:-1], f"{path[-1]}[]")
    return (*path, suffix) if suffix else path


def _entry(path: tuple[str, ...], field: FieldInfo, level: int) -> str:
    lines = [f"{'#' * level} `{'.'.join(path)}`", "", str(field.description), ""]
    section, suffix = _section_of(field.annotation)
    if section is not None:
        lines.append(f"- {_holds(section, suffix)}")
    else:
        lines.append(f"- Type: {_kind(field)}; {_default(field)}")
    variable = _variable(path, is_section=section is not None and suffix != "[]")
    lines.extend([f"- Environment: `{variable}`"] if variable else [])
    lines.extend(f"- Example: `{path[-1]}: {example}`" for example in field.examples or ())
    return "\n".join([*lines, ""])


def _holds(section: type[BaseModel], suffix: str) -> str:
    shape = {"NAME": "Settings by name, each: ", "[]": "A list, each item: "}.get(suffix, "")
    return f"{shape}{str(section.__doc__).splitlines()[0]}"


def _kind(field: FieldInfo) -> str:
    marks = (mark.name for mark in field.metadata if isinstance(mark, Kind))
    return next(marks, "") or _kinds(field.annotation) or "text"


def _kinds(annotation: Any) -> str:
    for mark in getattr(annotation, "__metadata__", ()):
        if isinstance(mark, Kind):
            return mark.name
    if annotation in _PLAIN_KINDS:
        return _PLAIN_KINDS[annotation]
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{choice}`" for choice in get_args(annotation))
    inner = [_kinds(part) for part in get_args(annotation) if part is not type(None)]
    if get_origin(annotation) is dict:
        return f"{inner[1]} by {inner[0]}"
    return next((kind for kind in inner if kind), "")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be set"
    value = field.default
    if value is None:
        return "no default"
    return f"default `{_written(value, _kind(field))}`"


def _written(value: Any, kind: str) -> str:
    if kind == "duration":
        return format_duration(value)
    if kind == "percentage":
        return f"{100 * value:g}%"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{one}"' for one in value) + "]"
    return str(value)


def _variable(path: tuple[str, ...], *, is_section: bool) -> str:
    """Items of lists and whole sections have none."""
    if is_section or any(part.endswith("[]") for part in path):
        return ""
    return variable_of(path)
