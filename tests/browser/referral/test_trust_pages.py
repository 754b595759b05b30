"""The pages for staff of trusts in a real browser: by keyboard, without script, to WCAG 2.2 AA."""

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from chassis.errors import Rejected
from chassis.testing import published
from contracts.events import StayChosen
from contracts.submissions import (
    AttendanceRecorded,
    BookingRecorded,
    ClockReported,
    ReferralMade,
    TransferDecided,
)
from referral.handlers.offers import note_answer, note_shortlist
from tests.browser.journey import served, violations
from tests.unit.referral.builders import (
    CHOSEN,
    PATHWAY,
    STRANGER,
    TODAY,
    TRUST,
    UBRN,
    offer_shortlisted,
    received,
    referral_body,
)
from tests.unit.referral.site import Site, made
from tests.unit.referral.test_waiting_list import wait_for

pytestmark = pytest.mark.browser

STAYS = StayChosen.about(PATHWAY, shortlist_id="s-1")
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


async def tell(site: Site, day: tuple[int, int, int], kind: Any, id: str, **fields: Any) -> None:
    site.clock.instant = datetime(*day, 12, tzinfo=UTC)
    who = fields.pop("publisher", TRUST)
    given = {"pathway": {"identifier": UBRN, "issuer": "X09"}, **fields}
    message = received(kind.model_validate(given), publisher=who, message_id=id)
    with suppress(Rejected):
        await site.app.state.runtime.units.receive(message)


async def a_life(site: Site) -> None:
    """A pathway with an offer, a rejected report, a booking, a transfer and two periods."""
    await tell(site, (2025, 6, 3), ReferralMade, "m-1", **referral_body(received_on="2025-06-02"))
    units = site.app.state.runtime.units
    await units.run(note_shortlist, offer_shortlisted())
    await units.run(note_answer, published(STAYS))
    await tell(
        site, (2025, 7, 1), ClockReported, "x-1", rtt_status="30", effective_on="2025-07-01",
        publisher=STRANGER,
    )  # fmt: skip
    await tell(
        site, (2025, 8, 1), BookingRecorded, "b-1", reference="A/1", contact="1",
        local_start="2025-09-10T09:30:00", booked_on="2025-08-01",
    )  # fmt: skip
    await tell(
        site, (2025, 9, 11), AttendanceRecorded, "a-1", attended_on="2025-09-10", outcome="2",
        rtt_status="30",
    )  # fmt: skip
    await tell(
        site, (2025, 10, 2), ClockReported, "c-1", rtt_status="11", effective_on="2025-10-01",
        because="new_treatment",
    )  # fmt: skip
    await tell(
        site, (2026, 2, 20), TransferDecided, "t-1", reference="T1", receiving_provider=CHOSEN,
        decided_on="2026-02-19", reason="01",
    )  # fmt: skip


@pytest.fixture
async def trust(tmp_path: Path) -> Site:
    site = made(tmp_path)
    await a_life(site)
    site.clock.instant = datetime(2026, 3, 2, 12, tzinfo=UTC)
    for number in range(120):
        await wait_for(site, number, 7 * number)
    for number in range(60):
        changes = {"responsible_provider": STRANGER} if number % 2 else {}
        body = referral_body(
            pathway={"identifier": f"{900 + number:012d}", "issuer": "X09"},
            received_on=(TODAY - timedelta(days=400 if number % 3 else 1)).isoformat(),
            **changes,
        )
        message = received(ReferralMade.model_validate(body), message_id=f"r-{number}")
        with suppress(Rejected):
            await site.app.state.runtime.units.receive(message)
    return site


@pytest.fixture
async def address(trust: Site) -> AsyncIterator[str]:
    async with served(trust.app) as address:
        yield address


@pytest.fixture
async def page(browser: Browser, address: str) -> AsyncIterator[Page]:
    page = await browser.new_page(base_url=address)
    yield page
    await page.close()


