"""The compose stack: what it promises holds, and each server takes the files it is given."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator

from tests.deployment import compose
from tests.deployment.checkers import judge, moved, read, said
from tests.documentation.repository import ROOT

HERE: Final = ROOT / "deploy/compose"
STACK: Final[dict[str, Any]] = read(HERE / "compose.yaml")
SERVICES: Final = STACK["services"]
PROVISIONING: Final = HERE / "grafana/provisioning"
DATA_SOURCE: Final = {
    "name": {"type": "string"},
    "uid": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,40}$"},
    "type": {"const": "prometheus"},
    "access": {"const": "proxy"},
    "url": {"type": "string", "pattern": "^http://"},
    "isDefault": {"const": True},
    "editable": {"const": False},
    "jsonData": {"type": "object", "required": ["timeInterval", "httpMethod"]},
}
PROVIDER: Final = {
    "name": {"type": "string"},
    "orgId": {"const": 1},
    "folder": {"type": "string"},
    "folderUid": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,40}$"},
    "type": {"const": "file"},
    "disableDeletion": {"type": "boolean"},
    "allowUiUpdates": {"const": False},
    "updateIntervalSeconds": {"type": "integer"},
    "options": {"type": "object", "required": ["path", "foldersFromFilesStructure"]},
}
Change = Callable[[dict[str, Any]], object]


def only(file: Path, of: str, *, fields: dict[str, Any]) -> dict[str, Any]:
    """The one entry of a provisioning file: all of these fields, each as it has to be, no other."""
    entry = {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }
    entries = {"type": "array", "items": entry, "minItems": 1, "maxItems": 1}
    whole = {
        "type": "object",
        "properties": {"apiVersion": {"const": 1}, of: entries},
        "required": ["apiVersion", of],
        "additionalProperties": False,
    }
    content: dict[str, Any] = read(file)
    Draft202012Validator(whole).validate(content)
    found: dict[str, Any] = content[of][0]
    return found


def port_of(address: str) -> str:
    """The published port behind `service:port`; both have to be the stack's."""
    name, port = address.split(":")
    assert f"127.0.0.1:{port}:{port}" in SERVICES[name]["ports"]
    return port


def test_the_stack_keeps_its_promises() -> None:
    """Pinned images, read-only roots, no right, loopback ports, health checks, real mounts."""
    assert compose.faults(STACK, HERE) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda s: s["grafana"].update(image="grafana/grafana:12.2.1"), "12.2.1 is not pinned"),
        (lambda s: s["grafana"].update(image="grafana/grafana:latest"), "latest is not pinned"),
        (lambda s: s["prometheus"].pop("read_only"), "root is writable"),
        (lambda s: s["prometheus"].pop("cap_drop"), "capabilities"),
        (lambda s: s["prometheus"].pop("security_opt"), "gain privileges"),
        (lambda s: s["grafana"].update(user="root"), "runs as root"),
        (lambda s: s["grafana"].update(privileged=True), "privileged"),
        (lambda s: s["grafana"]["volumes"].append("./gone:/gone:ro"), "does not exist"),
        (lambda s: s["grafana"]["volumes"].append("./grafana:/open"), "writable"),
        (lambda s: s["grafana"]["volumes"].append("data:/data"), "not declared"),
        (lambda s: s["grafana"].update(ports=["3000:3000"]), "beyond loopback"),
        (lambda s: s["alertmanager"].pop("healthcheck"), "health"),
    ],
)
def test_a_broken_promise_is_found(change: Change, fault: str) -> None:
    """Each promise is checked: a stack that breaks one has one fault."""
    broken = copy.deepcopy(STACK)
    change(broken["services"])
    (found,) = compose.faults(broken, HERE)
    assert fault in found


def test_prometheus_takes_what_it_is_given(tmp_path: Path) -> None:
    """Its checker reads the configuration and the rules where the container has them."""
    etc = compose.container(SERVICES["prometheus"], HERE, root=tmp_path) / "etc/prometheus"
    config = moved(etc / "prometheus.yml", tmp_path, prometheus=etc)
    assert "rules found" in said("promtool", "check", "config", config)
    (etc / "rules/vr-rules.yml").unlink()
    assert judge("promtool", "check", "config", config).returncode != 0


def test_prometheus_finds_the_others() -> None:
    """Each address in its configuration is a service of the stack, or itself."""
    config = read(HERE / "prometheus.yml")
    scraped = [t for c in config["scrape_configs"] for t in c["static_configs"][0]["targets"]]
    told = config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    assert [port_of(a) for a in (*scraped, *told) if a != "localhost:9090"] == ["10843", "9093"]


def test_alertmanager_takes_what_it_is_given(tmp_path: Path) -> None:
    """Its checker reads the configuration where the container has it."""
    root = compose.container(SERVICES["alertmanager"], HERE, root=tmp_path)
    said("amtool", "check-config", root / "etc/alertmanager/alertmanager.yml")


