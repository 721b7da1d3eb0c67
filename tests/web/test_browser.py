"""A real Chromium opens the dashboard that the real program serves."""

import itertools
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from shepherd.lab.bench_web import CHROMIUM
from shepherd.lab.eventually import eventually
from tests.cli.sites import Site
from tests.web.serving import Serving, serving
from tests.web.sites import Recorded

pytestmark = [pytest.mark.real, pytest.mark.limit(120)]

VIEWS = (
    "/", "/hosts", "/hosts?state=flock", "/host/p203", "/decisions", "/history", "/history?days=7", "/harvest?days=30",
    "/times", "/incidents", "/sources",
)  # fmt: skip
WRONG = ("/host/p999", "/harvest?days=x")
MANY = 3_000
MINUTES_AGO = r"\d+ (s|min) ago"
LOOKS: dict[str, Any] = {
    "light": {"color_scheme": "light", "viewport": {"width": 1440, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1440, "height": 900}},
    "phone": {"color_scheme": "light", "viewport": {"width": 360, "height": 780}},
    "still": {"color_scheme": "dark", "viewport": {"width": 800, "height": 700}, "reduced_motion": "reduce"},
    "enlarged": {"color_scheme": "light", "viewport": {"width": 640, "height": 400}, "device_scale_factor": 2},
}


@pytest.fixture(name="browser", scope="module")
def a_browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(name="place", scope="module")
def a_site(recorded: Recorded, tmp_path_factory: pytest.TempPathFactory) -> Site:
    return recorded.written(tmp_path_factory.mktemp("browser"))


@pytest.fixture(name="program", scope="module")
def a_program(place: Site) -> Iterator[Serving]:
    with serving(place) as made:
        yield made


class Seen:
    """A page, and what the browser had to say of it."""

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda asked: self.requests.append(asked.url))
        self.origin = origin

    def foreign(self) -> list[str]:
        """Requests to anybody else."""
        return [url for url in self.requests if not url.startswith(f"{self.origin}/")]


@pytest.fixture(name="seen")
def a_page(browser: Browser, program: Serving) -> Iterator[Seen]:
    context = browser.new_context(**LOOKS["light"])
    yield Seen(context, program.origin)
    context.close()


def first_age(page: Page) -> str:
    return page.locator("time[data-ago]").first.inner_text()


def settled(page: Page, address: str) -> None:
    """Open, and wait until the stream is there."""
    page.goto(address, wait_until="load")
    if page.get_attribute("body", "data-live"):
        page.locator("#pulse-words", has_text="live").wait_for(timeout=15_000)


def assert_clean(page: Page, address: str, *, is_there: bool = True) -> None:
    """What is shown is a page and no apology, readable by all, and not wider than the screen."""
    settled(page, address)
    assert page.locator("#sorry").count() == (0 if is_there else 1), address
    violations = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in violations] == [], address
    beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert beyond == 0, address


@pytest.mark.parametrize("look", LOOKS)
def test_every_view_is_clean(browser: Browser, program: Serving, look: str) -> None:
    """On a phone half of the table was beyond the edge; in the dark nobody could read the badges; a reader of screens
    was told "button"."""
    context = browser.new_context(**LOOKS[look])
    seen = Seen(context, program.origin)
    for view in VIEWS:
        assert_clean(seen.page, program.origin + view)
    for view in WRONG:
        assert_clean(seen.page, program.origin + view, is_there=False)
    settled(seen.page, f"{program.origin}/decisions")
    decision = seen.page.locator('a[href^="/decision/"]').first.get_attribute("href")
    assert decision
    assert_clean(seen.page, program.origin + decision)
    context.close()
    complaints = [text for text in seen.complaints if "status of 404" not in text]
    assert (complaints, seen.foreign()) == ([], [])


@pytest.mark.parametrize("look", ["light", "phone"])
def test_a_pool_of_thousands_is_clean(recorded: Recorded, browser: Browser, tmp_path, look: str) -> None:
    """All was tried with five hosts; with three thousand the map was a grey square of links without a word."""
    states = ("local", "flock", "flock", "arming", "leaving", "held", "unknown")
    hosts = [
        {"host": f"p{n}", "flock_name": f"f{n}", "state": states[n % len(states)], "why": "", "since_s": None,
         "lease": None, "stage": None} for n in range(MANY)
    ]  # fmt: skip
    with serving(recorded.written(tmp_path, hosts=hosts)) as program:
        context = browser.new_context(**LOOKS[look])
        seen = Seen(context, program.origin)
        assert_clean(seen.page, program.origin)
        assert_clean(seen.page, f"{program.origin}/hosts")
        assert seen.page.locator("#map a.cell").count() == MANY
        context.close()
    assert (seen.complaints, seen.foreign()) == ([], [])


