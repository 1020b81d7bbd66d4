"""A dashboard small enough to be wrong in one place at a time."""

from __future__ import annotations

from typing import Any

S = 'job=~"$job",instance=~"$instance",site=~"$site"'
SITES_UP = f"max by (site) (vr_up{{{S}}})"


def a_panel(expr: str = SITES_UP, **changes: Any) -> dict[str, Any]:
    """A panel of one query."""
    target = {"expr": expr, "refId": "A", "instant": changes.pop("instant", False)}
    return {"type": "timeseries", "title": "Sites", "targets": [target], **changes}


def a_dashboard(*panels: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A dashboard with the variables that ours have, and an annotation."""
    return {
        "uid": "sample",
        "panels": [{"type": "row", "title": "Row", "panels": list(panels or (a_panel(),))}],
        "templating": {
            "list": [
                {"type": "datasource", "name": "datasource", "query": "prometheus"},
                _variable("job", "label_values(vr_exporter_build_info, job)"),
                _variable("instance", 'label_values(up{job=~"$job"}, instance)'),
                _variable("site", 'label_values(vr_up{job=~"$job"}, site)'),
            ]
        },
        "annotations": {"list": [{"name": "Up", "expr": 'up{job=~"$job"} == 1'}]},
        **changes,
    }


def _variable(name: str, query: str) -> dict[str, Any]:
    many = {"multi": True, "includeAll": True, "allValue": ".+"}
    return {"type": "query", "name": name, "query": {"query": query}, **many}
