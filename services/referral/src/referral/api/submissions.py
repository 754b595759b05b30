"""What became of the messages that came in."""

from collections import defaultdict
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from chassis.errors import Rejected
from chassis.faults import NOT_FOUND
from chassis.service import Runtime
from chassis.tokens import Caller
from chassis.web import organisation
from referral.domain.pathway import PathwayStatus
from referral.handlers.reading import outcome_of
from referral.repositories import Verdict, statuses, verdicts
from referral.views import View

router = APIRouter(tags=["Submissions"])

PathwayIdPath = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
MessageIdPath = Annotated[str, Path(min_length=1, max_length=128)]


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
