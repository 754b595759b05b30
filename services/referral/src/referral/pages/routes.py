"""The addresses of the pages. They ask the same handlers as the API, so both show the same."""

from collections.abc import Callable, Sequence
from datetime import date
from importlib.resources import files
from typing import Any, Final, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chassis.errors import Rejected
from chassis.faults import FORBIDDEN, Fault, status_of
from chassis.pages.assets import Assets
from chassis.pages.origin import from_our_pages
from chassis.service import Runtime
from chassis.tokens import Caller
from chassis.web import admitted
from referral.api.paging import link_to_next, place_in
from referral.api.pathways import PathwayIdPath, story_of
from referral.api.submissions import PLACE, rejections_file
from referral.api.waiting_list import bands_of, list_file, place_of
from referral.asking import SCOPES_OF_PUBLISHERS, Reason, days_between
from referral.domain.listing import Choice, DeadlineKind, Starts, Wait, starts_of
from referral.domain.pathway import PathwayStatus
from referral.handlers.counting import count_items, count_messages, rejected_of
from referral.handlers.listing import Wanted, read_waiting_list
from referral.pages.signing import LONGEST, PATH, Member, Reader, sign_in, sign_out
from referral.pages.views import LIST, Pages
from referral.repositories import Days

ROWS: Final = 50

F = TypeVar("F", bound="Filled")


