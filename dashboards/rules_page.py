"""The bundled rules as facts, and docs/rules.md made of them.

`python -m dashboards.rules_page > docs/rules.md`
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

FOLDER: Final = Path(__file__).resolve().parent / "rules"
FILES: Final = ("vr-rules.yml", "vr-bridge-rules.yml")
_RECORD: Final = re.compile(
    r"^      # (?P<meaning>.+)\n      - record: (?P<name>\S+)$", re.MULTILINE
)
_LABEL: Final = re.compile(r"\{\{ \$labels\.(\w+) \}\}")

_OPENING: Final = """\
# Recording and alerting rules

Made of the rule files by `python -m dashboards.rules_page > docs/rules.md`. What to do when an alert fires: [runbooks/alerts.md](runbooks/alerts.md).

```
vr-exporter rules > /etc/prometheus/vr-rules.yml                     # as a file under rule_files
vr-exporter rules --format crd | kubectl apply -f -                  # as a PrometheusRule of the Prometheus operator
vr-exporter rules --group rpo,sync,state,site,exporter,bridge,deadman # for users of the alert bridge
```

- `--job REGEX`: the `job` under which Prometheus scrapes the exporter, where it is not `vr-exporter`. `--runbook-url URL`: where your runbook stands, for example this repository's `docs/runbooks/alerts.md`; each alert appends `#` and its own name in lower case.
- Without `--group` all groups are printed but `bridge` and `deadman`: those are for users of the alert bridge, and the dead man needs a route of its own. A group brings the recording rules along that it reads.
- `dashboard_url` is a path from Grafana's root, `/d/vr-fleet?var-site=…`, since rules do not know Grafana's address. Write the address before it in the template of your receiver: `https://grafana.example{{ .CommonAnnotations.dashboard_url }}`.
- [deploy/alertmanager.yml](../deploy/alertmanager.yml) holds the routes and inhibitions that these rules count on: a cut link is one page, and a site that cannot be seen silences what its last data said.
- Two Prometheus servers: drop their replica label in `alert_relabel_configs`, or each alert comes twice. Two exporters of one site need nothing.
- Prometheus 2.42 or later.

**A breach** is `vr_replication_rpo_breached`: past the RPO by more than the grace, in a state that is expected to sync. The appliance's own flag, which a minute raises, drives no alert. The objective is 99.5 % of replication time without a breach.

**Severity**: critical pages, a warning waits for working hours, info is to be read some time. What concerns one VM is at most a warning.

**Nothing resolves unseen.** Detail of a site that cannot be read is withheld after a while. Alerts that rest on it are kept for 20 minutes, by which time `VrSiteDown` has come and inhibits them.
"""


@dataclass(frozen=True, slots=True)
class Alert:
    """An alerting rule; `group` is its group without `vr-`, `file` the rule file it stands in."""

    name: str
    file: str
    group: str
    expression: str
    wait: str
    keep: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    @property
    def anchor(self) -> str:
        """Where the runbook tells of it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recording rule; `meaning` is the comment above it."""

    name: str
    meaning: str
    expression: str


@cache
def alerts() -> tuple[Alert, ...]:
    """Every alert in the order of the files."""
    return tuple(
        Alert(
            name=rule["alert"],
            file=file,
            group=group["name"].removeprefix("vr-"),
            expression=rule["expr"],
            wait=rule.get("for", ""),
            keep=rule.get("keep_firing_for", ""),
            labels=rule["labels"],
            annotations=rule["annotations"],
        )
        for file, group, rule in _rules()
        if "alert" in rule
    )


@cache
def recorded() -> tuple[Recorded, ...]:
    """Every recorded series in the order of the files."""
    text = "".join(_text_of(file) for file in FILES)
    meanings = {found["name"]: found["meaning"] for found in _RECORD.finditer(text)}
    return tuple(
        Recorded(rule["record"], meanings.get(rule["record"], ""), rule["expr"])
        for _, _, rule in _rules()
        if "record" in rule
    )


def page() -> str:
    """The page docs/rules.md."""
    parts = [_OPENING, "## Alerts\n"]
    for group in dict.fromkeys(alert.group for alert in alerts()):
        rows = [_row(alert) for alert in alerts() if alert.group == group]
        head = ["| alert | severity | for | summary |", "|---|---|---|---|"]
        parts += [f"### {group}\n", "\n".join([*head, *rows]) + "\n"]
    series = [f"| `{one.name}` | {one.meaning} |" for one in recorded()]
    parts += [
        "## Recorded series\n",
        "\n".join(["| series | meaning |", "|---|---|", *series]) + "\n",
    ]
    return "\n".join(parts)


def _row(alert: Alert) -> str:
    link = f"[{alert.name}](runbooks/alerts.md#{alert.anchor})"
    summary = _LABEL.sub(r"*\1*", alert.annotations["summary"])
    return f"| {link} | {alert.labels['severity']} | {alert.wait or '–'} | {summary} |"


def _rules() -> list[tuple[str, Any, Any]]:
    files = [(file, yaml.safe_load(_text_of(file))) for file in FILES]
    return [
        (f, group, rule)
        for f, content in files
        for group in content["groups"]
        for rule in group["rules"]
    ]


def _text_of(file: str) -> str:
    return (FOLDER / file).read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.stdout.write(page())
