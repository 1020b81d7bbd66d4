"""The locks: every version exact, every file known by its hash, no address in them."""

from __future__ import annotations

import re
from typing import Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.documentation.repository import ROOT, project

LOCKS: Final = ("requirements.lock", "requirements-build.lock", "requirements-dev.lock")


def pins(lock: str) -> dict[str, str]:
    """Names and exact versions in a lock."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    found = re.findall(r"^([A-Za-z0-9._-]+)==([^ ;]+)", text, flags=re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


@pytest.mark.parametrize("lock", LOCKS)
def test_C31_a_lock_holds_pins_and_hashes_only(lock: str) -> None:
    """No option and no address: where files come from is the machine's affair."""
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", "")
    for line in text.splitlines():
        assert re.fullmatch(r"[\w.-]+==\S+( ; [^-]+)?(\s+--hash=sha256:[0-9a-f]{64})+", line), line


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("requirements.lock", ["dependencies", "fast"]),
        ("requirements-build.lock", ["build"]),
        ("requirements-dev.lock", ["dependencies", "fast", "build", "dev"]),
    ],
)
def test_a_lock_answers_what_the_project_asks_for(lock: str, wanted: list[str]) -> None:
    """Each requirement of pyproject.toml is pinned in a version it allows; else `make lock`."""
    table = project()
    asked = {
        "dependencies": table["project"]["dependencies"],
        **table["project"]["optional-dependencies"],
        **table["dependency-groups"],
    }
    pinned = pins(lock)
    for line in (line for group in wanted for line in asked[group] if isinstance(line, str)):
        requirement = Requirement(line)
        version = pinned.get(canonicalize_name(requirement.name), "none")
        assert requirement.specifier.contains(version, prereleases=True), f"{line}: {version}"


def test_development_has_the_versions_of_the_program() -> None:
    """What is tested is what is installed."""
    program = pins("requirements.lock") | pins("requirements-build.lock")
    assert program.items() <= pins("requirements-dev.lock").items()
