"""Chromium as the tests drive it: the machine's own, else Debian's, installed by root alone."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

LOOPBACK_ALONE = "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class NoBrowserError(Exception):
    """There is no Chromium, and none could be installed."""


def chromium() -> str:
    """Where Chromium stands; installed first when it is not there yet."""
    found = _found()
    if found is None:
        _install()
        found = _found()
    if found is None:
        raise NoBrowserError("no chromium on the PATH: install Debian's package chromium")
    return found


@contextmanager
def browser() -> Iterator[Browser]:
    """A headless Chromium that reaches loopback alone, ended at the end."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium(),
            args=["--no-sandbox", "--disable-gpu", f"--host-resolver-rules={LOOPBACK_ALONE}"],
        )
        try:
            yield started
        finally:
            started.close()


def _found() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def _install() -> None:
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n", "--"]
    try:
        for arguments in (("update",), ("install", "-y", "--no-install-recommends", "chromium")):
            subprocess.run(
                [*as_root, "apt-get", "-qq", *arguments], check=True, capture_output=True
            )
    except (OSError, subprocess.CalledProcessError) as error:
        raise NoBrowserError(
            f"no chromium on the PATH, and it was not installed (as root or by sudo): {error}"
        ) from None