def pressed(page: Page, *keys: str) -> dict[str, Any]:
    """What has the focus after these keys."""
    for key in keys:
        page.keyboard.press(key)
    what = "(() => { const a = document.activeElement; return {tag: a.tagName, id: a.id, words: a.textContent.trim(),"
    found: dict[str, Any] = page.evaluate(f"{what} href: a.getAttribute('href') || ''}}; }})()")
    return found


def test_a_host_is_found_and_opened_with_the_keyboard_alone(seen: Seen, program: Serving) -> None:
    """Three hundred hosts were three hundred stops before the first link of the page."""
    page = seen.page
    settled(page, f"{program.origin}/hosts")
    assert pressed(page, "Tab")["href"] == "#main"
    page.keyboard.press("Enter")
    stops = list(itertools.takewhile(lambda one: one["tag"] != "BODY", (pressed(page, "Tab") for _ in range(30))))
    in_map = [one["href"] for one in stops if one["href"].startswith("/host/")]
    assert in_map == ["/host/p201"]
    page.locator('a[href="/host/p201"]').first.focus()
    assert pressed(page, "ArrowRight", "ArrowRight")["href"] == "/host/p203"
    assert pressed(page, "ArrowLeft")["href"] == "/host/p202"
    assert pressed(page, "End")["href"] == "/host/p205"
    assert pressed(page, "Home", "ArrowRight")["href"] == "/host/p202"
    page.keyboard.press("Enter")
    page.wait_for_url("**/host/p202")
    assert page.locator("h1").text_content() == "p202"


def test_the_focus_is_seen(seen: Seen, program: Serving) -> None:
    """Somebody pressed Tab twenty times and did not know where they were."""
    settled(seen.page, program.origin)
    pressed(seen.page, "Tab", "Tab", "Tab")
    width = seen.page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert float(width.removesuffix("px")) >= 2


def shown(page: Page, host: str) -> str:
    return page.locator(f'#map a[href="/host/{host}"]').get_attribute("aria-label") or ""


def test_a_change_is_seen_without_loading_anew(recorded: Recorded, browser: Browser, tmp_path) -> None:
    """The map on the wall was of this morning."""
    site = recorded.written(tmp_path)
    hosts = [dict(one) for one in recorded.present["hosts"]]  # type: ignore[attr-defined]
    turned = [{**one, "state": "leaving"} if one["host"] == "p204" else one for one in hosts]
    with serving(site) as program:
        context = browser.new_context()
        seen = Seen(context, program.origin)
        settled(seen.page, f"{program.origin}/hosts")
        seen.page.evaluate("window.was_here = true")
        seen.page.locator('a[href="/host/p204"]').first.focus()
        assert shown(seen.page, "p204") == "p204 flock"
        ledger = site.ledger()
        ledger.publish_present({**recorded.present, "hosts": turned})
        seen.page.locator('#map a[aria-label="p204 leaving"]').wait_for(timeout=10_000)
        assert seen.page.locator("#said").text_content() == "One host has another state."
        assert pressed(seen.page)["href"] == "/host/p204"
        assert seen.page.evaluate("window.was_here") is True
        ledger.publish_present({**recorded.present, "hosts": hosts[:3]})
        ledger.close()
        seen.page.locator("#map a.cell >> nth=3").wait_for(state="detached", timeout=10_000)
        assert seen.page.locator("#map a.cell").count() == 3
        assert seen.page.evaluate("window.was_here") is True
        context.close()
    assert seen.complaints == []


def test_a_stop_is_said_once_when_it_begins_and_when_it_ends(recorded: Recorded, browser: Browser, tmp_path) -> None:
    """Whoever cannot see the red line was told of each host that turned, and never that flocking was off."""
    site = recorded.written(tmp_path)
    stop = {"since_s": time.time() - 60, "who": "admin", "why": "new switch", "from_file": False, "until_s": None}
    with serving(site) as program:
        context = browser.new_context()
        seen = Seen(context, program.origin)
        settled(seen.page, program.origin)
        ledger, said = site.ledger(), seen.page.locator("#said")

        def shows(words: str, **changes: object) -> None:
            ledger.publish_present({**recorded.present, "sentence": words, **changes})
            seen.page.get_by_text(words).wait_for(timeout=10_000)

        assert said.get_attribute("role") == "status"
        shows("sentence one", flockoff=stop, problems=["the disk is full"])
        assert "Flocking is off." in (said.text_content() or "")
        assert "Problem. the disk is full." in (said.text_content() or "")
        said.evaluate("said => { said.textContent = ''; }")
        shows("sentence two", flockoff={**stop, "since_s": time.time()}, problems=["the disk is full"])
        assert said.text_content() == ""
        shows("sentence three", flockoff=stop)
        assert said.text_content() == "No more: Problem. the disk is full."
        shows("sentence four")
        assert said.text_content() == "No more: Flocking is off."
        ledger.close()
        context.close()
    assert seen.complaints == []


