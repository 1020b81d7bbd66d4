"""The shipped rule files as PrometheusRule objects.

`python -m tests.deployment.rule_objects` writes them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml

from tests.documentation.repository import ROOT

RULES: Final = ROOT / "dashboards/rules"
KUBERNETES: Final = ROOT / "deploy/kubernetes"
OBJECTS: Final = {
    RULES / "vr-rules.yml": KUBERNETES / "base/prometheusrule.yaml",
    RULES / "vr-bridge-rules.yml": KUBERNETES / "bridge/prometheusrule.yaml",
}
"""Each rule file, and the manifest that carries it."""


class _Block(yaml.SafeDumper):
    """Writes text of several lines as it is read: a block."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Block.add_representer(str, _text)


def rule_object(file: Path) -> str:
    """The manifest of a rule file: the same groups, under the file's name."""
    manifest: dict[str, Any] = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {
            "name": file.stem,
            "labels": {"app.kubernetes.io/name": "vr-exporter"},
        },
        "spec": yaml.safe_load(file.read_text(encoding="utf-8")),
    }
    source = file.relative_to(ROOT)
    made = f"# {source}, made by `python -m tests.deployment.rule_objects`: edit there.\n"
    return made + yaml.dump(manifest, Dumper=_Block, sort_keys=False, width=1000)


def main() -> None:
    """Write every manifest."""
    for file, manifest in OBJECTS.items():
        manifest.write_text(rule_object(file), encoding="utf-8")


if __name__ == "__main__":
    main()
