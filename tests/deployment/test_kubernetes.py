"""The Kubernetes manifests: they render, their schemas hold, and each fits the others."""

from __future__ import annotations

import copy
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.deployment.checkers import read, said
from tests.deployment.manifests import (
    KUBERNETES,
    Manifest,
    deployment_faults,
    monitor_faults,
    named,
    rendered,
    the,
)
from tests.documentation.repository import ROOT
from vr_exporter import __version__

DASHBOARDS: Final = ROOT / "dashboards"
OPERATOR: Final = "monitoring.coreos.com/v1"
OLDEST, NEWEST = "1.28", "1.37"
"""The versions of Kubernetes between which the built-in kinds have to be valid."""
Change = Callable[[Any], object]


def is_valid(manifests: list[Manifest], version: str, *, folder: Path) -> bool:
    """Whether manifests of built-in kinds hold Kubernetes' schemas; unknown fields do not."""
    file = folder / "manifests.yaml"
    file.write_text(yaml.safe_dump_all(manifests), encoding="utf-8")
    command = [sys.executable, "-m", "kubernetes_validate", "--strict", "-k", version, str(file)]
    judged = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Couldn't find schema" not in judged.stdout + judged.stderr
    return judged.returncode == 0


def pod() -> Manifest:
    """What the Deployment says of its pod."""
    spec: Manifest = the("Deployment")["spec"]["template"]["spec"]
    return spec


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_built_in_kinds_hold_their_schemas(version: str, tmp_path: Path) -> None:
    """All but the two kinds of the operator."""
    known = [manifest for manifest in rendered() if manifest["apiVersion"] != OPERATOR]
    assert {m["kind"] for m in rendered()} - {m["kind"] for m in known} == {
        "PrometheusRule",
        "ServiceMonitor",
    }
    assert is_valid(known, version, folder=tmp_path)


def test_a_field_that_kubernetes_does_not_know_is_found(tmp_path: Path) -> None:
    """The schemas are strict: a slip of the pen fails."""
    broken = copy.deepcopy(the("Deployment"))
    broken["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    assert not is_valid([broken], NEWEST, folder=tmp_path)


def test_C29_the_pod_is_hardened() -> None:
    """User 10001, read-only root, no right, no token, one pod at a time, probed and limited."""
    assert list(deployment_faults(the("Deployment"))) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda d: d["spec"].update(replicas=2), "two pods at a time"),
        (lambda d: d["spec"]["strategy"].update(type="RollingUpdate"), "two pods at a time "),
        (lambda d: d["spec"]["template"]["spec"].pop("enableServiceLinks"), "enableServiceLinks"),
        (lambda d: d["spec"]["template"]["spec"]["securityContext"].pop("runAsUser"), "runAsUser"),
        (lambda d: d["spec"]["template"]["spec"]["securityContext"].pop("fsGroup"), "fsGroup"),
    ],
)
def test_a_pod_that_loses_a_protection_is_found(change: Change, fault: str) -> None:
    """The check follows the manifest."""
    broken = copy.deepcopy(the("Deployment"))
    change(broken)
    (found,) = deployment_faults(broken)
    assert found.startswith(fault.strip())


def test_every_volume_exists_and_no_secret_stands_in_the_tree() -> None:
    """Settings and state are made here; the Secret is named, and its maker is a person."""
    sources = {volume["name"]: volume for volume in pod()["volumes"]}
    assert sources["settings"]["configMap"]["name"] in named("ConfigMap")
    assert sources["state"]["persistentVolumeClaim"]["claimName"] in named("PersistentVolumeClaim")
    assert sources["secrets"]["secret"]["secretName"] == "vr-exporter-sites"
    assert named("Secret") == set()


