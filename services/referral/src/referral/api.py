"""What trusts and operators ask: a pathway, their pathways, what became of a message, the counts."""

import base64
import binascii
import re
from collections import defaultdict
from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from chassis.errors import Rejected
from chassis.faults import BAD_REQUEST, NOT_FOUND
from chassis.service import Runtime
from chassis.tokens import Caller
from chassis.web import organisation
from referral.asking import asked
from referral.domain.pathway import Pathway, PathwayStatus
from referral.handlers.reading import Question, list_pathways, outcome_of, read_pathway
from referral.repositories import Verdict, place_of, statuses, verdicts

router = APIRouter(tags=["Pathways"])

PathwayIdPath = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
MessageIdPath = Annotated[str, Path(min_length=1, max_length=128)]


class View(BaseModel):
    """A JSON answer."""

    model_config = ConfigDict(frozen=True)


class PatientView(View):
    nhs_number: str
    given_name: str
    family_name: str
    birth_date: date
    sex: str


class PeriodView(View):
    """An RTT period; open while `stopped_on` is null."""

    started_on: date
    start_status: str
    stopped_on: date | None
    stop_status: str | None


class RightView(View):
    """The decision on the right to choose, and the versions it was made under."""

    decision: str
    applies: bool
    rule_set: str
    policy_text: str
    evidence: dict[str, str]


class ShortlistView(View):
    shortlist_id: str
    options: int | None
    offered_on: date | None
    respond_by: date | None
    answer: str | None
    answered_on: date | None
    answered_by: str | None
    outcome: str | None
    provider: str | None


class AppointmentView(View):
    """`local_start` is the wall clock in Europe/London, `starts_at` the instant."""

    appointment_id: str
    provider: str
    site: str
    booked_on: date
    local_start: str | None
    starts_at: str | None
    attended_on: date | None


class PathwaySummary(View):
    """A line of a trust's list. `days_waited` are calendar dates to today or to the stop."""

    pathway_id: str
    identifier: str
    issuer: str
    status: PathwayStatus
    provider: str
    treatment_function: str
    started_on: date
    days_waited: int


class PathwayView(PathwaySummary):
    """Everything of a pathway that its trusts may see."""

    patient: PatientView
    responsible_provider: str
    referring_organisation: str | None
    priority: str
    received_on: date
    source_of_referral: str | None
    source_validity: str
    right_to_choose: RightView
    periods: list[PeriodView]
    shortlists: list[ShortlistView]
    appointments: list[AppointmentView]


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
    request: Request, pathway_id: PathwayIdPath, question: Annotated[Question, Depends(asked)]
) -> PathwayView:
    """For the trusts that have to do with it. For all others there is no such pathway."""
    runtime: Runtime = request.app.state.runtime
    found = await runtime.units.run(read_pathway, pathway_id, question)
    if found is None:
        raise Rejected([NOT_FOUND.fault()])
    return _pathway_view(found, runtime.clock.today())


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
    lines = [PathwaySummary(**_summary(one, today)) for one in shown]
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


def _summary(pathway: Pathway, today: date) -> dict[str, Any]:
    return {
        "pathway_id": pathway.id,
        "identifier": pathway.referral.identifier,
        "issuer": pathway.referral.issuer,
        "status": pathway.status,
        "provider": pathway.provider,
        "treatment_function": pathway.referral.treatment_function,
        "started_on": pathway.started_on,
        "days_waited": pathway.days_waited(today) or 0,
    }


def _pathway_view(pathway: Pathway, today: date) -> PathwayView:
    person, referral, right = pathway.person, pathway.referral, pathway.right
    return PathwayView(
        **_summary(pathway, today),
        patient=PatientView(
            nhs_number=str(person.nhs_number),
            given_name=person.given_name,
            family_name=person.family_name,
            birth_date=person.birth_date,
            sex=person.sex,
        ),
        responsible_provider=referral.responsible_provider,
        referring_organisation=referral.referring_organisation,
        priority=referral.priority,
        received_on=referral.received_on,
        source_of_referral=referral.source.code,
        source_validity=referral.source.validity.value,
        right_to_choose=RightView(
            decision=right.decision.value,
            applies=right.applies,
            rule_set=right.rule_set,
            policy_text=right.policy_text,
            evidence=right.evidence,
        ),
        periods=[PeriodView.model_validate(one, from_attributes=True) for one in _periods(pathway)],
        shortlists=[
            ShortlistView.model_validate(one, from_attributes=True) for one in pathway.shortlists
        ],
        appointments=[_appointment_view(one) for one in pathway.appointments],
    )


def _periods(pathway: Pathway) -> Any:
    return pathway.history.periods


def _appointment_view(appointment: Any) -> AppointmentView:
    local, instant = appointment.local_start, appointment.starts_at
    return AppointmentView(
        appointment_id=appointment.id,
        provider=appointment.provider,
        site=appointment.site,
        booked_on=appointment.booked_on,
        local_start=local.isoformat() if local else None,
        starts_at=instant.isoformat() if instant else None,
        attended_on=appointment.attended.on if appointment.attended else None,
    )


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
