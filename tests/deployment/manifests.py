"""The Kubernetes manifests as kustomize renders them, and checks that no schema holds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from tests.deployment.checkers import said
from tests.documentation.repository import ROOT

Manifest = dict[str, Any]
KUBERNETES: Final = ROOT / "deploy/kubernetes"
POD: Final = {
    "automountServiceAccountToken": False,
    "enableServiceLinks": False,
}
POD_SECURITY: Final = {
    "runAsNonRoot": True,
    "runAsUser": 10001,
    "runAsGroup": 10001,
    "fsGroup": 10001,
    "seccompProfile": {"type": "RuntimeDefault"},
}
CONTAINER_SECURITY: Final = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
ENDPOINT: Final = {"port", "path", "interval", "scrapeTimeout", "relabelings"}
"""What we use of the fields of a ServiceMonitor's endpoint; another one is looked up first."""


@cache
def rendered(folder: Path = KUBERNETES / "overlays/example") -> tuple[Manifest, ...]:
    """Every manifest that `kubectl kustomize` makes of a folder."""
    return tuple(yaml.safe_load_all(said("kubectl", "kustomize", folder)))


def the(kind: str, name: str = "vr-exporter") -> Manifest:
    """The one rendered manifest of this kind and name."""
    (found,) = (m for m in rendered() if m["kind"] == kind and m["metadata"]["name"] == name)
    return found


def named(kind: str) -> set[str]:
    """The names of all rendered manifests of a kind."""
    return {m["metadata"]["name"] for m in rendered() if m["kind"] == kind}


def deployment_faults(deployment: Manifest) -> Iterator[str]:
    """Each protection that the pod or its container lacks; two pods that could hold one state."""
    spec = deployment["spec"]
    if spec["strategy"]["type"] != "Recreate" or spec["replicas"] != 1:
        yield "two pods at a time"
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    yield from _lacking(POD, pod)
    yield from _lacking(POD_SECURITY, pod["securityContext"])
    yield from _lacking(CONTAINER_SECURITY, container["securityContext"])
    yield from (
        f"no {word}" for word in ("livenessProbe", "readinessProbe") if word not in container
    )
    if "memory" not in container["resources"]["limits"]:
        yield "no limit of memory"


def monitor_faults(monitor: Manifest, service: Manifest) -> Iterator[str]:
    """Why the operator would not scrape this Service by this ServiceMonitor."""
    wanted = monitor["spec"]["selector"]["matchLabels"].items()
    if not wanted <= service["metadata"]["labels"].items():
        yield "selects another service"
    ports = {port["name"] for port in service["spec"]["ports"]}
    for endpoint in monitor["spec"]["endpoints"]:
        if endpoint["port"] not in ports:
            yield f"no port {endpoint['port']}"
        yield from (f"unknown field {field}" for field in sorted(endpoint.keys() - ENDPOINT))


def _lacking(wanted: Manifest, found: Manifest) -> Iterator[str]:
    return (f"{key} is not {value}" for key, value in wanted.items() if found.get(key) != value)
