"""What the status page costs Chromium and the exporter at thousands of replications.

python -m tests.browser_measure [--replications N]
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import time
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browsers import browser
from tests.status_site import a_lively_site, serving, sources_of
from vr_exporter.web.message import Request
from vr_exporter.web.routes import Routes

ROUNDS = 5
SCRIPTING = re.compile(
    r"EvaluateScript|FunctionCall|EventDispatch|TimerFire|FireAnimationFrame|RunMicrotasks"
    r"|v8\.(compile|evaluate|parse|run).*|V8\.(Execute|GC).*|MinorGC|MajorGC"
)
PATHS = ("/", "/api/v1/status", "/api/v1/status/replications")


def main() -> int:
    """Print the figures; nothing is asserted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replications", type=int, default=5000)
    replications: int = parser.parse_args().replications
    with a_lively_site(replications, minutes=4) as site:
        say(f"{replications} replications, the median of {ROUNDS} rounds")
        say("in Chromium: scripting of the main thread, by its own trace")
        with serving(sources_of(site)) as url, browser() as chromium:
            rounds = [figures(chromium.new_context().new_page(), url) for _ in range(ROUNDS)]
        for name in rounds[0]:
            median = statistics.median(each[name] for each in rounds)
            say(f"  {name:<46} {median:6.1f} ms")
        say("in the exporter: the first answer after a poll, and the next one")
        for path in PATHS:
            routes = Routes(sources_of(site))
            first, again = timed(routes, path), timed(routes, path)
            say(f"  {path:<30} {first * 1e3:7.1f} ms, then {again * 1e6:5.0f} µs")
            tag = dict(routes(Request("GET", path)).headers)["ETag"]
            told = timed(routes, path, tag)
            say(f"  {'  to one who has it: 304':<30} {told * 1e6:5.0f} µs")
    return 0


def timed(routes: Routes, path: str, tag: str | None = None) -> float:
    """How long one answer takes, without the network."""
    headers = {"accept-encoding": "gzip"} | ({"if-none-match": tag} if tag else {})
    request = Request("GET", path, headers=headers)
    begun = time.perf_counter()
    routes(request)
    return time.perf_counter() - begun


def figures(page: Page, url: str) -> dict[str, float]:
    """Open, search, sort, filter: milliseconds of scripting for each."""
    found: dict[str, float] = {}

    def load() -> None:
        page.goto(url)
        expect(page.locator("#live")).to_have_text("live")

    def measure(name: str, act: Callable[[], object]) -> None:
        found[name] = scripting(page, act)

    search = page.get_by_role("searchbox")
    measure("opened, until the whole list is there", load)
    search.focus()
    measure("a letter typed into the search", lambda: page.keyboard.type("d"))
    measure("the next letter", lambda: page.keyboard.type("b"))
    measure("the search emptied", lambda: search.fill(""))
    measure("sorted by VM", page.locator("#replications thead button").first.click)
    measure("filtered", page.get_by_role("button", name="met").click)
    measure("100 rows more", page.get_by_role("button", name="Show 100 more").click)
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    found["(first contentful paint, by the wall clock)"] = paint
    page.context.close()
    return found


def scripting(page: Page, act: Callable[[], object]) -> float:
    """Milliseconds in which scripts ran, compiled or were cleaned up after, by the browser's trace.

    That is what its developer tools call scripting. What playwright runs in the page to look at it
    is in the figure too.
    """
    browser = page.context.browser
    if browser is None:
        raise RuntimeError("the page has no browser")
    browser.start_tracing(page=page, categories=["devtools.timeline", "v8", "v8.execute"])
    act()
    page.evaluate("new Promise(go => requestAnimationFrame(() => setTimeout(go)))")
    events = json.loads(browser.stop_tracing())["traceEvents"]
    by_thread: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for event in events:
        if event["ph"] == "X" and SCRIPTING.fullmatch(event["name"]):
            span = (event["ts"], event["ts"] + event.get("dur", 0))
            by_thread.setdefault((event["pid"], event["tid"]), []).append(span)
    return max(map(covered, by_thread.values()), default=0.0) / 1e3


def covered(spans: list[tuple[float, float]]) -> float:
    """The length of all spans together, where they overlap counted once."""
    total, end = 0.0, -1.0
    for begin, until in sorted(spans):
        total += max(0.0, until - max(begin, end))
        end = max(end, until)
    return total


def say(line: str) -> None:
    """Print one line."""
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