async def sign_in(page: Page, trust: Site, reason: str = "validation") -> None:
    await page.goto("/pages/sign-in")
    await page.fill("#token", trust.token())
    await page.check(f"input[value={reason}]")
    await page.click("text=Sign in >> nth=-1")


def complaints_of(page: Page) -> list[str]:
    """Whatever the browser complains of from now on."""
    found: list[str] = []
    page.on("console", lambda said: found.append(said.text) if said.type != "log" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


PAGES = {
    "sign-in": "/pages/sign-in",
    "waiting-list": "/pages/waiting-list",
    "waiting-list-band": "/pages/waiting-list?band=52-65&status=waiting",
    "waiting-list-none": "/pages/waiting-list?treatment_function=100",
    "story": f"/pages/pathways/{PATHWAY}",
    "rejections": "/pages/rejections",
    "days": "/pages/days",
}
WRONG = {
    "waiting-list-wrong": "/pages/waiting-list?due_by=2026-03-01",
    "absent": f"/pages/pathways/{'0' * 32}",
    "days-wrong": "/pages/days?since=2026-03-01&until=2026-02-01",
}


@pytest.mark.parametrize("width", [1280, 390])
async def test_pages_meet_wcag_and_ask_nobody_else(
    page: Page, trust: Site, address: str, width: int
) -> None:
    await page.set_viewport_size({"width": width, "height": 900})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await sign_in(page, trust)
    complaints = complaints_of(page)

    for name, path in PAGES.items():
        await page.goto(path)
        assert await violations(page) == [], name
        assert not await page.evaluate(WIDER), name
    assert complaints == []
    for name, path in WRONG.items():
        await page.goto(path)
        assert await violations(page) == [], name
    assert all(url.startswith(address) for url in asked)


async def test_from_signing_in_to_a_story_by_keyboard_and_without_script(
    browser: Browser, trust: Site, address: str
) -> None:
    context = await browser.new_context(base_url=address, java_script_enabled=False)
    page = await context.new_page()

    await page.goto("/pages")
    await page.focus("#token")
    await page.keyboard.type(trust.token())
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/pages/waiting-list")
    assert await page.text_content("h1") == f"Waiting list of {TRUST}"
    await page.select_option("#band", "over-104")
    await page.focus("#due_by")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**band=over-104**")
    weeks = await page.locator("main tbody tr td:nth-child(2)").all_text_contents()
    assert [int(one) for one in weeks[1:]] == sorted(range(105, 120), reverse=True)
    await page.focus("main th[scope=row] a")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/pages/pathways/**")

    assert "The story of referral" in (await page.text_content("h1") or "")
    assert await page.locator("svg[role=img] rect.trust-running").count() == 1
    reasons = [one["state"]["reason"] for one in trust.store.collections["audit"].values()]
    assert set(reasons) == {"direct-care"}
    await context.close()


async def test_the_picture_says_what_the_table_says(page: Page, trust: Site) -> None:
    await sign_in(page, trust)

    await page.goto(f"/pages/pathways/{PATHWAY}")

    assert await page.locator("svg[role=img] .trust-stopped").count() == 1
    assert await page.locator("svg[role=img] .mark.trust-appointment").count() == 2
    assert await page.locator("svg[role=img] .mark.trust-transfer").count() == 1
    rows = await page.locator("main table tbody tr").all_text_contents()
    assert sum("Rejected" in one for one in rows) == 1
    assert "18 weeks" in (await page.text_content("main svg[role=img]") or "")


async def test_a_wrong_token_is_told_where_it_is_wrong(page: Page) -> None:
    await page.goto("/pages/sign-in")
    await page.fill("#token", "not a token")
    await page.check("input[value=audit]")

    await page.click("text=Sign in >> nth=-1")

    assert await page.get_attribute("#token", "aria-describedby")
    assert await violations(page) == []
    await page.click(".nhsuk-error-summary a")
    assert await page.evaluate("document.activeElement.id") == "token"