class Filled(BaseModel):
    """What the boxes of a form hold; an empty box asks for nothing."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @classmethod
    def of(cls: type[F], request: Request) -> tuple[F, list[str]]:
        """The form, and what is wrong with it; what is wrong is left out."""
        given = {name: value for name, value in request.query_params.items() if value}
        try:
            return cls.model_validate(given), []
        except ValidationError as error:
            wrong = {str(one["loc"][0]) for one in error.errors() if one["loc"]}
            kept = {name: value for name, value in given.items() if name not in wrong}
            named = (cls.model_fields[name].title or name for name in sorted(wrong))
            return cls.model_validate(kept), [f"{name} is not in its form" for name in named]


class Filters(Filled):
    band: Wait | None = Field(None, title="Weeks waited")
    treatment_function: str | None = Field(
        None, pattern=r"^[0-9A-Z]{3}$", title="Treatment function"
    )
    status: PathwayStatus | None = Field(None, title="Status")
    deadline: DeadlineKind | None = Field(None, title="Has a date to keep")
    due_by: date | None = Field(None, title="Date to keep is no later than")

    def asked(self) -> dict[str, str]:
        return {name: str(value) for name, value in self if value is not None}

    def wanted(self, today: date) -> Wanted:
        starts = Starts() if self.band is None else starts_of(self.band, today)
        choice = Choice(self.treatment_function, self.status, self.deadline, self.due_by)
        return Wanted(choice, starts, today)


class TwoDays(Filled):
    as_at: date | None = Field(None, title="How it stood on")
    as_known_on: date | None = Field(None, title="As far as was known on")


class Between(Filled):
    since: date | None = Field(None, title="From")
    until: date | None = Field(None, title="To")


def router(pages: Pages, *, secure: bool) -> APIRouter:
    """The pages; `secure` cookies are for https alone."""
    routes = APIRouter(include_in_schema=False)
    assets = Assets.load(files("referral.pages") / "static")
    routes.add_api_route("/assets/{path:path}", assets.serve, methods=["GET", "HEAD"])

    # ---- signing in

    @routes.get(PATH)
    async def first() -> Response:
        return _to(LIST)

    @routes.get(f"{PATH}/sign-in")
    async def ask_to_sign_in() -> Response:
        return HTMLResponse(pages.sign_in())

    @routes.post(f"{PATH}/sign-in")
    async def take_sign_in(request: Request) -> Response:
        given = await _fields(request)
        token, reason = given.get("token", "").strip(), given.get("reason", "")
        if not token:
            return HTMLResponse(pages.sign_in("Enter your access token", "token"), 400)
        if reason not in set(Reason):
            wrong = "Select why you read the data of patients"
            return HTMLResponse(pages.sign_in(wrong, "reason"), 400)
        if len(token) > LONGEST or not await _is_good(request, token):
            wrong = "The access token is not valid, or not any more"
            return HTMLResponse(pages.sign_in(wrong, "token"), 400)
        response = _to(LIST)
        sign_in(response, token, Reason(reason), secure=secure)
        return response

    @routes.post(f"{PATH}/sign-out")
    async def take_sign_out(request: Request) -> Response:
        await _fields(request)
        response = _to(f"{PATH}/sign-in")
        sign_out(response)
        return response

    # ---- the waiting list

    @routes.get(LIST)
    async def waiting_list(request: Request, question: Reader) -> Response:
        runtime: Runtime = request.app.state.runtime
        today, after = runtime.clock.today(), place_in(request.query_params.get("cursor", ""))
        filters, errors = Filters.of(request)
        if filters.due_by is not None and filters.deadline is None:
            errors.append("Select which date to keep")
        if errors:
            html = pages.waiting_list(
                question.organisation, filters.asked(), [], None, None, today, errors
            )
            return HTMLResponse(html, 400)
        wanted = filters.wanted(today)
        if request.query_params.get("format") == "csv":
            return await list_file(runtime, question, wanted, after)
        rows, more = await runtime.units.run(read_waiting_list, question, wanted, after, ROWS, 0)
        bands = None if after else await bands_of(runtime, question.organisation, wanted)
        following = link_to_next(request, Response(), place_of(rows[-1]) if more else None)
        return HTMLResponse(
            pages.waiting_list(
                question.organisation, filters.asked(), rows, bands, following, today, []
            )
        )

    # ---- a pathway

    @routes.get(f"{PATH}/pathways/{{pathway_id}}")
    async def pathway(request: Request, pathway_id: PathwayIdPath, question: Reader) -> Response:
        runtime: Runtime = request.app.state.runtime
        asked, _ = TwoDays.of(request)
        today = runtime.clock.today()
        as_at, known_on = asked.as_at or today, asked.as_known_on or today
        seen, parts = await story_of(runtime, pathway_id, question, as_at, known_on)
        return HTMLResponse(pages.story(question.organisation, seen, parts, as_at, known_on))

    # ---- messages

    @routes.get(f"{PATH}/rejections")
    async def rejections(request: Request, caller: Member) -> Response:
        runtime: Runtime = request.app.state.runtime
        _check_publisher(caller)
        days, errors = _days(request)
        after = place_in(request.query_params.get("cursor", ""), PLACE)
        if request.query_params.get("format") == "csv" and not errors:
            return await rejections_file(runtime, caller.organisation, days, after)
        found, more = await runtime.units.read(rejected_of, caller.organisation, days, after, ROWS)
        following = link_to_next(request, Response(), found[-1][1] if more else None)
        entries = [entry for entry, _ in found]
        html = pages.rejections(caller.organisation, days, entries, following, errors)
        return HTMLResponse(html, 400 if errors else 200)

    @routes.get(f"{PATH}/days")
    async def by_day(request: Request, caller: Member) -> Response:
        units = request.app.state.runtime.units
        _check_publisher(caller)
        days, errors = _days(request)
        counted = await units.read(count_messages, caller.organisation, days)
        complete = await units.read(count_items, caller.organisation, days)
        html = pages.days(caller.organisation, days, counted, complete, errors)
        return HTMLResponse(html, 400 if errors else 200)

    return routes


def error_page(pages: Pages) -> Callable[[Request, Sequence[Fault]], Response | None]:
    """What a person sees when a page cannot be shown; whoever is not signed in may do so."""

    def page(request: Request, faults: Sequence[Fault]) -> Response | None:
        if not request.url.path.startswith(PATH):
            return None
        status = status_of(faults)
        if status == 401:
            return _to(f"{PATH}/sign-in")
        return HTMLResponse(pages.problem([fault.message for fault in faults]), status)

    return page


async def _is_good(request: Request, token: str) -> bool:
    try:
        await admitted(request, token)
    except Rejected as refusal:
        if status_of(refusal.faults) != 401:
            raise
        return False
    return True


def _check_publisher(caller: Caller) -> None:
    if not caller.scopes & SCOPES_OF_PUBLISHERS:
        raise Rejected([FORBIDDEN.fault()])


def _days(request: Request) -> tuple[Days, list[str]]:
    asked, errors = Between.of(request)
    today = request.app.state.runtime.clock.today()
    try:
        return days_between(asked.since, asked.until, today), errors
    except Rejected as refusal:
        return days_between(None, None, today), [one.message for one in refusal.faults]


async def _fields(request: Request) -> dict[str, str]:
    """What a form of ours was sent with; one of somebody else's is refused."""
    if not from_our_pages(request):
        raise Rejected([FORBIDDEN.fault()])
    form: Any = await request.form(max_files=0, max_fields=10)
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _to(path: str) -> Response:
    return RedirectResponse(path, 303)
