"""The page that stands in for Grafana, and pictures of it."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Error, Page, Route

from tests.preview.answers import WIDTH

FOLDER: Final = Path(__file__).parent / "page"
ADDRESS: Final = "http://127.0.0.1:9/"
"""Nobody is asked there: each file comes from the folder."""

Json = dict[str, Any]


class UnknownToPreviewError(Exception):
    """The page does not know something that a dashboard uses; which it is."""


@contextmanager
def page(browser: Browser) -> Iterator[Page]:
    """An empty page with the drawing code in it."""
    context = browser.new_context(viewport={"width": WIDTH, "height": 900})
    opened = context.new_page()
    opened.route(f"{ADDRESS}**", _from_folder)
    opened.goto(f"{ADDRESS}index.html")
    opened.wait_for_function("window.preview !== undefined")
    yield opened
    context.close()


def draw(opened: Page, shown: Json) -> int:
    """Draw a dashboard; how many panels and headings it has."""
    try:
        drawn: int = opened.evaluate("shown => window.preview(shown)", shown)
    except Error as error:
        raise UnknownToPreviewError(error.message.splitlines()[0]) from error
    return drawn


def picture(opened: Page) -> bytes:
    """The whole page as a PNG of at most 256 colours."""
    shot = base64.b64encode(opened.screenshot(full_page=True)).decode("ascii")
    few: Json = opened.evaluate("shot => window.fewer(shot)", shot)
    return _png(few["width"], few["height"], bytes(few["colors"]), base64.b64decode(few["pixels"]))


def _from_folder(route: Route) -> None:
    route.fulfill(path=FOLDER / route.request.url.removeprefix(ADDRESS))


def _png(width: int, height: int, colors: bytes, pixels: bytes) -> bytes:
    rows = (pixels[at : at + width] for at in range(0, width * height, width))
    lines = b"".join(b"\0" + row for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", colors), (b"IDAT", zlib.compress(lines, 9)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*one) for one in (*chunks, (b"IEND", b"")))


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
