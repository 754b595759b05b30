"""What trusts and operators ask: a pathway, their pathways, what became of a message, the counts."""

import base64
import binascii
import re
from collections import defaultdict
from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from chassis.errors import Rejected
from chassis.faults import BAD_REQUEST, NOT_FOUND
from chassis.service import Runtime
from chassis.tokens import Caller
from chassis.web import organisation
from referral.asking import asked
from referral.domain.pathway import PathwayStatus
from referral.handlers.reading import Question, list_pathways, outcome_of, read_pathway
from referral.repositories import Verdict, place_of, statuses, verdicts
from referral.views import PathwaySummary, PathwayView, View, known_from, pathway_view, summary

router = APIRouter(tags=["Pathways"])

PathwayIdPath = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
MessageIdPath = Annotated[str, Path(min_length=1, max_length=128)]


class PathwayPage(View):
    """A page of a list; `next` is the cursor of the page that follows, null on the last."""

    pathways: list[PathwaySummary]
    next: str | None


class ProblemView(View):
    code: str
    pointer: str
    message: str


class SubmissionView(View):
    """What became of a message. `pathway_id` when it was accepted, `problems` when not."""

    message_id: str
    type: str
    way_in: str
    received_at: str
    verdict: Verdict
    pathway_id: str | None
    problems: list[ProblemView]


class Count(View):
    accepted: int = 0
    rejected: int = 0


class Counts(View):
    """Submissions of a day, or of all days, and the pathways there are now by state."""

    accepted: int
    rejected: int
    publishers: dict[str, Count]
    pathways: dict[str, int]


# ---- pathways


@router.get("/pathways/{pathway_id}", summary="One pathway")
async def pathway(
    request: Request,
    pathway_id: PathwayIdPath,
    question: Annotated[Question, Depends(asked)],
    as_at: Annotated[date | None, Query(description="How it stood on this day.")] = None,
    as_known_on: Annotated[
        date | None, Query(description="As far as was known on this day.")
    ] = None,
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


@router.get("/pathways", summary="The pathways of your organisation, longest waits first")
async def pathways(
    request: Request,
    response: Response,
    question: Annotated[Question, Depends(asked)],
    status: PathwayStatus | None = None,
    cursor: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> PathwayPage:
    """Those that your organisation has now, a page at a time."""
    runtime: Runtime = request.app.state.runtime
    after = _place(cursor)
    wanted = status.value if status else None
    found = await runtime.units.run(list_pathways, question, wanted, after, limit)
    shown, more = found[:limit], len(found) > limit
    following = _cursor(place_of(shown[-1])) if more else None
    if following:
        address = request.url.include_query_params(cursor=following)
        response.headers["link"] = f'<{address.path}?{address.query}>; rel="next"'
    today = runtime.clock.today()
    lines = [PathwaySummary(**summary(one, today)) for one in shown]
    return PathwayPage(pathways=lines, next=following)


_PLACE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\|[0-9a-f]{32}")


def _cursor(place: str) -> str:
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _place(cursor: str) -> str:
    if not cursor:
        return ""
    try:
        place = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        place = ""
    if _PLACE.fullmatch(place) is None:
        raise Rejected([BAD_REQUEST.fault("This cursor is none of ours.")])
    return place


# ---- submissions


@router.get("/submissions/{message_id}", summary="What became of a message of yours")
async def submission(
    request: Request,
    message_id: MessageIdPath,
    caller: Annotated[Caller, Depends(organisation("referral.write"))],
) -> SubmissionView:
    """By the id that you gave it: X-Request-Id over HTTP, the CloudEvents id on Kafka."""
    runtime: Runtime = request.app.state.runtime
    entry, _ = await runtime.units.read(outcome_of, caller.organisation, message_id)
    if entry is None:
        raise Rejected([NOT_FOUND.fault()])
    return SubmissionView(
        message_id=entry.message_id,
        type=entry.type,
        way_in=entry.way_in,
        received_at=entry.received_at.isoformat(),
        verdict=entry.verdict,
        pathway_id=entry.pathway_id,
        problems=[
            ProblemView(
                code=fault.code,
                pointer=fault.pointer or fault.expression or fault.header,
                message=fault.message,
            )
            for fault in entry.faults
        ],
    )


@router.get("/counts", summary="Submissions and pathways, for the balance")
async def counts(
    request: Request,
    caller: Annotated[Caller, Depends(organisation("ops"))],
    day: date | None = None,
) -> Counts:
    """Submissions by publisher, of one London day or of all; pathways by state, as they are now."""
    runtime: Runtime = request.app.state.runtime
    found = await verdicts(runtime.mongo, day.isoformat() if day else None)
    publishers: dict[str, dict[str, int]] = defaultdict(dict)
    for publisher, verdict, number in found:
        publishers[publisher][verdict] = number
    return Counts(
        accepted=sum(number for _, verdict, number in found if verdict == "accepted"),
        rejected=sum(number for _, verdict, number in found if verdict == "rejected"),
        publishers={name: Count(**numbers) for name, numbers in publishers.items()},
        pathways=await statuses(runtime.mongo, [status.value for status in PathwayStatus]),
    )
