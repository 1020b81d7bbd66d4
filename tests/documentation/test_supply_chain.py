"""What the program is made of: named in full, few, and none known to be bad (C31)."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Final

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.documentation.repository import ROOT
from tests.documentation.test_locks import LOCKS, pins

MOST_PACKAGES: Final = 27
"""Ten are asked for, each argued in docs/decisions; the others come with them."""

KNOWN_BAD: Final = {
    "certifi<2024.7.4": "CVE-2024-39689: roots that are distrusted",
    "cryptography<50": "CVE-2026-69247: decryption of PKCS #7 that tells of its padding",
    "h11<0.16": "CVE-2025-43859: chunked bodies read leniently",
    "idna<3.15": "CVE-2026-45409: quadratic time, once more after CVE-2024-3651",
    "pygments<2.20": "CVE-2026-4539: quadratic time",
    "pyyaml<5.4": "CVE-2020-14343: code from a document",
    "requests<2.33": "CVE-2026-25645: a file of foretellable name in the common folder",
    "urllib3<2.7": "CVE-2026-44432: small answers that unpack without bound",
    "werkzeug<3.1.6": "CVE-2026-27199: names of devices taken for files",
}
"""The last fault of each that was found published; each number was looked up in November 2026.

What is not in the list is not known to be good: an audit against a live base is not part of it.
"""


def bad_among(pinned: dict[str, str]) -> list[str]:
    """Say which pins have a published fault."""
    found = []
    for line, fault in KNOWN_BAD.items():
        requirement = Requirement(line)
        version = pinned.get(requirement.name)
        if version and requirement.specifier.contains(Version(version), prereleases=True):
            found.append(f"{requirement.name} {version}: {fault}")
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_C31_no_pin_is_known_to_be_bad(lock: str) -> None:
    """An upgrade that goes back behind a published fault fails the build."""
    assert bad_among(pins(lock)) == []


def test_C31_control_one_bad_pin_turns_the_audit_red() -> None:
    """The check above can fail: each entry of its list is found when it is pinned."""
    pinned = pins("requirements.lock")
    assert bad_among({**pinned, "h11": "0.14.0"}) == [f"h11 0.14.0: {KNOWN_BAD['h11<0.16']}"]
    for line in KNOWN_BAD:
        assert len(bad_among({Requirement(line).name: "0.0.1"})) == 1


def test_C31_the_program_needs_no_more_packages_than_argued() -> None:
    """One more is a decision, and moves this number."""
    assert len(pins("requirements.lock")) <= MOST_PACKAGES


def test_C31_bill_of_materials_names_every_pin_with_its_hashes() -> None:
    """`.ci/sbom` writes CycloneDX from the lock alone, twice the same bytes."""
    command = [sys.executable, str(ROOT / ".ci" / "sbom")]
    first, second = (subprocess.run(command, capture_output=True, check=True) for _ in range(2))
    assert first.stdout == second.stdout
    bill = json.loads(first.stdout)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    named = {part["name"]: part["version"] for part in bill["components"]}
    assert named == pins("requirements.lock")
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    hashes = [one["content"] for part in bill["components"] for one in part["hashes"]]
    assert len(hashes) == lock.count("sha256:")
    assert all(one in lock for one in hashes)
    assert all(part["hashes"] for part in bill["components"])
