"""Settings from environment variables: `VR_SITES__MADRID__URL` is `sites.madrid.url`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from vr_exporter.settings.document import DEEPEST
from vr_exporter.settings.places import PREFIX

SINGLE = {"VR_HOST": "url", "VR_USERNAME": "username", "VR_PASSWORD": "password"} | {
    "VR_PASSWORD_FILE": "password_file"
}
"""What a single site needs; its name is VR_SITE, else its host."""
WHOLE = ("expected_vms", "alertmanagers", "state")
"""Top-level settings that are no sections: one variable holds the whole."""
_KEPT = ("STATE_DIRECTORY", "XDG_STATE_HOME", "HOME")
_SECRET = re.compile(r"VR_.*(?:PASSWORD|TOKEN)|VR_ALERTMANAGERS(?:__.*)?")


def take_environment(environ: MutableMapping[str, str]) -> dict[str, str]:
    """Copy what settings read, and remove from the process what is secret (C24)."""
    taken = {
        name: value for name, value in environ.items() if name.startswith(PREFIX) or name in _KEPT
    }
    for name in filter(is_secret_variable, taken):
        del environ[name]
    return taken


def is_secret_variable(name: str) -> bool:
    """Whether a variable holds a secret; one that ends in _FILE names a file only."""
    return _SECRET.fullmatch(name) is not None


def read_single_site(environ: Mapping[str, str]) -> dict[str, Any]:
    """The one site that VR_HOST and its companions describe, as a layer; empty without VR_HOST."""
    host = environ.get("VR_HOST", "")
    if not host:
        return {}
    site = {key: environ[name] for name, key in SINGLE.items() if environ.get(name)}
    site["url"] = host if "://" in host else f"https://{host}"
    return {"sites": {environ.get("VR_SITE") or _name_of(site["url"]): site}}


def read_environment(environ: Mapping[str, str], below: Mapping[str, Any]) -> dict[str, Any]:
    """Every nested variable as a layer; names that the layer below has keep their spelling."""
    layer: dict[str, Any] = {}
    for name, path in _paths(environ):
        _put(layer, path, environ[name], below)
    return layer


def _paths(environ: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    for name in sorted(environ):
        path = name.removeprefix(PREFIX).lower().split("__", DEEPEST)
        if name.startswith(PREFIX) and (len(path) > 1 or path[0] in WHOLE):
            yield name, path


def _put(layer: dict[str, Any], path: list[str], value: str, below: object) -> None:
    """Set a value at its path, spelling each key as the layer below does.

    A path that runs through a plain value is kept whole, to be refused as unknown.
    """
    key = _spelled(path[0], below)
    if len(path) == 1:
        layer.setdefault(key, value)
        return
    deeper = layer.setdefault(key, {})
    if not isinstance(deeper, dict):
        layer["__".join([key, *path[1:]])] = value
        return
    _put(deeper, path[1:], value, below.get(key) if isinstance(below, Mapping) else None)


def _spelled(key: str, below: object) -> str:
    for known in below if isinstance(below, Mapping) else ():
        if re.sub(r"[^a-z0-9]", "_", str(known).lower()) == key:
            return str(known)
    return key


def _name_of(url: str) -> str:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", host).strip("-.") or "site"
