from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.canaries import KEYS, VARIABLES, a_canary, a_file, in_files, leaks


def test_C24_commands_show_no_secret(tmp_path: Path) -> None:
    """The program itself, as a process of its own, with good and bad files, at debug level."""
    canaries = [a_canary() for _ in range(3 * len(KEYS))]
    good, bad = canaries[: len(KEYS)], canaries[len(KEYS) : 2 * len(KEYS)]
    spread = dict(zip(VARIABLES, canaries[2 * len(KEYS) :], strict=False))
    for folder in ("good", "bad"):
        (tmp_path / folder).mkdir()
    files = [
        a_file(tmp_path / "good", in_files(tmp_path / "good", good)),
        a_file(tmp_path / "bad", [f"{key}: [{c}]" for key, c in zip(KEYS, bad, strict=True)]),
    ]
    commands = [["settings"], ["check", "--offline"], ["check"], ["serve"], ["status", "-x"]]
    shown = ""
    for file in files:
        for command in commands:
            if command == ["serve"] and file is files[0]:
                continue
            answer = run_program([*command, "--config.file", str(file)], spread)
            shown += answer.stdout + answer.stderr
    assert "alertmanagers[0].bearer_token: must be text" in shown
    assert leaks(shown, canaries) == []


def run_program(args: list[str], environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run `vr-exporter` with these arguments, at debug level."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "vr_exporter", *args],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**kept, **environ, "VR_LOG_LEVEL": "debug", "PYDANTIC_SETTINGS_DEBUG": "1"},
    )
