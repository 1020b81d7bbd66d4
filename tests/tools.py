"""Debian's packages of the programs that tests drive, unpacked into .tools, not installed."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

PACKAGES: Final = (
    "prometheus",
    "prometheus-alertmanager",
    *("strace", "libunwind8"),
    "kubernetes-client",
    *("systemd", "libsystemd-shared", "libapparmor1", "libip4tc2", "libkmod2", "libseccomp2"),
)
PROGRAMS: Final = {
    "prometheus": "--version",
    "promtool": "--version",
    "prometheus-alertmanager": "--version",
    "amtool": "--version",
    "strace": "--version",
    "kubectl": "options",
    "systemd-analyze": "--version",
}
"""Each with a word that it answers without doing anything."""
FOLDER: Final = Path(__file__).resolve().parents[1] / ".tools"


ALERTMANAGER: Final = "prometheus-alertmanager"
_TEMPLATES: Final = b"/usr/share/prometheus/alertmanager"
"""Where Debian's Alertmanager looks for its templates, and starts without none."""

_TEMPLATES_HERE: Final = b".tools/templates".ljust(len(_TEMPLATES), b"/")


class ToolError(Exception):
    """A program that the tests drive is not here and could not be fetched."""


def tool(name: str) -> Path:
    """Where the program of this name stands; fetched first when it is not there yet.

    Our own Alertmanager is to be started in the root of the repository: its templates are there.
    """
    place = _place(name)
    if place is None:
        fetch()
        place = _place(name)
    if place is None:
        raise ToolError(f"{name}: not found; install Debian's {' and '.join(PACKAGES)}")
    is_unpacked = FOLDER in place.parents
    return _with_templates_here(place) if name == ALERTMANAGER and is_unpacked else place


def environment() -> dict[str, str]:
    """The environment in which an unpacked program finds the libraries unpacked beside it."""
    places = ("*-linux-gnu", "*-linux-gnu/systemd")
    libraries = [str(path) for p in places for path in (FOLDER / "debian/usr/lib").glob(p)]
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(libraries)} if libraries else {**os.environ}


def fetch() -> None:
    """Download the packages and unpack them, once, whoever else asks for it at the same time."""
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / "lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if all(map(_place, PROGRAMS)):
            return
        if shutil.which("apt-get") is None:
            raise ToolError(f"no apt-get here: put {', '.join(PROGRAMS)} on the PATH")
        unpack(PACKAGES, FOLDER / "debian")


def _place(name: str) -> Path | None:
    """Our own copy before the machine's."""
    found = shutil.which(name, path=f"{FOLDER / 'debian/usr/bin'}:{os.environ.get('PATH', '')}")
    return None if found is None else Path(found)


def _with_templates_here(program: Path) -> Path:
    """Make a copy that finds the templates that were unpacked, as it is not installed."""
    moved = FOLDER / ALERTMANAGER
    if not moved.exists() or moved.stat().st_mtime < program.stat().st_mtime:
        content = program.read_bytes().replace(_TEMPLATES, _TEMPLATES_HERE)
        with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
            fresh, link = Path(folder, "program"), Path(folder, "templates")
            fresh.write_bytes(content)
            fresh.chmod(0o755)
            link.symlink_to(Path("debian/usr/share/prometheus/alertmanager"))
            link.replace(FOLDER / "templates")
            fresh.replace(moved)
    return moved


def unpack(packages: Iterable[str], place: Path) -> None:
    """Download packages and put what is in them where that place is, in FOLDER."""
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        _download(packages, Path(folder))
        shutil.rmtree(place, ignore_errors=True)
        Path(folder, "unpacked").rename(place)


def _download(packages: Iterable[str], folder: Path) -> None:
    """Use package lists of our own: fresh, without root, and the machine's stay as they are."""
    (folder / "lists/partial").mkdir(parents=True)
    (folder / "cache/archives/partial").mkdir(parents=True)
    apt = (
        "apt-get",
        "-qq",
        f"-oDir::State::Lists={folder}/lists",
        f"-oDir::Cache={folder}/cache",
        "-oAPT::Sandbox::User=root",
    )
    _run(*apt, "update", folder=folder)
    _run(*apt, "download", *packages, folder=folder)
    unpacked = folder / "unpacked"
    for package in sorted(folder.glob("*.deb")):
        _run("dpkg", "-x", str(package), str(unpacked), folder=folder)


def _run(*command: str, folder: Path) -> None:
    done = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = (done.stderr.strip() or "no word why").splitlines()[-1]
        raise ToolError(f"{' '.join(command[:1] + command[-2:])}: {last}")


def main() -> int:
    """Fetch what is missing and start each program once: a broken one is named before any test."""
    try:
        for name, word in PROGRAMS.items():
            _run(str(tool(name)), word, folder=FOLDER)
    except ToolError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
