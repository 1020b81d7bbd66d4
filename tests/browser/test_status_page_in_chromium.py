"""The status page as people use it: in Chromium, over a world of 5,000 replications."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # has no types
from playwright.sync_api import Browser, Locator, Page, Route, ViewportSize, expect

from tests.browsers import browser
from tests.builders import (
    NOW,
    a_pairing_snapshot,
    a_replication,
    a_site_snapshot,
    a_snapshot,
    a_watched,
    an_error,
)
from tests.status_site import (
    TOKEN,
    a_lively_site,
    another_site,
    serving,
    sources_of,
    sources_of_snapshot,
)
from tests.watched import Watched
from vr_exporter.domain.rpo import Verdict

pytestmark = pytest.mark.xdist_group("browser")

WIDE: ViewportSize = {"width": 1400, "height": 1000}
PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for all of them."""
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def site() -> Iterator[Watched]:
    """Madrid and Berlin with 5,000 replications between them."""
    with a_lively_site(5000, minutes=3, task_failure_share=0.0) as watched:
        yield watched


@pytest.fixture(scope="module")
def url(site: Watched) -> Iterator[str]:
    """The page of that site, where a token opens what acts."""
    with serving(sources_of(site)) as address:
        yield address


LOOK = "document.dispatchEvent(new Event('visibilitychange'))"


