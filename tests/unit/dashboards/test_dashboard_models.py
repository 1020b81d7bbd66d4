"""Grafana's own models of its JSON know every field of the dashboards."""

from __future__ import annotations

import copy
import json
import warnings
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins

from tests.panels import documents, panels_of

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it says so to whoever imports it
    from grafana_foundation_sdk.models.dashboard import Dashboard


def lost(ours: Any, theirs: Any, path: str = "") -> list[str]:
    """The paths at which a copy has less than the original, or something else."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        kept = [key for key in ours if key in theirs]
        gone = [f"{path}.{key}" for key in ours if key not in theirs]
        return gone + [way for key in kept for way in lost(ours[key], theirs[key], f"{path}.{key}")]
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        pairs = enumerate(zip(ours, theirs, strict=True))
        return [way for i, (one, other) in pairs for way in lost(one, other, f"{path}[{i}]")]
    return [] if ours == theirs else [path]


@pytest.mark.parametrize("uid", documents())
def test_grafanas_own_models_know_every_field(uid: str) -> None:
    """They drop what they do not know: what they read and write again has lost nothing."""
    register_default_plugins()
    read = Dashboard.from_json(copy.deepcopy(documents()[uid]))
    assert lost(documents()[uid], json.loads(json.dumps(read, cls=JSONEncoder))) == []


def test_grafanas_own_models_drop_a_field_that_is_misspelt() -> None:
    """What the test above relies on."""
    register_default_plugins()
    document = copy.deepcopy(documents()["vr-fleet"])
    panels_of(document)[0]["options"]["colourMode"] = "value"
    read = Dashboard.from_json(copy.deepcopy(document))
    (path,) = lost(document, json.loads(json.dumps(read, cls=JSONEncoder)))
    assert path.endswith(".options.colourMode")
