"""Pictures of the status page of a busy pair of sites, for the documentation.

python -m tests.screenshots docs/images
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page, expect

from tests.browsers import browser
from tests.status_site import a_lively_site, serving, sources_of
from tests.watched import Watched

REPLICATIONS = 300
SYNCS = 3


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: its file, the size of the window, and the colours that the reader prefers."""

    name: str
    width: int
    height: int
    scheme: Literal["light", "dark"] = "light"
    scale: float = 1.0
    is_phone: bool = False


PICTURES = (
    Picture("status-page.png", 1366, 910),
    Picture("status-page-dark.png", 1366, 910, scheme="dark"),
    Picture("status-page-phone.png", 390, 1280, scale=1.4, is_phone=True),
)


def main() -> int:
    """Take them all, of one and the same moment."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with a_lively_site(REPLICATIONS) as site, browser() as chromium:
        ask_for_syncs(site)
        with serving(sources_of(site)) as url:
            for picture in PICTURES:
                take(chromium, url, picture, folder / picture.name)
    return 0


def ask_for_syncs(site: Watched) -> None:
    """Let a few wishes be under way, and one be turned down."""
    names = site.names()
    site.ask(*names[:SYNCS])
    site.work(2)
    site.ask(names[0])
    site.ask(*names[SYNCS : 2 * SYNCS])


def take(chromium: Browser, url: str, picture: Picture, file: Path) -> None:
    """Open the page as this reader would, and keep what the window shows."""
    context: dict[str, Any] = {
        "viewport": {"width": picture.width, "height": picture.height},
        "color_scheme": picture.scheme,
        "device_scale_factor": picture.scale,
        "is_mobile": picture.is_phone,
        "reduced_motion": "reduce",
    }
    page: Page = chromium.new_context(**context).new_page()
    page.goto(url)
    expect(page.locator("#live")).to_have_text("live")
    page.screenshot(path=file)
    page.context.close()
    sys.stdout.write(f"{file}: {file.stat().st_size // 1000} kB\n")


if __name__ == "__main__":
    sys.exit(main())