class Complaints(list[str]):
    """What the browser's console says: errors, warnings, breaches of the policy."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        page.on("console", lambda message: self.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.append(f"error: {error}"))


def opened(chromium: Browser, url: str, **options: object) -> tuple[Page, Complaints]:
    """The page in a context of its own, once its scripts have taken it over."""
    page = chromium.new_context(**{"viewport": WIDE, **options}).new_page()  # type: ignore[arg-type]
    complaints = Complaints(page)
    page.goto(url)
    expect(page.locator("#live")).to_have_text("live")
    return page, complaints


def rows(page: Page) -> Locator:
    """The replications that are drawn."""
    return page.locator("#replications tbody tr")


def test_search_sort_and_filter_work_over_5000_replications(chromium: Browser, url: str) -> None:
    """Few rows are drawn, all are searched; a header sorts, a chip filters, and says so."""
    page, complaints = opened(chromium, url)
    expect(rows(page)).to_have_count(15)
    first = rows(page).first.locator(".badge").first
    expect(first).to_have_text("breached")

    page.get_by_role("searchbox").fill("DB-1 berlin")
    names = rows(page).locator("th").all_text_contents()
    assert names
    assert all("db-1" in name.lower() for name in names)
    page.get_by_role("searchbox").fill("no such machine")
    expect(page.get_by_text("No replication is like that.")).to_be_visible()
    page.get_by_role("searchbox").fill("")

    page.get_by_role("button", name="Show 100 more").click()
    expect(rows(page)).to_have_count(115)

    page.get_by_role("columnheader", name="VM").first.get_by_role("button").click()
    head = page.locator("#replications thead th").first
    expect(head).to_have_attribute("aria-sort", "ascending")
    first_name = rows(page).first.locator("th").inner_text()
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    assert rows(page).first.locator("th").inner_text() > first_name

    chip = page.get_by_role("button", name="syncing")
    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "true")
    expect(rows(page).first.locator("progress")).to_be_visible()
    assert complaints == []
    page.context.close()


def test_page_is_used_by_keyboard_alone(chromium: Browser, url: str) -> None:
    """The skip link leads to the list; header, chip and dialog obey keys; Escape is a no."""
    page, complaints = opened(chromium, url)
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the replications")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("db-0")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_contain_text("breached")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Space")
    expect(page.locator(":focus")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("searchbox").fill("")
    page.locator("#replications thead button").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#replications thead th").first).to_have_attribute("aria-sort", "ascending")
    page.locator("#replications td button").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Token", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#asked")).to_be_hidden()
    assert complaints == []
    page.context.close()


def test_C17_sync_is_started_with_the_token_in_memory_only(
    chromium: Browser, site: Watched, url: str
) -> None:
    """The token is asked for, each sync is confirmed once more, and its life is told to the end."""
    page, complaints = opened(chromium, url)
    name = site.names()[0]
    page.get_by_role("searchbox").fill(name)
    page.get_by_role("button", name=f"Sync {name}", exact=True).click()
    page.get_by_label("Token", exact=True).fill(TOKEN)
    page.get_by_role("button", name="Continue").click()
    before = site.ledger.triggers()
    expect(page.get_by_role("dialog")).to_contain_text(f"Sync {name} now?")
    assert site.ledger.triggers() == before
    page.get_by_role("button", name="Start the sync").click()
    asked = page.locator("#asked li").first
    expect(asked).to_contain_text("queued")
    site.work(5)
    expect(asked).to_contain_text("syncing")
    site.work(30, step=5.0)
    expect(asked).to_contain_text("synced")

    page.get_by_role("button", name=f"Sync {name}", exact=True).click()
    page.get_by_role("button", name="Start the sync").click()
    expect(page.locator("#asked li").first).to_contain_text("skipped")
    expect(page.locator("#said")).to_contain_text("skipped")
    kept = page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
    )
    assert kept == '[{},{},""]'
    assert TOKEN not in page.content()
    (complaint,) = complaints  # the browser's own, of the guard's no
    assert "status of 409" in complaint
    page.context.close()


def test_wrong_token_is_asked_for_again(chromium: Browser, url: str) -> None:
    """401 forgets it; the fault is said in the dialog, and the wish is not lost."""
    page, _ = opened(chromium, url)
    page.locator("#replications td button").first.click()
    page.get_by_label("Token", exact=True).fill("guessed")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Start the sync").click()
    expect(page.get_by_role("alert")).to_have_text("not the bearer token of `api`")
    page.keyboard.press("Escape")
    expect(page.locator("#asked li")).to_contain_text("not the bearer token of `api`")
    page.context.close()


def test_lost_answer_is_asked_for_under_the_same_key(
    chromium: Browser, site: Watched, url: str
) -> None:
    """A connection that breaks after the POST leads to no second sync."""
    page, _ = opened(chromium, url)
    name = site.names()[1]
    keys: list[str] = []

    def lose(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/sync", lose)
    page.get_by_role("searchbox").fill(name)
    page.get_by_role("button", name=f"Sync {name}", exact=True).click()
    page.get_by_label("Token", exact=True).fill(TOKEN)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Start the sync").click()
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator("#asked li").first).to_contain_text("queued")
    assert keys[0] == keys[1]
    assert sum(each.target.vm == name for each in site.ledger.triggers()) == 1
    page.context.close()


def test_sync_that_is_forgotten_is_followed_no_more(chromium: Browser, url: str) -> None:
    """Where another ledger answers, the page says that it knows no end, and asks no more."""
    page, _ = opened(chromium, url)
    looks: list[str] = []

    def forgotten(route: Route) -> None:
        looks.append(route.request.url)
        route.fulfill(status=404, json={"status": 404, "detail": "no such trigger"})

    page.route("**/api/v1/triggers/*", forgotten)
    page.get_by_role("searchbox").fill("web-")
    page.get_by_role("button", name="met").click()
    page.locator("#replications td button").nth(3).click()
    page.get_by_label("Token", exact=True).fill(TOKEN)
    page.get_by_role("button", name="Continue").click()
    page.clock.install()
    page.get_by_role("button", name="Start the sync").click()
    asked = page.locator("#asked li").first
    expect(asked).to_contain_text("queued")
    page.clock.run_for(1500)
    expect(asked).to_contain_text("remembers no such sync")
    page.clock.run_for(5000)
    assert len(looks) == 1
    page.context.close()


def test_C16_C17_page_of_another_site_cannot_start_a_sync(
    chromium: Browser, site: Watched, url: str
) -> None:
    """Whatever a foreign page sends, with the token even, is refused; nothing is taken in."""
    row = site.snapshot().pairings[0].replications[0].replication
    path = f"{url}/api/v1/sites/madrid/replications/{row.id}/sync"
    before = site.ledger.triggers()
    answers: list[tuple[str, int]] = []
    with another_site() as evil:
        page = chromium.new_context().new_page()
        page.on("response", lambda said: answers.append((said.request.method, said.status)))
        page.goto(evil)
        assert page.evaluate(SIMPLE, path) == "blocked"
        assert page.evaluate(WITH_TOKEN, [path, TOKEN]) == "blocked"
        page.context.close()
    assert ("POST", 403) in answers
    assert ("POST", 202) not in answers
    assert site.ledger.triggers() == before


SIMPLE = """async path => {
  const answer = await fetch(path, {method: "POST", body: "{}", mode: "no-cors"});
  return answer.type === "opaque" ? "blocked" : "read";
}"""
WITH_TOKEN = """([path, token]) => fetch(path, {
  method: "POST",
  body: "{}",
  headers: {"Content-Type": "application/json", Authorization: `Bearer ${escape(token)}`},
}).then(() => "read", () => "blocked")"""
HOSTILE = "\"'><img src=x onerror=alert(1)><script>alert(2)</script>\u202egpj.exe\u2028end"


def test_A46_C15_hostile_names_stay_text_in_the_browser(chromium: Browser) -> None:
    """HTML is shown as text; what turns the line around is a mark; no script of it runs."""
    bad = a_replication(id="GID-9", vm=HOSTILE, status=HOSTILE, errors=(an_error(message=HOSTILE),))
    pairing = a_pairing_snapshot(a_watched(bad, verdict=Verdict.BREACHED), error=HOSTILE)
    snapshot = a_snapshot(a_site_snapshot(pairing, site=HOSTILE))
    with serving(sources_of_snapshot(lambda: snapshot, now=lambda: NOW)) as url:
        page, complaints = opened(chromium, url)
        dialogs: list[str] = []
        page.on("dialog", lambda box: dialogs.append(box.message))
        shown = rows(page).first.locator("th")
        expect(shown).to_contain_text("<img src=x onerror=alert(1)>")
        assert "\u202e" not in page.content()
        assert page.locator("main img, main script").count() == 0
        assert dialogs == []
        assert complaints == []
        page.context.close()


def test_C15_policy_refuses_inline_scripts_and_markup(chromium: Browser, url: str) -> None:
    """Were there a hole, the browser would not run what comes through it."""
    page, complaints = opened(chromium, url)
    assert (
        page.evaluate(
            """() => { try { document.body.innerHTML = "<b>x</b>"; return "made"; }
                   catch (error) { return error.name; } }"""
        )
        == "TypeError"
    )
    page.evaluate(
        """() => { const script = document.createElement("div");
                   script.setAttribute("style", "color: red"); document.body.append(script); }"""
    )
    assert any("style-src" in each for each in complaints)
    page.context.close()


def test_page_follows_what_happens_without_being_loaded_again(
    chromium: Browser, site: Watched, url: str
) -> None:
    """A new poll moves the bars in place; where nothing changed the answer is 304."""
    site.poll(after=2)
    page, complaints = opened(chromium, url)
    page.locator("#running").get_by_role("button", name="Show all").click()
    page.locator("#running progress").evaluate_all("bars => bars.forEach(b => b.marked = true)")
    before = page.locator("#running").inner_text()
    site.poll(after=2)
    with page.expect_response("**/status/replications") as changed:
        page.evaluate(LOOK)
    expect(page.locator("#running")).not_to_have_text(before)
    assert changed.value.status == 200
    assert page.evaluate("[...document.querySelectorAll('#running progress')].some(b => b.marked)")
    with page.expect_response("**/status/replications") as same:
        page.evaluate(LOOK)
    assert same.value.status == 304
    assert complaints == []
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_nothing(chromium: Browser, url: str, scheme: str, size: ViewportSize) -> None:
    """No violation of the accessibility rules: list and dialog, light and dark, wide and phone."""
    page, complaints = opened(chromium, url, viewport=size, color_scheme=scheme)
    _assert_accessible(page)
    page.locator("#replications td button").first.click()
    _assert_accessible(page, "dialog")
    assert complaints == []
    page.context.close()


def test_axe_finds_nothing_without_scripts(chromium: Browser, url: str) -> None:
    """The page as it leaves the server reads as well, and says what burns."""
    context = chromium.new_context(viewport=WIDE)
    page = context.new_page()
    page.route("**/*.js", lambda route: route.abort())
    page.goto(url)
    expect(page.locator("#headline")).to_contain_text("in breach of the RPO")
    expect(page.locator("#running progress").first).to_be_visible()
    _assert_accessible(page)
    context.close()


def test_page_says_when_nobody_answers_and_when_somebody_does_again(
    chromium: Browser, url: str
) -> None:
    """What stands there is called old, aloud too, and nothing of it goes away."""
    page, _ = opened(chromium, url)
    page.route("**/api/**", lambda route: route.abort())
    page.evaluate(LOOK)
    expect(page.locator("#live")).to_have_text("no answer: what stands here is old")
    expect(page.locator("#said")).to_have_text("vr-exporter does not answer")
    expect(rows(page)).to_have_count(15)
    page.unroute("**/api/**")
    page.evaluate(LOOK)
    expect(page.locator("#live")).to_have_text("live")
    page.context.close()


def test_half_an_answer_is_asked_for_again_whole(chromium: Browser, url: str) -> None:
    """Where one of the two documents is lost, the next look brings both, not a 304 for nothing."""
    page = chromium.new_context(viewport=WIDE).new_page()
    lost: list[str] = []

    def lose_once(route: Route) -> None:
        lost.append(route.request.url)
        if len(lost) == 1:
            route.abort()
        else:
            route.continue_()

    page.route("**/status/replications", lose_once)
    page.goto(url)
    expect(page.locator("#live")).to_have_text("no answer: what stands here is old")
    page.evaluate(LOOK)
    expect(page.locator("#live")).to_have_text("live")
    expect(page.locator("#sites tbody tr")).to_have_count(4)
    expect(rows(page)).to_have_count(15)
    page.context.close()


def test_address_with_a_login_in_it_is_no_hindrance(chromium: Browser, url: str) -> None:
    """Browsers fetch nothing relative to such an address: scripts take the login out."""
    page, complaints = opened(chromium, url.replace("//", "//admin:secret@"))
    expect(rows(page)).to_have_count(15)
    assert complaints == []
    page.context.close()


def test_page_lives_behind_the_prefix_of_a_proxy(
    chromium: Browser, site: Watched, url: str
) -> None:
    """Style, scripts, answers and syncs are asked for below the page, wherever it is mounted."""
    page = chromium.new_context(viewport=WIDE).new_page()
    astray: list[str] = []

    def mounted(route: Route) -> None:
        path = route.request.url.removeprefix(url)
        if not path.startswith("/vr/"):
            astray.append(path)
        route.continue_(url=url + path.removeprefix("/vr"))

    page.route("**/*", mounted)
    page.goto(f"{url}/vr/")
    expect(page.locator("#live")).to_have_text("live")
    name = site.names()[2]
    page.get_by_role("searchbox").fill(name)
    page.get_by_role("button", name=f"Sync {name}", exact=True).click()
    page.get_by_label("Token", exact=True).fill(TOKEN)
    page.get_by_role("button", name="Continue").click()
    with page.expect_request("**/vr/api/v1/triggers/*"):
        page.get_by_role("button", name="Start the sync").click()
    expect(page.locator("#asked li").first).to_contain_text("queued")
    assert astray == []
    page.context.close()


TOO_WIDE = """[
  ...[...document.querySelectorAll("html, section")]
    .filter(each => each.scrollWidth > each.clientWidth).map(each => each.id),
  ...[...document.querySelectorAll("table")]
    .filter(each => each.offsetWidth > each.parentElement.clientWidth)
    .map(each => each.innerText.slice(0, 20)),
]"""


def test_nothing_is_wider_than_its_place(chromium: Browser, url: str) -> None:
    """From the narrowest phone to a wall of screens, no part has to be scrolled sideways."""
    page, _ = opened(chromium, url)
    for width in (340, 390, 940, 941, 1024, 1359, 1360, 1400, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(TOO_WIDE) == [], width
    page.context.close()


def _assert_accessible(page: Page, part: str | None = None) -> None:
    results = Axe().run(page, context=part)
    assert results.violations_count == 0, results.generate_report()
