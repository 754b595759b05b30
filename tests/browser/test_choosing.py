"""The journey in a real Chromium: by keyboard, without JavaScript, and for everybody (WCAG 2.2 AA)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from notifications.sink.app import Sink, running
from notifications.sink.mailbox import Incoming
from tests.browser.journey import online, violations
from tests.unit.notifications.builders import identity, option, shortlisted
from tests.unit.notifications.website import Website

pytestmark = pytest.mark.browser

CHOSEN, STAYED = "fairwait.response.provider_chosen.v1", "fairwait.response.stay_chosen.v1"


@pytest.fixture
def website() -> Website:
    return Website(environment="development")  # without encryption a cookie must not be Secure


@pytest.fixture
async def address(website: Website) -> AsyncIterator[str]:
    async with online(website) as started:
        yield started


@pytest.fixture
async def window(browser: Browser) -> AsyncIterator[BrowserContext]:
    opened = await browser.new_context(viewport={"width": 1100, "height": 900})
    yield opened
    await opened.close()


@pytest.fixture
async def page(window: BrowserContext) -> AsyncIterator[Page]:
    """A page on which every refused resource, script error and failed request fails the test."""
    opened, troubles = await window.new_page(), []
    opened.on("console", lambda one: troubles.append(_said(one)) if one.type == "error" else None)
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("requestfailed", lambda one: troubles.append(_failed(one)))
    yield opened
    # Chromium calls a page with status 400 or 404 an error of the console.
    assert [one for one in troubles if "the server responded with a status of 40" not in one] == []


def _said(message: ConsoleMessage) -> str:
    return message.text


def _failed(request: Request) -> str:
    return f"{request.url}: {request.failure}"


async def heading(page: Page) -> str:
    return (await page.locator("h1").inner_text()).strip()


async def give_birth_date(
    page: Page, day: str = "31", month: str = "3", year: str = "1980"
) -> None:
    await page.get_by_label("Day").fill(day)
    await page.get_by_label("Month").fill(month)
    await page.get_by_label("Year").fill(year)
    await page.get_by_role("button", name="Continue").click()


# ---- by keyboard


async def focused(page: Page) -> str:
    return str(
        await page.evaluate(
            "document.activeElement.id || document.activeElement.textContent.trim()"
        )
    )


async def tab_to(page: Page, what: str) -> None:
    for _ in range(30):
        await page.keyboard.press("Tab")
        if await focused(page) == what:
            return
    pytest.fail(f"the keyboard does not reach {what}")


async def test_the_whole_journey_by_keyboard(website: Website, address: str, page: Page) -> None:
    await page.goto(address + await website.offer())

    await page.keyboard.press("Tab")
    assert await focused(page) == "Skip to main content"
    for box, value in (("day", "31"), ("month", "3"), ("year", "1980")):
        await tab_to(page, f"birth-date-{box}")
        await page.keyboard.type(value)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/hospital")

    await tab_to(page, "answer")
    await page.keyboard.press("ArrowDown")
    await tab_to(page, "Continue")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/check")

    await tab_to(page, "Confirm")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/done")

    assert await heading(page) == "We have your answer"
    assert website.answers() == [CHOSEN]


async def test_the_focus_goes_to_what_is_wrong(website: Website, address: str, page: Page) -> None:
    await page.goto(address + await website.offer())

    await page.get_by_role("button", name="Continue").click()

    summary = page.locator(".nhsuk-error-summary")
    assert await page.title() == "Error: What is your date of birth? - Choose your hospital - NHS"
    assert await summary.evaluate("one => one === document.activeElement")
    await summary.get_by_role("link", name="Enter your date of birth").click()
    assert await focused(page) == "birth-date-day"


# ---- without JavaScript


async def test_the_whole_journey_without_javascript(
    website: Website, address: str, browser: Browser
) -> None:
    window = await browser.new_context(java_script_enabled=False)
    page = await window.new_page()
    await page.goto(address + await website.offer())

    await give_birth_date(page, year="1979")
    assert "does not match" in await page.locator(".nhsuk-error-summary").inner_text()
    await give_birth_date(page)
    await page.get_by_label("Stay where you are").check()
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_role("button", name="Confirm").click()

    assert "Stay where you are" in await page.locator(".nhsuk-panel").inner_text()
    assert website.answers() == [STAYED]
    await window.close()


async def test_back_and_change_keep_what_was_picked(
    website: Website, address: str, page: Page
) -> None:
    await page.goto(address + await website.offer())
    await give_birth_date(page)
    await page.get_by_label("Hospital RJ2").check()
    await page.get_by_role("button", name="Continue").click()

    await page.get_by_role("link", name="Change where you have your treatment").click()

    assert await page.get_by_label("Hospital RJ2").is_checked()
    await page.get_by_role("link", name="Back", exact=True).click()
    assert await heading(page) == "What is your date of birth?"


# ---- for everybody


@pytest.mark.parametrize("width", [1100, 390])
async def test_every_page_of_the_journey_is_accessible(
    website: Website, address: str, page: Page, width: int
) -> None:
    await page.set_viewport_size({"width": width, "height": 900})
    found = {}

    async def look(name: str) -> None:
        found[name] = await violations(page) + await sideways(page)

    options = [option(f"RJ{n}") for n in range(1, 7)]
    unknown = option("RJ7", wait=None, distance_miles=None, next_place_on=None)
    link = address + await website.offer(offer=shortlisted(options=[*options, unknown]))
    await page.goto(link)
    await look("date of birth")
    await page.get_by_role("button", name="Continue").click()
    await look("date of birth, error")
    await give_birth_date(page, month="13")
    await look("date of birth, not real")
    await give_birth_date(page)
    await look("hospital")
    await page.get_by_role("button", name="Continue").click()
    await look("hospital, error")
    await page.locator("summary").click()
    await look("hospital, details open")
    await page.get_by_label("Hospital RJ2").check()
    await page.get_by_role("button", name="Continue").click()
    await look("check")
    await page.get_by_role("button", name="Confirm").click()
    await look("done")
    for path in ("/", "/accessibility", "/privacy", "/nothing-here", "/choose/unknown"):
        await page.goto(address + path)
        await look(path)

    assert {name: one for name, one in found.items() if one} == {}


async def sideways(page: Page) -> list[str]:
    wide = await page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )
    return ["the page is wider than the screen"] if wide else []


async def test_an_answer_that_was_given_is_shown_accessibly(
    website: Website, address: str, page: Page
) -> None:
    link = address + await website.offer()
    await page.goto(link)
    await give_birth_date(page)
    await page.get_by_label("Hospital RJ1").check()
    await page.get_by_role("button", name="Continue").click()
    second = await page.context.new_page()
    await second.goto(f"{link}/check")
    await page.get_by_role("button", name="Confirm").click()

    await second.get_by_role("button", name="Confirm").click()

    assert await heading(second) == "You have already answered"
    assert await violations(second) == []
    assert website.answers() == [CHOSEN]


# ---- what a name may do


PAYLOADS = [
    "<script>window.pwned=1</script>",
    '"><img src=x onerror=window.pwned=1>',
    "'><svg/onload=window.pwned=1>",
    "javascript:window.pwned=1",
    "</title></textarea></style></script><script>window.pwned=1</script>",
    '" autofocus onfocus=window.pwned=1 x="',
    "[[ options ]][% for x in y %]{{ 7 }}",
    "<a href=javascript:window.pwned=1>click</a>",
    "\u202e\u2066<b>\x00</b>&#60;script&#62;",
]


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_names_run_no_script(
    website: Website, address: str, page: Page, payload: str
) -> None:
    named = option("RJ1", provider_name=payload, site_name=f"{payload}!")
    link = await website.offer(
        contact=identity(given_name=payload, family_name=payload),
        offer=shortlisted(options=[named]),
    )
    await page.goto(address + link)
    await give_birth_date(page)
    await page.locator("#answer").check()
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_role("button", name="Confirm").click()

    assert await page.evaluate("window.pwned") is None


# ---- the sink


@pytest.fixture
async def sink(tmp_path: Path) -> AsyncIterator[Sink]:
    async with running(tmp_path) as started:
        yield started


async def test_the_sink_shows_messages_accessibly_and_runs_none_of_them(
    sink: Sink, page: Page
) -> None:
    for number, payload in enumerate(PAYLOADS):
        body = f"Dear {payload}\n\nhttps://choose.example/choose/{number}\n\nGoodbye"
        sink.mailbox.keep(Incoming("email", f"p{number}.x", ("a@example.com",), payload, body))
    sink.mailbox.keep(Incoming("sms", "p.x", ("07700900001",), "", "Asha, hello"))

    await page.goto(sink.url)

    assert await page.evaluate("window.pwned") is None
    assert await violations(page) == []
    assert await page.get_by_role("link", name="https://choose.example/choose/3").count() == 1
