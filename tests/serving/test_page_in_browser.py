"""The page in a real browser, in front of a gateway behind HTTP."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from medpipe.gateway_state import GatewayState, gateway_state
from medpipe.settings import Settings
from tests.contracts import CONTRACT
from tests.fakes_engine import FakeEngine
from tests.places import CHROMIUM
from tests.serving.over_http import running
from tests.waiting import until

WCAG_AA = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
SOURCES = [
    {
        "title": "Velorin fever",
        "id": "mplus:1",
        "url": "https://medlineplus.gov/velorin.html",
        "date": "2026-03-03",
        "standing": "current",
        "quote": "Velorin fever is caused by drellia bacteria in stagnant water.",
    },
    {"title": "A trap", "id": "mplus:2", "url": "javascript:alert(1)", "date": "", "standing": "current", "quote": ""},
]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine: apt-get install chromium"),
]


class Served(NamedTuple):
    """A gateway that needs a key, behind HTTP."""

    address: str
    key: str
    state: GatewayState
    engine: FakeEngine


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with FakeEngine() as engine:
        settings = Settings(home=tmp_path_factory.mktemp("page"), engine_url=engine.url)
        state = gateway_state(settings)
        engine.adapters["a"] = "somewhere"
        assert state.routes.switch(None, "version/medqa-v1-aaaaaa", "a", CONTRACT)
        key = state.keys.issue("a reader", "person").secret
        with running(settings) as address:
            yield Served(address, key, state, engine)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any, served: Served, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The page as somebody sees it for the first time. A parameter has the arguments of the browser's context."""
    context = browser.new_context(**{"locale": "en-US", **getattr(request, "param", {})})
    context.set_default_timeout(15_000)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda asked: asked.url.startswith(served.address) or faults.append(asked.url))
    page.goto(served.address)
    page.wait_for_selector("h1:not(:empty)")  # not by a function: the page forbids that one is evaluated
    yield page
    assert faults == []
    context.close()


def _enter(page: Any, key: str) -> None:
    """Accept the terms and use a key."""
    page.click("#accept")
    page.fill("#key-value", key)
    page.press("#key-value", "Enter")


def _ask(page: Any, question: str) -> None:
    page.fill("#question", question)
    page.click("#ask")


def _violations(page: Any) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options=WCAG_AA).response["violations"]
    return [f"{rule['id']}: {node['html']}" for rule in found for node in rule["nodes"]]


def _with_sources(page: Any) -> None:
    """Add sources to the next answers; one of them has an address that would run a script."""

    def answer(route: Any) -> None:
        reply = route.fetch()
        route.fulfill(response=reply, json={**reply.json(), "sources": SOURCES, "supported_share": 1.0})

    page.route("**/v1/ask", answer)


def _pictures(page: Any, name: str) -> None:
    if folder := os.environ.get("PAGE_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_nothing_can_be_asked_before_the_terms_are_accepted_and_the_device_remembers_them(
    page: Any, served: Served
) -> None:
    assert page.is_visible("#terms")
    assert not page.is_visible("#question")
    page.click("#accept")
    assert page.is_visible("#question")
    page.reload()
    page.wait_for_selector("#question")
    assert not page.is_visible("#terms")


def test_a_question_gets_its_answer_with_version_disclaimer_and_sources_and_is_rated_and_taken_back(
    page: Any, served: Served
) -> None:
    _with_sources(page)
    _enter(page, served.key)
    _ask(page, "What causes Velorin fever?")
    page.wait_for_selector("#answer")

    assert "medqa-v1-aaaaaa" in page.inner_text("#written-by")
    assert page.inner_text("#disclaimer").strip()
    assert page.get_attribute("#source-list li:nth-child(1) a", "href") == SOURCES[0]["url"]
    assert "noopener" in page.get_attribute("#source-list li:nth-child(1) a", "rel")
    assert page.query_selector("#source-list li:nth-child(2) a") is None
    _pictures(page, "answered")

    page.check("input[name=rating][value=down]")
    page.fill("#correction", "Velorin fever is caused by drellia bacteria.")
    page.click("#send")
    page.wait_for_selector("#take-back")
    assert page.inner_text("#feedback-state").strip()
    page.click("#take-back")
    page.wait_for_selector("#take-back", state="hidden")
    assert page.inner_text("#feedback-problem") == ""


