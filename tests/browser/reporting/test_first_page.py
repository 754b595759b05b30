"""The first page draws its chart under the strict content security policy, also on a telephone."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Request

from reporting.domain.views import VIEWS
from reporting.releases import build_release
from reporting.settings import ReportingSection
from tests.browser.journey import served, violations
from tests.unit.reporting import stories
from tests.unit.reporting.memory import NOW, MemoryUnits, consume
from tests.unit.reporting.site import site

pytestmark = pytest.mark.browser

DAY = [*stories.day(seed=8, pathways=300), stories.core(), stories.winding()]


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[str]:
    units = MemoryUnits()
    await consume(units, stories.events_of(DAY), batch=500)
    section = ReportingSection(directory=tmp_path / "dataset", open=True)
    await build_release(units, section, today=NOW.date(), now=NOW)

    async with served(site(units, section)) as address:
        yield address


@pytest.fixture
async def page(browser: Browser, address: str) -> AsyncIterator[Page]:
    page = await browser.new_page(base_url=address)
    yield page
    await page.close()


def complaints_of(page: Page) -> list[str]:
    """Whatever the browser complains of from now on."""
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type != "log" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.extend(_failed(request)))
    return complaints


def _failed(request: Request) -> list[str]:
    # Whoever follows a link before the icon has come gives up on the icon, and that is all right.
    return [] if request.failure == "net::ERR_ABORTED" else [request.url]


@pytest.mark.parametrize("width", [1280, 390])
async def test_the_chart_is_drawn_and_the_browser_has_nothing_to_complain_of(
    page: Page, address: str, width: int
) -> None:
    await page.set_viewport_size({"width": width, "height": 900})
    complaints = complaints_of(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    await page.goto("/")
    await page.wait_for_selector("[data-drawn=yes]")

    assert complaints == []
    assert all(url.startswith(address) for url in asked)
    bars = page.locator(".chart svg .mark-rect path")
    assert await bars.count() > 10
    wider = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not await page.evaluate(wider)


@pytest.mark.parametrize("width", [1280, 390])
async def test_every_view_draws_its_chart_and_meets_wcag(
    page: Page, address: str, width: int
) -> None:
    await page.set_viewport_size({"width": width, "height": 900})
    complaints = complaints_of(page)
    wider = "document.documentElement.scrollWidth > document.documentElement.clientWidth"

    for name in VIEWS:
        await page.goto(f"/views/{name}")
        await page.wait_for_selector("[data-drawn=yes]")
        assert await violations(page) == [], name
        assert not await page.evaluate(wider), name

    assert complaints == []


async def test_a_figure_leads_to_an_event(page: Page) -> None:
    complaints = complaints_of(page)

    await page.goto("/")
    await page.click("table:has-text('Treated') tr:has-text('Treated') td.all a")
    await page.click("tbody th a")
    await page.click("main ul a")

    assert await page.text_content("h1") == "An event as it came"
    assert complaints == []


@pytest.mark.parametrize("width", [1280, 390])
async def test_pages_meet_wcag(page: Page, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 900})
    pathway = stories.pathway_id(1)
    paths = ["/", "/lineage/figure?state=booked", f"/lineage/pathways/{pathway}"]

    for path in [*paths, f"/events/referral.{pathway}.1", "/events/nothing"]:
        await page.goto(path)
        if path == "/":
            await page.wait_for_selector("[data-drawn=yes]")
        assert await violations(page) == [], path
