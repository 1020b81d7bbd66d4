"""The bundled rule files as text: cut into groups, filled in and put together again.

They are never parsed and dumped, so their comments and their layout reach the user. Three things
of their form are relied on, and tested: a group opens with its name at an indent of two, a
recording group has no alerts, and what holds a placeholder can take any text (a block for the job,
single quotes for the address).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from vr_exporter.cli.bundled import RUNBOOK, folder
from vr_exporter.cli.rules.asked import Asked

BUNDLED: Final = ("vr-rules.yml", "vr-bridge-rules.yml")
"""The rule files of the folder `rules`."""

_JOB: Final = 'job=~"vr-exporter"'
_RUNBOOK: Final = f"'{RUNBOOK}#"
_OPENING: Final = re.compile(r"^(?:  #.*\n)*  - name: vr-(\S+)\n", re.MULTILINE)
_RECORDED: Final = re.compile(r"^      - record: (\S+)$", re.MULTILINE)

_OBJECT: Final = """\
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: vr-exporter-rules
  labels:
    app.kubernetes.io/name: vr-exporter
    app.kubernetes.io/component: rules
    role: alert-rules
spec:
"""


@dataclass(frozen=True, slots=True)
class Group:
    """A group of rules as it stands in its file; `records` are the series that it makes."""

    name: str
    text: str
    records: frozenset[str]

    def reads(self, series: frozenset[str]) -> bool:
        """Whether some rule of the group asks for one of these recorded series."""
        return any(name in self.text for name in series - self.records)


@cache
def groups() -> tuple[Group, ...]:
    """Every group of the bundled files, in their order."""
    return tuple(group for name in BUNDLED for group in _groups_in(name))


def alert_groups() -> tuple[str, ...]:
    """The names that can be asked for."""
    return tuple(group.name for group in groups() if not group.records)


def rule_file(asked: Asked) -> str:
    """What Prometheus reads under `rule_files`."""
    opening, _, _ = _text_of(BUNDLED[0]).partition("groups:\n")
    return opening + _body(asked)


def prometheus_rule(asked: Asked) -> str:
    """What the Prometheus operator takes."""
    body = "".join(f"  {line}" if line.strip() else line for line in _body(asked).splitlines(True))
    return _OBJECT + body


def _text_of(name: str) -> str:
    return (folder() / "rules" / name).read_text(encoding="utf-8")


def _groups_in(name: str) -> tuple[Group, ...]:
    text = _text_of(name)
    starts = list(_OPENING.finditer(text))
    ends = [start.start() for start in starts[1:]] + [len(text)]
    parts = [(start[1], text[start.start() : end]) for start, end in zip(starts, ends, strict=True)]
    return tuple(Group(of, part, frozenset(_RECORDED.findall(part))) for of, part in parts)


def _body(asked: Asked) -> str:
    chosen = {group for group in groups() if group.name in asked.groups}
    while needed := {g for g in groups() if any(c.reads(g.records) for c in chosen)} - chosen:
        chosen |= needed
    parts = [group.text.strip("\n") for group in groups() if group in chosen]
    return _filled_in("groups:\n\n" + "\n\n".join(parts) + "\n", asked)


def _filled_in(text: str, asked: Asked) -> str:
    job = asked.job.replace("\\", "\\\\").replace('"', '\\"')
    return text.replace(_JOB, f'job=~"{job}"').replace(_RUNBOOK, f"'{asked.runbook_url}#")
