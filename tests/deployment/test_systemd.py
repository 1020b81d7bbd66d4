"""The systemd unit: what it exposes, and that its secrets are those its settings ask for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from tests.deployment.checkers import judge
from tests.documentation.repository import ROOT

UNIT: Final = ROOT / "deploy/systemd/vr-exporter.service"
PROMISED: Final = """
CapabilityBoundingSet=
DynamicUser=yes
LimitCORE=0
MemoryDenyWriteExecute=yes
NoNewPrivileges=yes
PrivateUsers=yes
ProtectSystem=strict
StateDirectory=vr-exporter
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
UMask=0077
"""
MOST: Final = "20"
"""The highest exposure allowed, in tenths."""


def is_tight(unit: Path) -> bool:
    """Whether systemd finds that the unit exposes no more than 2.0 of 10."""
    judged = judge("systemd-analyze", "security", "--offline=true", f"--threshold={MOST}", unit)
    assert "Overall exposure level" in judged.stdout, judged.stderr
    return judged.returncode == 0


def test_C30_the_unit_exposes_at_most_2_of_10() -> None:
    """The scale is systemd's own: 10 is a service without any protection."""
    assert is_tight(UNIT)


def test_C30_the_unit_keeps_what_is_promised() -> None:
    """These protections stand one by one, whatever the sum of all says."""
    assert set(PROMISED.split()) <= set(UNIT.read_text(encoding="utf-8").split())


@pytest.mark.parametrize("lost", ["SystemCall", "Protect|Private", "CapabilityBoundingSet"])
def test_C30_a_unit_that_loses_its_protection_is_found(lost: str, tmp_path: Path) -> None:
    """The judgement follows the unit: without a group of its lines it exposes too much."""
    text = UNIT.read_text(encoding="utf-8")
    bare = tmp_path / UNIT.name
    bare.write_text(re.sub(rf"^({lost}).*\n", "", text, flags=re.MULTILINE), encoding="utf-8")
    assert not is_tight(bare)


@pytest.mark.parametrize(("word", "finds"), [("UMask=", ""), ("Umask=", "Unknown key")])
def test_every_line_of_the_unit_is_known_to_systemd(word: str, finds: str, tmp_path: Path) -> None:
    """A line that systemd does not know would be ignored in silence; such a one is found."""
    text = UNIT.read_text(encoding="utf-8").replace("UMask=", word)
    unit = tmp_path / UNIT.name
    harmless = re.sub(r"^(Exec\w+)=.*", r"\1=/bin/true", text, flags=re.MULTILINE)
    unit.write_text(harmless, encoding="utf-8")
    judged = judge("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", unit)
    assert bool(judged.returncode) == bool(finds), judged.stderr
    assert finds in judged.stderr


def test_every_credential_is_one_that_the_example_settings_ask_for() -> None:
    """LoadCredential hands over each password_file of the settings beside it, and no other."""
    settings = (UNIT.parent / "config.yml").read_text(encoding="utf-8")
    asked = re.findall(r"password_file: /run/credentials/vr-exporter\.service/(\w+)", settings)
    loaded = re.findall(r"^LoadCredential=(\w+):", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(loaded) == sorted(asked) != []