def flag(name: str) -> str:
    """What the demo's command line gives for a flag."""
    (found,) = (f for f in SERVICES["vr-exporter"]["command"] if f.startswith(f"--{name}="))
    return str(found.partition("=")[2])


def test_the_demo_and_its_alertmanager_reach_each_other() -> None:
    """Address and token of both ways: one file is mounted where each of the two looks for it."""
    config = read(HERE / "alertmanager.yml")
    (receiver,) = (each for each in config["receivers"] if each["name"] == "vr-bridge")
    (webhook,) = receiver["webhook_configs"]
    address, _, path = webhook["url"].removeprefix("http://").partition("/")
    assert (port_of(address), path) == ("10843", "api/v1/alertmanager")
    assert port_of(flag("alertmanager.url").removeprefix("http://")) == "9093"
    shown = webhook["http_config"]["authorization"]["credentials_file"]
    assert f"./webhook-token:{shown}:ro" in SERVICES["alertmanager"]["volumes"]
    assert f"./webhook-token:{flag('webhook.token-file')}:ro" in SERVICES["vr-exporter"]["volumes"]


def test_the_demo_s_token_opens_nothing_but_the_demo() -> None:
    """No setting that `serve` would read: whoever runs it in the demo's place has no webhook."""
    assert "environment" not in SERVICES["vr-exporter"]
    assert (HERE / "webhook-token").read_text(encoding="ascii") == "simulated\n"


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        (["alertname=VrDeadman"], "vr-bridge"),
        (["alertname=VrRpoBreached", "vr_action=sync"], "vr-bridge"),
        (["alertname=VrEventTest", "vr_origin=bridge"], "nobody"),
        (["alertname=VrEventTest", "vr_origin=bridge", "vr_action=sync"], "nobody"),
        (["alertname=VrSiteDown"], "nobody"),
    ],
)
def test_alerts_of_the_demo_go_where_they_belong(labels: list[str], receivers: str) -> None:
    """What asks for a sync, and the dead man, to the bridge; its own alerts never."""
    config = f"--config.file={HERE / 'alertmanager.yml'}"
    command = ("config", "routes", "test", config, f"--verify.receivers={receivers}")
    said("amtool", *command, *labels)


def test_the_demo_routes_to_the_bridge_as_the_example_for_real_use_does() -> None:
    """Matchers, groups and intervals are the same in both."""
    real = read(HERE.parent / "alertmanager.yml")["route"]["routes"]
    wanted = [route for route in real if route.get("receiver") == "vr-bridge"]
    assert read(HERE / "alertmanager.yml")["route"]["routes"] == wanted


def test_the_demo_inhibits_what_the_example_for_real_use_inhibits() -> None:
    """Copy `inhibit_rules` of deploy/alertmanager.yml over: they are the same in both."""
    real = read(HERE.parent / "alertmanager.yml")
    assert read(HERE / "alertmanager.yml")["inhibit_rules"] == real["inhibit_rules"]


def test_grafana_reads_the_stack_s_prometheus() -> None:
    """One data source, the default: by POST, and with the interval that Prometheus scrapes at."""
    file = PROVISIONING / "datasources/prometheus.yml"
    source = only(file, "datasources", fields=DATA_SOURCE)
    assert port_of(source["url"].removeprefix("http://")) == "9090"
    interval = read(HERE / "prometheus.yml")["global"]["scrape_interval"]
    assert source["jsonData"]["timeInterval"] == interval
    assert source["jsonData"]["httpMethod"] == "POST"
    assert source["jsonData"]["prometheusVersion"] in SERVICES["prometheus"]["image"]


def test_grafana_shows_the_shipped_dashboards_and_starts_with_the_fleet(tmp_path: Path) -> None:
    """The provider's folder holds the four, and no other JSON; home is the first of them."""
    file = PROVISIONING / "dashboards/vr-exporter.yml"
    provider = only(file, "providers", fields=PROVIDER)
    root = compose.container(SERVICES["grafana"], HERE, root=tmp_path)
    shown = root / provider["options"]["path"].lstrip("/")
    uids = {json.loads(f.read_text(encoding="utf-8"))["uid"] for f in shown.rglob("*.json")}
    assert uids == {"vr-fleet", "vr-replication", "vr-sync-tasks", "vr-exporter"}
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert Path(home).is_relative_to(provider["options"]["path"])
    assert json.loads((root / home.lstrip("/")).read_text(encoding="utf-8"))["uid"] == "vr-fleet"


def test_nobody_can_log_in_to_the_demo() -> None:
    """Whoever reaches the port may look: no password exists that could be a default one."""
    environment = SERVICES["grafana"]["environment"]
    assert environment["GF_AUTH_ANONYMOUS_ORG_ROLE"] == "Viewer"
    assert environment["GF_AUTH_DISABLE_LOGIN_FORM"] == "true"
    assert environment["GF_AUTH_BASIC_ENABLED"] == "false"
