"""What the compose file promises of every container, and the files that each container sees."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+\.\d+@sha256:[0-9a-f]{64}")
FORBIDDEN = ("privileged", "cap_add", "devices", "network_mode", "pid", "ipc", "userns_mode")


def faults(compose: dict[str, Any], folder: Path) -> list[str]:
    """Every broken promise as one line `service: fault`; `folder` is the compose file's."""
    return [
        f"{name}: {fault}"
        for name, service in compose["services"].items()
        for fault in (
            *_image_faults(service),
            *_rights_faults(service),
            *_mount_faults(service, folder=folder, volumes=compose["volumes"]),
            *_reach_faults(service),
        )
    ]


def container(service: dict[str, Any], folder: Path, *, root: Path) -> Path:
    """Copy what a service mounts of the repository to where it sees it, below root."""
    for source, target, _ in sorted(_mounts(service), key=lambda mount: mount[1]):
        if source.startswith("."):
            place, seen = folder / source, root / target.lstrip("/")
            seen.parent.mkdir(parents=True, exist_ok=True)
            if place.is_dir():
                shutil.copytree(place, seen, dirs_exist_ok=True)
            else:
                shutil.copy(place, seen)
    return root


def _mounts(service: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Source, place inside and options of each volume."""
    for volume in service.get("volumes", []):
        source, target, *options = volume.split(":")
        yield source, target, ":".join(options)


def _image_faults(service: dict[str, Any]) -> Iterator[str]:
    if "build" not in service and not PINNED.fullmatch(service["image"]):
        yield f"image {service['image']} is not pinned by version and digest"


def _rights_faults(service: dict[str, Any]) -> Iterator[str]:
    if service.get("read_only") is not True:
        yield "root is writable"
    if service.get("cap_drop") != ["ALL"]:
        yield "keeps capabilities"
    if "no-new-privileges:true" not in service.get("security_opt", []):
        yield "may gain privileges"
    if service.get("user") in {"root", "0", 0, "0:0"}:
        yield "runs as root"
    yield from (f"asks for {word}" for word in FORBIDDEN if word in service)


def _mount_faults(
    service: dict[str, Any], *, folder: Path, volumes: dict[str, Any]
) -> Iterator[str]:
    for source, _, options in _mounts(service):
        if not source.startswith("."):
            if source not in volumes:
                yield f"volume {source} is not declared"
            continue
        if not (folder / source).exists():
            yield f"{source} is mounted and does not exist"
        if options != "ro":
            yield f"{source} is mounted writable"


def _reach_faults(service: dict[str, Any]) -> Iterator[str]:
    if "healthcheck" not in service:
        yield "nobody checks its health"
    for port in service.get("ports", []):
        if not port.startswith("127.0.0.1:"):
            yield f"port {port} is published beyond loopback"