def test_a_pause_holds_and_the_end_of_the_program_is_seen(recorded: Recorded, browser: Browser, tmp_path) -> None:
    """Somebody read a table aloud in a meeting, and it changed under their finger."""
    site = recorded.written(tmp_path)
    with serving(site) as program:
        context = browser.new_context()
        page = context.new_page()
        settled(page, program.origin)
        page.get_by_role("button", name="Pause").press("Enter")
        assert page.locator("#pulse-words").text_content() == "paused"
        ledger = site.ledger()
        ledger.publish_present({**recorded.present, "sentence": "this is new"})
        ledger.close()
        page.wait_for_timeout(2500)
        assert page.get_by_text("this is new").count() == 0
        page.get_by_role("button", name="Pause").press("Enter")
        page.get_by_text("this is new").wait_for(timeout=10_000)
        program.stop()
        page.locator("#pulse-words", has_text="not connected").wait_for(timeout=15_000)
        context.close()


def streams(seen: Seen) -> int:
    """How often the page asked for its stream."""
    return sum("/live/" in url for url in seen.requests)


def test_a_stream_that_died_without_a_word_is_begun_anew(seen: Seen, program: Serving) -> None:
    """A laptop had slept, its tunnel was dead, and for an hour the page said "live" above yesterday's hosts."""
    seen.page.clock.install()
    settled(seen.page, program.origin)
    assert streams(seen) == 1
    seen.page.clock.fast_forward(70_000)
    seen.page.wait_for_timeout(500)
    assert streams(seen) == 2


def test_ages_are_by_the_clock_of_who_serves_the_page(seen: Seen, program: Serving) -> None:
    """A laptop an hour ahead: the shepherd had last been heard an hour ago, on every page, and somebody was called."""
    settled(seen.page, f"{program.origin}/sources")
    assert re.fullmatch(MINUTES_AGO, first_age(seen.page))
    seen.page.clock.install(time=time.time() + 86400 * 400)
    settled(seen.page, f"{program.origin}/sources")

    def is_right() -> bool:
        seen.page.clock.run_for(1_000)
        return bool(re.fullmatch(MINUTES_AGO, first_age(seen.page)))

    eventually(is_right, 30, 0.2, what="the age is one of minutes")
    assert seen.page.evaluate("Date.now()") > (time.time() + 86400 * 399) * 1000


def test_a_hidden_page_keeps_no_connection(seen: Seen, program: Serving) -> None:
    """Six hosts were open in tabs of their own, and the seventh never came: browsers grant a site six connections."""
    page = seen.page
    settled(page, program.origin)
    for hidden, words in ((True, "not connected"), (False, "live")):
        page.evaluate("value => Object.defineProperty(document, 'hidden', {value, configurable: true})", hidden)
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        page.locator("#pulse-words", has_text=words).wait_for(timeout=15_000)
    assert streams(seen) == 2
    page.get_by_role("button", name="Pause").press("Enter")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert (streams(seen), page.locator("#pulse-words").text_content()) == (2, "paused")


def test_without_a_script_all_is_there(browser: Browser, program: Serving) -> None:
    """The security officer's browser has scripts switched off."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    views = {"/hosts": "In words", "/host/p201": "Last lends", "/times": "p95", "/history": "Idle jobs"}
    for view, words in views.items():
        page.goto(program.origin + view)
        assert words in page.content()
        assert " UTC" in page.content()
    context.close()


def test_names_are_chosen_by_a_form(seen: Seen, program: Serving) -> None:
    """A form that needs a script is none."""
    settled(seen.page, f"{program.origin}/hosts")
    seen.page.get_by_label("Name has").fill("204")
    seen.page.get_by_label("Name has").press("Enter")
    seen.page.wait_for_url("**/hosts?name=204&state=")
    assert seen.page.locator("#map a.cell").count() == 1
