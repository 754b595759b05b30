"""What trusts ask of a pathway, and of all of theirs."""

import re
from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from chassis.errors import Rejected
from chassis.faults import NOT_FOUND
from chassis.service import Runtime
from referral.api.paging import Cursor, Limit, link_to_next, place_in
from referral.asking import asked
from referral.domain.pathway import Pathway, PathwayStatus, as_seen
from referral.domain.story import Kind, Part, story
from referral.handlers.reading import Question, list_pathways, read_audit, read_pathway, read_story
from referral.repositories import place_of
from referral.views import PathwaySummary, PathwayView, View, known_from, pathway_view, summary

router = APIRouter(tags=["Pathways"])

READ: Final = re.compile(r"[0-9T:.+-]{20,40}\|[0-9a-f]{32}")

AsAt = Annotated[date | None, Query(description="How it stood on this day.")]
KnownOn = Annotated[date | None, Query(description="As far as was known on this day.")]
PathwayIdPath = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
MessageIdPath = Annotated[str, Path(min_length=1, max_length=128)]


class PathwayPage(View):
    """A page of a list; `next` is the cursor of the page that follows, null on the last."""

    pathways: list[PathwaySummary]
    next: str | None


@router.get("/pathways/{pathway_id}", summary="One pathway")
async def pathway(
    request: Request,
    pathway_id: PathwayIdPath,
    question: Annotated[Question, Depends(asked)],
    as_at: AsAt = None,
    as_known_on: KnownOn = None,
) -> PathwayView:
    """For the trusts that have to do with it. For all others there is no such pathway.

    `as_at` asks how the clock stood at the end of a day, `as_known_on` what was known of it by the
    end of a day; together they answer what was known on one day of another.
    """
    runtime: Runtime = request.app.state.runtime
    today = runtime.clock.today()
    as_at, known_on = as_at or today, as_known_on or today
    found = await runtime.units.run(read_pathway, pathway_id, question)
    if found is None or known_from(found) > known_on:
        raise Rejected([NOT_FOUND.fault()])
    return pathway_view(found, as_at=as_at, known_on=known_on)


class PartView(View):
    """A part of a story. `way_in` is `event` for what another part of the system told."""

    kind: Kind
    what: str
    effective_on: date
    recorded_at: str
    by: str
    way_in: str
    message_id: str | None
    withdrawn_at: str | None
    details: dict[str, Any]


class StoryView(PathwaySummary):
    """A pathway with everything that was told of it and that followed, in order."""

    as_at: date
    as_known_on: date
    story: list[PartView]


@router.get("/pathways/{pathway_id}/story", summary="The story of a pathway")
async def pathway_story(
    request: Request,
    pathway_id: PathwayIdPath,
    question: Annotated[Question, Depends(asked)],
    as_at: AsAt = None,
    as_known_on: KnownOn = None,
) -> StoryView:
    """Facts and periods of the clock, choice, appointments, transfers, and every message about it.

    Rejected messages too, as far as they said which pathway they are about. Each part has the day
    on which it took effect, since when it is known, who said it and by which way in; `as_at` and
    `as_known_on` ask as for the pathway.
    """
    runtime: Runtime = request.app.state.runtime
    today = runtime.clock.today()
    as_at, known_on = as_at or today, as_known_on or today
    seen, parts = await story_of(runtime, pathway_id, question, as_at, known_on)
    return StoryView(
        **summary(seen, as_at),
        as_at=as_at,
        as_known_on=known_on,
        story=[part_view(one) for one in parts],
    )


async def story_of(
    runtime: Runtime, pathway_id: str, question: Question, as_at: date, known_on: date
) -> tuple[Pathway, list[Part]]:
    """The pathway as it was seen, and its story; `Rejected` where there was none yet to see."""
    found = await runtime.units.run(read_story, pathway_id, question)
    if found is None or known_from(found[0]) > known_on:
        raise Rejected([NOT_FOUND.fault()])
    whole, messages, heard = found
    parts = story(whole, messages, heard, as_at=as_at, known_on=known_on)
    return as_seen(whole, as_at=as_at, known_on=known_on), parts


def part_view(part: Part) -> PartView:
    return PartView(
        kind=part.kind,
        what=part.what,
        effective_on=part.effective_on,
        recorded_at=part.recorded_at.isoformat(),
        by=part.by,
        way_in=part.way_in,
        message_id=part.message_id,
        withdrawn_at=part.withdrawn_at.isoformat() if part.withdrawn_at else None,
        details=dict(part.details),
    )


class ReadView(View):
    """A look at a pathway, or an attempt: who, why, what was asked, and whether it was given."""

    at: str
    organisation: str
    subject: str
    reason: str
    what: str
    given: bool
    request_id: str


class ReadsView(View):
    """A page of looks, the newest first."""

    pathway_id: str
    reads: list[ReadView]
    next: str | None


@router.get("/pathways/{pathway_id}/reads", summary="Who looked at a pathway")
async def pathway_reads(
    request: Request,
    response: Response,
    pathway_id: PathwayIdPath,
    question: Annotated[Question, Depends(asked)],
    cursor: Cursor = "",
    limit: Limit = 50,
) -> ReadsView:
    """Every look and every attempt, for the trusts that have to do with it and for who asks them."""
    runtime: Runtime = request.app.state.runtime
    before = place_in(cursor, READ)
    found = await runtime.units.run(read_audit, pathway_id, question, before, limit)
    if found is None:
        raise Rejected([NOT_FOUND.fault()])
    shown, more = found[:limit], len(found) > limit
    return ReadsView(
        pathway_id=pathway_id,
        reads=[
            ReadView(
                at=one.at.isoformat(),
                organisation=one.organisation,
                subject=one.subject,
                reason=one.reason,
                what=one.what,
                given=one.given,
                request_id=one.request_id,
            )
            for one, _ in shown
        ],
        next=link_to_next(request, response, shown[-1][1] if more else None),
    )


@router.get("/pathways", summary="The pathways of your organisation, longest waits first")
async def pathways(
    request: Request,
    response: Response,
    question: Annotated[Question, Depends(asked)],
    status: PathwayStatus | None = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> PathwayPage:
    """Those that your organisation has now, a page at a time."""
    runtime: Runtime = request.app.state.runtime
    after = place_in(cursor)
    wanted = status.value if status else None
    found = await runtime.units.run(list_pathways, question, wanted, after, limit)
    shown, more = found[:limit], len(found) > limit
    following = link_to_next(request, response, place_of(shown[-1]) if more else None)
    today = runtime.clock.today()
    lines = [PathwaySummary(**summary(one, today)) for one in shown]
    return PathwayPage(pathways=lines, next=following)
