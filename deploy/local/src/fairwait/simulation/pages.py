"""A patient at the pages: opens the link of a message, gives a date of birth, chooses, confirms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from html.parser import HTMLParser
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import httpx2

from fairwait.world.decisions import Patient

STAY: Final = "stay"
ANSWER: Final = "answer"

Answer = str | None
"""The provider chosen; None for staying."""


class PageFailed(Exception):
    """A page did not answer as it should. The text names the step and never the patient."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """A message that asks somebody to choose."""

    pathway_id: str
    link: str
    birth_date: date


@dataclass(slots=True)
class Browser:
    """One visitor: keeps the cookie that the pages give and sends it back."""

    http: httpx2.AsyncClient
    link: str
    cookie: str = ""

    async def open(self, step: str) -> "Page":
        answer = await self.http.get(f"{self.link}{step}", headers=self._headers())
        return self._page(answer, step, 200)

    async def send(self, step: str, fields: Mapping[str, str], expected: int = 303) -> "Page":
        answer = await self.http.post(
            f"{self.link}{step}", data=dict(fields), headers=self._headers()
        )
        return self._page(answer, step, expected)

    def _headers(self) -> dict[str, str]:
        return {"cookie": self.cookie} if self.cookie else {}

    def _page(self, answer: httpx2.Response, step: str, expected: int) -> "Page":
        if answer.status_code != expected:
            raise PageFailed(f"the page {step or '/'} answered {answer.status_code}")
        if given := answer.headers.get("set-cookie"):
            self.cookie = given.partition(";")[0]
        return Page.of(answer.text)


@dataclass(slots=True)
class Page(HTMLParser):
    """The fields of a page's form: hidden ones, and the values of the radios by name."""

    hidden: dict[str, str] = field(default_factory=dict)
    radios: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)

    @classmethod
    def of(cls, html: str) -> "Page":
        page = cls()
        page.feed(html)
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "input":
            return
        given = {name: value or "" for name, value in attrs}
        match given.get("type"):
            case "hidden":
                self.hidden[given.get("name", "")] = given.get("value", "")
            case "radio":
                self.radios.setdefault(given.get("name", ""), []).append(given.get("value", ""))


async def answer(invitation: Invitation, patient: Patient, http: httpx2.AsyncClient) -> Answer:
    """Goes through all steps as a person would, and says what was answered."""
    browser = Browser(http, invitation.link)
    await _give_birth_date(browser, invitation.birth_date, mistypes=patient.mistypes)
    chosen = await _choose(browser, patient)
    page = await browser.open("/check")
    await browser.send("/check", page.hidden)
    return chosen


async def _give_birth_date(browser: Browser, birth_date: date, *, mistypes: bool) -> None:
    page = await browser.open("")
    if mistypes:
        wrong = {"day": "1", "month": "1", "year": str(birth_date.year - 1)}
        page = await browser.send("", {**page.hidden, **wrong}, expected=400)
    right = {
        "day": str(birth_date.day),
        "month": str(birth_date.month),
        "year": str(birth_date.year),
    }
    await browser.send("", {**page.hidden, **right})


async def _choose(browser: Browser, patient: Patient) -> Answer:
    page = await browser.open("/hospital")
    offered = page.radios.get(ANSWER, [])
    chosen = patient.chooses([one for one in offered if one != STAY])
    await browser.send("/hospital", {**page.hidden, ANSWER: chosen or STAY})
    return chosen


def browser_client() -> httpx2.AsyncClient:
    """Connections for many visitors. Each keeps their own cookie, so the client keeps none."""
    jar = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    return httpx2.AsyncClient(trust_env=False, timeout=60, cookies=jar, follow_redirects=False)