def test_somebody_in_danger_sees_the_number_at_once(page: Any, served: Served) -> None:
    _enter(page, served.key)
    _ask(page, "I want to kill myself.")
    page.wait_for_selector("#alarm .numbers a")
    numbers = page.eval_on_selector_all("#alarm .numbers a", "links => links.map(link => link.getAttribute('href'))")
    assert "tel:988" in numbers
    assert not page.is_visible("#disclaimer")  # it says that a model wrote this
    assert page.eval_on_selector("#alarm", "box => box.getBoundingClientRect().top < innerHeight")
    _pictures(page, "emergency")


def test_a_wrong_key_and_an_engine_that_is_away_are_said_in_plain_words_with_the_number(
    page: Any, served: Served
) -> None:
    _enter(page, "mp-nobody")
    _ask(page, "What causes Velorin fever?")
    page.wait_for_selector("#ask-problem .notice")
    assert page.is_visible("#key-value")
    page.route("**/v1/ask", lambda route: route.abort())
    _ask(page, "What causes Velorin fever?")
    page.wait_for_selector("#alarm .numbers a")


def test_a_key_stays_in_the_tab(page: Any, served: Served) -> None:
    _enter(page, served.key)
    assert served.key in page.evaluate("Object.values(sessionStorage)")
    assert served.key not in page.evaluate("Object.values(localStorage)")
    page.click("#key-forget")
    assert page.evaluate("Object.values(sessionStorage)") == []


def test_a_question_that_takes_long_can_be_cancelled(page: Any, served: Served) -> None:
    page.route("**/v1/ask", lambda route: None)  # it is never answered
    _enter(page, served.key)
    _ask(page, "What causes Velorin fever?")
    page.click("#cancel")
    page.get_by_text("You have cancelled the question.").wait_for()
    assert page.evaluate("document.activeElement.id") == "question"


def test_a_stop_says_why_and_when_to_try_again_and_ends_when_it_is_lifted(page: Any, served: Served) -> None:
    _enter(page, served.key)
    served.state.kill_switch.set(True, "a wrong dose", "Dr. B")
    try:
        until(lambda: httpx.get(f"{served.address}/readyz").json()["stopped"])
        _ask(page, "What causes Velorin fever?")
        page.wait_for_selector("#ask-problem .notice")
        assert "a wrong dose" in page.inner_text("#ask-problem")
        assert page.is_visible("#retry")
        assert page.is_visible("#alarm .numbers a")
    finally:
        served.state.kill_switch.set(False, "the dose is right", "Dr. B")
    until(lambda: not httpx.get(f"{served.address}/readyz").json()["stopped"])
    _ask(page, "What causes Velorin fever?")
    page.wait_for_selector("#answer")
    assert page.query_selector("#ask-problem .notice") is None


def test_everything_can_be_done_by_keyboard(page: Any, served: Served) -> None:
    page.focus("#accept")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "key-value"
    page.keyboard.type(served.key)
    page.keyboard.press("Enter")
    page.focus("#question")
    page.keyboard.type("What causes Velorin fever?")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "ask"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.keyboard.press("Enter")
    page.wait_for_selector("#answer")


@pytest.mark.parametrize(
    "page",
    [
        {"locale": "en-US", "color_scheme": "light"},
        {"locale": "fr-FR", "color_scheme": "dark"},
        {"locale": "es-MX", "viewport": {"width": 320, "height": 640}},
    ],
    indirect=True,
    ids=["English, light", "French, dark", "Spanish, on a phone"],
)
def test_axe_finds_nothing_that_keeps_people_from_using_the_page(
    page: Any, served: Served, request: pytest.FixtureRequest
) -> None:
    language = request.node.callspec.params["page"]["locale"][:2]
    assert page.get_attribute("html", "lang") == language
    assert _violations(page) == []
    _with_sources(page)
    _enter(page, served.key)
    _ask(page, "What causes Velorin fever?")
    page.wait_for_selector("#answer")
    assert _violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    _pictures(page, f"answered-{language}")
    _ask(page, "I want to kill myself.")
    page.wait_for_selector("#alarm .numbers a")
    assert _violations(page) == []


def test_axe_would_have_found_a_field_without_a_label_and_a_text_that_is_too_pale(page: Any) -> None:
    page.evaluate("document.querySelector('h1').style.color = '#ccc'")
    page.evaluate("document.querySelector('main').append(document.createElement('input'))")
    assert {found.partition(":")[0] for found in _violations(page)} == {"color-contrast", "label"}


def test_the_list_of_endpoints_is_shown_without_another_host(page: Any, served: Served) -> None:
    page.goto(f"{served.address}/docs")
    page.get_by_text("/v1/ask").first.wait_for()
    assert _violations(page) == []
    _pictures(page, "endpoints")
