"""What became of the messages that came in: one by one, and the rejected ones."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import StreamingResponse

from chassis.errors import Rejected
from chassis.faults import NOT_FOUND
from chassis.service import Runtime
from chassis.tokens import Caller
from chassis.web import organisation
from referral.api import tables
from referral.api.paging import Cursor, Limit, link_to_next, place_in
from referral.api.tables import AS_FILE, Format, Lines, streamed, wants_csv
from referral.asking import OnDays, Publisher
from referral.domain.telling import Verdict
from referral.handlers.counting import rejected_of
from referral.handlers.reading import outcome_of
from referral.repositories import Days, Entry
from referral.views import View

router = APIRouter(tags=["Submissions"])

MessageIdPath = Annotated[str, Path(min_length=1, max_length=128)]

PLACE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\|[0-9T:.+-]{20,40}\|[0-9a-f]{32}")


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


# ---- one message


@router.get("/submissions/{message_id}", summary="What became of a message of yours")
async def submission(
    request: Request,
    message_id: MessageIdPath,
    caller: Annotated[Caller, Depends(organisation("referral.write"))],
) -> SubmissionView:
    """By the id that you gave it: X-Request-Id over HTTP, the CloudEvents id on Kafka."""
    runtime: Runtime = request.app.state.runtime
    entry = await runtime.units.read(outcome_of, caller.organisation, message_id)
    if entry is None:
        raise Rejected([NOT_FOUND.fault()])
    return submission_view(entry)


def submission_view(entry: Entry) -> SubmissionView:
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
                pointer=fault.place,
                message=fault.message,
            )
            for fault in entry.faults
        ],
    )


# ---- the rejected ones


class RejectionsView(View):
    """A page of the rejected messages, the newest first."""

    publisher: str
    since: date
    until: date
    submissions: list[SubmissionView]
    next: str | None


@router.get(
    "/rejections",
    summary="The messages of your organisation that were rejected, and why",
    response_model=RejectionsView,
    responses=AS_FILE,
)
async def rejections(
    request: Request,
    response: Response,
    publisher: Publisher,
    days: OnDays,
    format: Format = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Any:
    """Of the London days from `since` to `until`. No value that was sent is repeated.

    With `Accept: text/csv`, or `format=csv`, all of them are one file, a row for each problem.
    """
    runtime: Runtime = request.app.state.runtime
    after = place_in(cursor, PLACE)
    if wants_csv(request, format):
        return await rejections_file(runtime, publisher, days, after)
    found, more = await runtime.units.read(rejected_of, publisher, days, after, limit)
    return RejectionsView(
        publisher=publisher,
        since=days[0],
        until=days[1],
        submissions=[submission_view(entry) for entry, _ in found],
        next=link_to_next(request, response, found[-1][1] if more else None),
    )


async def rejections_file(
    runtime: Runtime, publisher: str, days: Days, after: str
) -> StreamingResponse:
    async def part(after: str, _: int) -> Lines:
        found, more = await runtime.units.read(rejected_of, publisher, days, after, tables.PART)
        lines = [line for entry, _ in found for line in _lines(submission_view(entry))]
        return Lines(lines, found[-1][1] if more else None)

    name = f"rejections-{days[0]}-{days[1]}"
    return await streamed(name, _REJECTION_COLUMNS, after, part)


_REJECTION_COLUMNS: Final = (
    "received_at", "message_id", "type", "way_in", "code", "pointer", "message",
)  # fmt: skip


def _lines(one: SubmissionView) -> list[Sequence[Any]]:
    told = (one.received_at, one.message_id, one.type, one.way_in)
    return [(*told, problem.code, problem.pointer, problem.message) for problem in one.problems]
