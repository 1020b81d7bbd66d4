from __future__ import annotations

import json
from typing import cast

import pytest

from tests.bridged import some_settings
from vr_exporter.alerting.alertmanager import Alertmanager
from vr_exporter.cli.check.alertmanagers import _of_member


class Configured:
    """A member that answers with this configuration."""

    def __init__(self, original: str) -> None:
        self._original = original

    def status(self) -> bytes:
        """Its status, as the API gives it."""
        return json.dumps({"config": {"original": self._original}}).encode()


@pytest.mark.parametrize("original", ["route: !!int ", "[" * 3000, "a: 2026-02-30", "route: [x]"])
def test_a_configuration_that_cannot_be_read_is_a_warning(original: str) -> None:
    """Whatever PyYAML or the judging raises for it: one line, and the check goes on."""
    member = cast("Alertmanager", Configured(original))
    (finding,) = _of_member(member, some_settings(["madrid"]), set())
    assert "cannot be judged" in finding.text
