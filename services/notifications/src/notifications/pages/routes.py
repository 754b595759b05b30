"""The journey: date of birth, hospital, check, done. Only a POST changes anything.

A link that is unknown, replaced, expired, locked or used up gives one and the same page.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeAlias

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from chassis.clock import Clock
from chassis.pages.assets import Assets
from chassis.pages.origin import from_our_pages
from chassis.units import Units
from notifications import handlers as do
from notifications.domain import links
from notifications.domain.choice import Choice, Open, can_answer
from notifications.pages.forms import PARTS, Mistake, birth_date
from notifications.pages.views import STAY, Pages
from notifications.pages.visits import Form, Visit, Visits, answering
from notifications.work import NotificationsWork

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}

SELECT = "Select where you want to have your treatment"


@dataclass(frozen=True, slots=True)
class Found:
    """Where a link leads."""

    link: str
    path: str
    pathway_id: str
    choice: Choice


@dataclass(frozen=True, slots=True)
class Journey:
    """Everything the routes need. `wall` is the real time, by which visits end."""

    units: Units
    pages: Pages
    visits: Visits
    clock: Clock
    wall: Clock

    # ---- date of birth

    async def ask_birth_date(self, request: Request, token: str) -> Response:
        found = await self._find(token)
        if found is None:
            return self._unusable()
        if found.choice.answer and self._visit(request, found):
            return _to(f"{found.path}/done")
        if not self._answerable(found):
            return self._unusable()
        return _page(self.pages.birth_date(self._birth_date_form(found)))

    async def take_birth_date(self, request: Request, token: str) -> Response:
        found = await self._find(token)
        if found is None or not self._answerable(found):
            return self._unusable()
        given = await _fields(request)
        if not self._sent_by_us(request, given, "birth-date", found.link):
            return self._refused()

        day, month, year = (given.get(part, "") for part in PARTS)
        born = birth_date(day, month, year, self.clock.today())
        if isinstance(born, Mistake):
            return self._birth_date_again(found, given, born)
        return await self._check_birth_date(found, given, born)

    async def _check_birth_date(
        self, found: Found, given: Mapping[str, str], born: date
    ) -> Response:
        shortlist = found.choice.shortlist_id
        if await self.units.run(do.check_birth_date, found.pathway_id, shortlist, born):
            visit = self.visits.begin(found.link, self.wall.now())
            return self._to_with(f"{found.path}/hospital", visit, found)

        current = await self._current(found)
        if current is None or not self._answerable(current):
            return self._unusable()
        return self._birth_date_again(current, given, _wrong(current.choice))

    def _birth_date_again(
        self, found: Found, given: Mapping[str, str], mistake: Mistake
    ) -> Response:
        form = self._birth_date_form(found)
        return _page(self.pages.birth_date(form, given, mistake), 400)

    def _birth_date_form(self, found: Found) -> str:
        return self.visits.form("birth-date", found.link)

    # ---- hospital

    async def ask_hospital(self, request: Request, token: str) -> Response:
        found = await self._find(token)
        if found is None:
            return self._unusable()
        visit = self._visit(request, found)
        if visit is None or not self._answerable(found):
            return _to(found.path)
        return self._hospital(found, visit)

    async def take_hospital(self, request: Request, token: str) -> Response:
        found = await self._find(token)
        if found is None:
            return self._unusable()
        visit = self._visit(request, found)
        given = await _fields(request)
        if visit is None or not self._sent_by_us(request, given, "hospital", visit.id):
            return self._refused()
        if not self._answerable(found):
            return _to(found.path)

        answer = given.get("answer", "")
        if answer != STAY and found.choice.option(answer) is None:
            return self._hospital(found, visit, SELECT)
        return self._to_with(f"{found.path}/check", answering(visit, answer), found)

    def _hospital(self, found: Found, visit: Visit, error: str = "") -> Response:
        form = self.visits.form("hospital", visit.id)
        html = self.pages.hospital(found.choice, found.path, form, visit.answer, error)
        return _page(html, 400 if error else 200)

    # ---- check and confirm

    async def ask_to_check(self, request: Request, token: str) -> Response:
        found = await self._find(token)
        if found is None:
            return self._unusable()
        visit = self._visit(request, found)
        if visit is None or not self._answerable(found):
            return _to(found.path)
        if not visit.answer:
            return _to(f"{found.path}/hospital")
        form = self.visits.form("check", visit.id)
        return _page(self.pages.check(found.choice, found.path, form, visit.answer))

    async def confirm(self, request: Request, token: str) -> Response:
        found = await self._find(token)
        if found is None:
            return self._unusable()
        visit = self._visit(request, found)
        given = await _fields(request)
        if visit is None or not self._sent_by_us(request, given, "check", visit.id):
            return self._refused()
        if not visit.answer:
            return _to(f"{found.path}/hospital")

        fresh = self._answerable(found)
        provider = None if visit.answer == STAY else visit.answer
        await self.units.run(do.take_answer, found.pathway_id, found.choice.shortlist_id, provider)
        return self._to_with(f"{found.path}/done", replace(visit, done=fresh), found)

    async def show_done(self, request: Request, token: str) -> Response:
        """The answer, to the browser that gave the date of birth; once as news, then as it was."""
        found = await self._find(token)
        if found is None:
            return self._unusable()
        visit, answer = self._visit(request, found), found.choice.answer
        if visit is None or answer is None:
            return _to(found.path)
        return _page(self.pages.done(found.choice, answer, fresh=visit.done))

    # ---- parts

    async def _find(self, token: str) -> Found | None:
        link = links.fingerprint(token)
        known = await self.units.read(_by_link, link)
        if known is None:
            return None
        pathway_id, choice = known
        return Found(link, f"/choose/{token}", pathway_id, choice)

    async def _current(self, found: Found) -> Found | None:
        known = await self.units.read(_by_link, found.link)
        return replace(found, choice=known[1]) if known else None

    def _answerable(self, found: Found) -> bool:
        return can_answer(found.choice, self.clock.today())

    def _visit(self, request: Request, found: Found) -> Visit | None:
        return self.visits.of(request, found.link, self.wall.now())

    def _sent_by_us(self, request: Request, given: Mapping[str, str], form: Form, of: str) -> bool:
        return from_our_pages(request) and self.visits.is_form(given.get("form", ""), form, of)

    def _to_with(self, path: str, visit: Visit, found: Found) -> Response:
        response = _to(path)
        self.visits.keep(response, visit, found.path)
        return response

    def _unusable(self) -> Response:
        return _page(self.pages.plain("unusable"), 404)

    def _refused(self) -> Response:
        return _page(self.pages.plain("refused"), 403)


Step: TypeAlias = Callable[[Journey, Request, str], Awaitable[Response]]


async def _by_link(link: str, work: NotificationsWork) -> tuple[str, Choice] | None:
    known = await work.patients.by_link(link)
    if known is None or known[1].choice is None:
        return None
    return known[0], known[1].choice


def _wrong(choice: Choice) -> Mistake:
    tries = choice.state.tries if isinstance(choice.state, Open) else 0
    left = links.TRIES - tries
    times = "once more" if left == 1 else f"{left} more times"
    return Mistake(
        f"The date of birth does not match the person we wrote to. You can try {times}", PARTS
    )


async def _fields(request: Request) -> dict[str, str]:
    form = await request.form(max_files=0, max_fields=10)
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _page(html: str, status: int = 200) -> Response:
    return HTMLResponse(html, status, HEADERS)


def _to(path: str) -> Response:
    return RedirectResponse(path, 303, HEADERS)


def router(journey_of: Callable[[Request], Journey], assets: Assets) -> APIRouter:
    """The routes. `journey_of` finds the wiring of the app that a request came to."""
    routes = APIRouter(include_in_schema=False)

    def step(path: str, method: str, take: Step) -> None:
        async def answer(request: Request, token: str) -> Response:
            return await take(journey_of(request), request, token)

        methods = ["GET", "HEAD"] if method == "GET" else [method]
        routes.add_api_route(f"/choose/{{token}}{path}", answer, methods=methods)

    def plain(path: str, page: str) -> None:
        async def answer(request: Request) -> Response:
            return _page(journey_of(request).pages.plain(page))

        routes.add_api_route(path, answer, methods=["GET", "HEAD"])

    step("", "GET", Journey.ask_birth_date)
    step("", "POST", Journey.take_birth_date)
    step("/hospital", "GET", Journey.ask_hospital)
    step("/hospital", "POST", Journey.take_hospital)
    step("/check", "GET", Journey.ask_to_check)
    step("/check", "POST", Journey.confirm)
    step("/done", "GET", Journey.show_done)
    plain("/", "start")
    plain("/accessibility", "accessibility")
    plain("/privacy", "privacy")
    routes.add_api_route("/assets/{path:path}", assets.serve, methods=["GET", "HEAD"])
    return routes
