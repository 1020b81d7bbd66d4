"""What the status page costs Chromium and the exporter at thousands of replications.

python -m tests.browser_measure [--replications N]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable

from playwright.sync_api import CDPSession, Page, expect

from tests.browsers import browser
from tests.status_site import a_lively_site, serving, sources_of
from vr_exporter.web.message import Request
from vr_exporter.web.routes import Routes

ROUNDS = 5
PATHS = ("/", "/api/v1/status", "/api/v1/status/replications")


def main() -> int:
    """Print the figures; nothing is asserted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replications", type=int, default=5000)
    replications: int = parser.parse_args().replications
    with a_lively_site(replications, minutes=4) as site:
        say(f"{replications} replications, the median of {ROUNDS} rounds")
        say("in Chromium: scripting, and all work of the main thread, by Performance.getMetrics")
        with serving(sources_of(site)) as url, browser() as chromium:
            rounds = [figures(chromium.new_context().new_page(), url) for _ in range(ROUNDS)]
        for name in rounds[0]:
            print_median(name, [each[name] for each in rounds])
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


def figures(page: Page, url: str) -> dict[str, tuple[float, float]]:
    """Open, search, sort, filter: milliseconds of scripting and of the main thread for each."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    page.goto("about:blank")
    found: dict[str, tuple[float, float]] = {}

    def measure(name: str, act: Callable[[], object]) -> None:
        before = metrics(session)
        act()
        page.evaluate("new Promise(go => requestAnimationFrame(() => setTimeout(go)))")
        after = metrics(session)
        found[name] = (after[0] - before[0], after[1] - before[1])

    def load() -> None:
        page.goto(url)
        expect(page.locator("#live")).to_have_text("live")

    # A new document begins its own count, so that loading is measured from nothing.
    load()
    page.evaluate("new Promise(go => requestAnimationFrame(() => setTimeout(go)))")
    found["first paint with the whole list"] = metrics(session)
    search = page.get_by_role("searchbox")
    search.focus()
    measure("a letter typed into the search", lambda: page.keyboard.type("d"))
    measure("the next letter", lambda: page.keyboard.type("b"))
    search.fill("")
    measure("sorted by VM", page.locator("#replications thead button").first.click)
    measure("filtered", page.get_by_role("button", name="met").click)
    measure("100 rows more", page.get_by_role("button", name="Show 100 more").click)
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    found["first contentful paint after navigation (wall)"] = (paint, paint)
    page.context.close()
    return found


def metrics(session: CDPSession) -> tuple[float, float]:
    """Milliseconds of scripting and of tasks so far, as the browser reports them."""
    said = session.send("Performance.getMetrics")["metrics"]
    values = {each["name"]: each["value"] * 1e3 for each in said}
    return values["ScriptDuration"], values["TaskDuration"]


def print_median(name: str, rounds: list[tuple[float, float]]) -> None:
    """One line of the table."""
    scripting, tasks = (statistics.median(part) for part in zip(*rounds, strict=True))
    say(f"  {name:<48} scripting {scripting:6.1f} ms   all {tasks:6.1f} ms")


def say(line: str) -> None:
    """Print one line."""
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
