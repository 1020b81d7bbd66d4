"""Random secrets for every place where one may stand, and the search for them in texts."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path
from urllib.parse import quote

PLACES = """\
sites:
  madrid:
    url: https://127.0.0.1:9
    username: monitor@vsphere.local
    {0}
    trigger_account: {{username: sync@vsphere.local, {1}}}
    remote: {{username: monitor@remote.local, {2}}}
    pairings:
      berlin: {{remote_vc: vc.berlin.example, remote: {{username: monitor, {3}}}}}
api: {{{4}}}
alertmanagers:
  - {{url: "http://am-1:9093", {5}}}
  - {{url: "http://am-2:9093", basic: {{username: vr, {6}}}}}
webhook: {{{7}}}
state: sqlite:///{8}/state.db
"""
KEYS = (*["password"] * 4, *["bearer_token"] * 2, "password", "bearer_token")
VARIABLES = (
    "VR_SITES__MADRID__PASSWORD",
    "VR_SITES__MADRID__TRIGGER_ACCOUNT__PASSWORD",
    "VR_SITES__MADRID__REMOTE__PASSWORD",
    "VR_SITES__MADRID__PAIRINGS__BERLIN__REMOTE__PASSWORD",
    "VR_API__BEARER_TOKEN",
    "VR_WEBHOOK__BEARER_TOKEN",
)


def a_canary() -> str:
    """A secret that no text holds by chance: letters and digits, so that it stands anywhere."""
    return f"C{secrets.token_hex(12)}"


def disguises(canary: str) -> list[str]:
    """The forms to look for, the halves among them."""
    content = canary.encode()
    encoded = [base64.b64encode(bytes(shift) + content).decode()[4:-4] for shift in range(3)]
    half = len(canary) // 2
    hexed = content.hex()
    return [canary, canary[:half], canary[half:], *encoded, quote(canary), hexed, hexed.upper()]


def leaks(written: str, canaries: list[str]) -> list[str]:
    """The forms of canaries that stand in a text."""
    return [form for canary in canaries for form in disguises(canary) if form in written]


def a_file(tmp_path: Path, parts: list[str]) -> Path:
    """A settings file with a secret, or what stands for one, at each of the eight places."""
    file = tmp_path / "config.yml"
    file.write_text(PLACES.format(*parts, tmp_path))
    return file


def inline(canaries: list[str]) -> list[str]:
    """Each canary in the settings themselves."""
    return [f"{key}: {canary}" for key, canary in zip(KEYS, canaries, strict=True)]


def in_files(tmp_path: Path, canaries: list[str]) -> list[str]:
    """Each canary in a file of its own."""
    for number, canary in enumerate(canaries):
        (tmp_path / f"{number}.secret").write_text(f"{canary}\n")
    return [f"{key}_file: {number}.secret" for number, key in enumerate(KEYS)]
