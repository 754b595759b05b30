"""`GET /waiting-list`: who waits for an organisation, the longest first, as pages or as one file."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from chassis.errors import Rejected
from chassis.faults import BAD_REQUEST
from chassis.service import Runtime
from referral.api import tables
from referral.api.paging import Cursor, Limit, link_to_next, place_in
from referral.api.tables import AS_FILE, Format, Lines, streamed, wants_csv
from referral.asking import asked
from referral.domain.listing import (
    Choice,
    DeadlineKind,
    Starts,
    Wait,
    Waiting,
    band_of,
    starts_of,
)
from referral.domain.pathway import PathwayStatus
from referral.handlers.listing import Wanted, count_waiting_list, read_waiting_list
from referral.handlers.reading import Question
from referral.views import View

router = APIRouter(tags=["Waiting list"])


class DeadlineView(View):
    """`due_on` is the last day within the deadline."""

    kind: DeadlineKind
    due_on: date
    overdue: bool


class WaitingView(View):
    """Somebody who waits. Weeks are whole weeks; a band is over its first number of weeks."""

    pathway_id: str
    identifier: str
    issuer: str
    status: PathwayStatus
    treatment_function: str
    priority: str
    started_on: date
    days_waited: int
    weeks_waited: int
    band: Wait
    deadlines: list[DeadlineView]


class BandView(View):
    """How many wait longer than `over_weeks` weeks (0: since any day) and not longer than `up_to_weeks`."""

    band: Wait
    over_weeks: int
    up_to_weeks: int | None
    pathways: int


class WaitingListView(View):
    """A page of the list. `bands` count the whole of it and are at the head of the first page only."""

    as_at: date
    bands: list[BandView] | None
    pathways: list[WaitingView]
    next: str | None


def wanted(
    request: Request,
    band: Annotated[Wait | None, Query(description="Weeks waited.")] = None,
    treatment_function: Annotated[str | None, Query(pattern=r"^[0-9A-Z]{3}$")] = None,
    status: PathwayStatus | None = None,
    deadline: Annotated[DeadlineKind | None, Query(description="Has this date to keep.")] = None,
    due_by: Annotated[date | None, Query(description="The date to keep is no later.")] = None,
) -> Wanted:
    """A dependency: what is to be listed."""
    if due_by is not None and deadline is None:
        raise Rejected([BAD_REQUEST.fault("due_by needs a deadline.")])
    today = request.app.state.runtime.clock.today()
    starts = Starts() if band is None else starts_of(band, today)
    return Wanted(Choice(treatment_function, status, deadline, due_by), starts, today)


@router.get(
    "/waiting-list",
    summary="The waiting list of your organisation, longest waits first",
    response_model=WaitingListView,
    responses=AS_FILE,
)
async def waiting_list(
    request: Request,
    response: Response,
    question: Annotated[Question, Depends(asked)],
    wanted: Annotated[Wanted, Depends(wanted)],
    format: Format = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Any:
    """Patients whose clock ticks, with the dates to keep. Calendar days in London.

    A deadline of weeks is one for everybody: give `due_by` for those whose last day within it is
    on or before a day. With `Accept: text/csv`, or `format=csv`, the whole list is one file.
    """
    runtime: Runtime = request.app.state.runtime
    after = place_in(cursor)
    if wants_csv(request, format):
        return await list_file(runtime, question, wanted, after)
    shown, more = await runtime.units.run(read_waiting_list, question, wanted, after, limit, 0)
    return WaitingListView(
        as_at=wanted.today,
        bands=None if after else await bands_of(runtime, question.organisation, wanted),
        pathways=[view_of(one, wanted.today) for one in shown],
        next=link_to_next(request, response, place_of(shown[-1]) if more else None),
    )


async def bands_of(runtime: Runtime, organisation: str, wanted: Wanted) -> list[BandView]:
    """The counts at the head of a list."""
    counted = await runtime.units.read(count_waiting_list, organisation, wanted)
    return [
        BandView(
            band=band,
            over_weeks=band.over,
            up_to_weeks=band.up_to,
            pathways=number,
        )
        for band, number in counted
    ]


def place_of(waiting: Waiting) -> str:
    return f"{waiting.started_on.isoformat()}|{waiting.pathway_id}"


def view_of(waiting: Waiting, today: date) -> WaitingView:
    days = waiting.days(today)
    return WaitingView(
        pathway_id=waiting.pathway_id,
        identifier=waiting.identifier,
        issuer=waiting.issuer,
        status=waiting.status,
        treatment_function=waiting.treatment_function,
        priority=waiting.priority,
        started_on=waiting.started_on,
        days_waited=days,
        weeks_waited=waiting.weeks(today),
        band=band_of(days),
        deadlines=[
            DeadlineView(kind=one.kind, due_on=one.due_on, overdue=one.overdue)
            for one in waiting.deadlines(today)
        ],
    )


# ---- as a file


_COLUMNS: Final = (
    "pathway_id", "identifier", "issuer", "status", "treatment_function", "priority",
    "started_on", "days_waited", "weeks_waited", "band",
)  # fmt: skip


async def list_file(
    runtime: Runtime, question: Question, wanted: Wanted, after: str
) -> StreamingResponse:
    async def part(after: str, number: int) -> Lines:
        rows, more = await runtime.units.run(
            read_waiting_list, question, wanted, after, tables.PART, number
        )
        lines = [_row(one, wanted.today) for one in rows]
        return Lines(lines, place_of(rows[-1]) if more else None)

    name, columns = f"waiting-list-{wanted.today}", [*_COLUMNS, *DeadlineKind]
    return await streamed(name, columns, after, part)


def _row(waiting: Waiting, today: date) -> Sequence[Any]:
    shown = view_of(waiting, today)
    due = {one.kind: one.due_on for one in shown.deadlines}
    return (
        *(getattr(shown, name) for name in _COLUMNS),
        *(due.get(kind) for kind in DeadlineKind),
    )