def test_the_container_is_what_the_image_expects() -> None:
    """The image's version, its one writable place, its port, and the routes that are for probes."""
    (container,) = pod()["containers"]
    assert container["image"].endswith(f":{__version__}")
    places = {
        mount["mountPath"]: mount.get("readOnly", False) for mount in container["volumeMounts"]
    }
    writable = [place for place, is_read_only in places.items() if not is_read_only]
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert writable == re.findall(r"^VOLUME (.*)$", dockerfile, flags=re.MULTILINE)
    assert [str(p["containerPort"]) for p in container["ports"]] == re.findall(
        r"^EXPOSE (.*)$", dockerfile, flags=re.MULTILINE
    )
    assert container["livenessProbe"]["httpGet"] == {"path": "/-/healthy", "port": "http"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/-/ready", "port": "http"}


def test_the_network_policy_is_about_this_pod_and_its_port() -> None:
    """In to the port from the namespace of monitoring; out to names, 443 and Alertmanager."""
    policy = the("NetworkPolicy")["spec"]
    labels = the("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert policy["podSelector"]["matchLabels"].items() <= labels.items()
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    (ingress,) = policy["ingress"]
    assert [port["port"] for port in ingress["ports"]] == [10843]
    (source,) = ingress["from"]
    assert source["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] == "monitoring"
    out = [[port["port"] for port in rule["ports"]] for rule in policy["egress"]]
    assert out == [[53, 53], [443], [9093]]


def test_the_service_monitor_finds_the_service() -> None:
    """The Service has its labels and its port, and is called as rules expect their job to be."""
    assert list(monitor_faults(the("ServiceMonitor"), the("Service"))) == []
    assert the("Service")["metadata"]["namespace"] == the("ServiceMonitor")["metadata"]["namespace"]
    assert the("Service")["spec"]["selector"].items() <= (
        the("Deployment")["spec"]["template"]["metadata"]["labels"].items()
    )


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda m: m["selector"]["matchLabels"].update(app="other"), "selects another service"),
        (lambda m: m["endpoints"][0].update(port="metrics"), "no port metrics"),
        (
            lambda m: m["endpoints"][0].update(scrape_interval="60s"),
            "unknown field scrape_interval",
        ),
    ],
)
def test_a_service_monitor_that_finds_nothing_is_found(change: Change, fault: str) -> None:
    """The check follows the manifest."""
    broken = copy.deepcopy(the("ServiceMonitor"))
    change(broken["spec"])
    assert list(monitor_faults(broken, the("Service"))) == [fault]


@pytest.mark.parametrize(
    ("folder", "file"), [("base", "vr-rules.yml"), ("bridge", "vr-bridge-rules.yml")]
)
def test_rule_objects_are_current_and_valid(folder: str, file: str, tmp_path: Path) -> None:
    """The groups are the rule file's own: `vr-exporter rules --format crd` writes them."""
    manifest = read(KUBERNETES / folder / "prometheusrule.yaml")
    assert (manifest["apiVersion"], manifest["kind"]) == (OPERATOR, "PrometheusRule")
    assert manifest["spec"] == read(DASHBOARDS / "rules" / file)
    rules = tmp_path / "rules.yml"
    rules.write_text(yaml.safe_dump(manifest["spec"]), encoding="utf-8")
    assert "rules found" in said("promtool", "check", "rules", rules)


def test_the_bridge_has_its_rules_apart() -> None:
    """The base leaves the bridge's rules out; the folder `bridge` is a base that brings them."""
    (own,) = named("PrometheusRule")
    (extra,) = rendered(KUBERNETES / "bridge")
    assert extra["metadata"]["name"] == f"{own}-bridge"


def test_every_dashboard_is_a_config_map_for_the_sidecar() -> None:
    """Each file of dashboards/, unchanged, with the label that Grafana's sidecar looks for."""
    carried = {
        name: text
        for manifest in rendered()
        if manifest["metadata"].get("labels", {}).get("grafana_dashboard") == "1"
        for name, text in manifest["data"].items()
    }
    files = {f.name: f.read_text(encoding="utf-8") for f in DASHBOARDS.glob("*.json")}
    assert carried == files != {}
