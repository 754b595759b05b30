"""An appointment at another time: moved, or wished for and decided."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from contracts.codes import (
    APPOINTMENT_CANCELLATION_REASONS,
)
from referral.domain.appointments import (
    Appointment,
    ChangeRequest,
    Side,
    instant_of,
    replaced,
    request_of,
    with_request,
)
from referral.domain.diary.common import (
    Teller,
    Time,
    not_later,
    open_one,
    problems_of_reason,
)
from referral.domain.pathway import Pathway
from referral.domain.problems import Problem, ProblemCode
from referral.domain.steps import (
    ChangeAsked,
    ChangeDecided,
    Rebooked,
    Result,
    Step,
)


@dataclass(frozen=True, slots=True)
class Move:
    reference: str
    time: Time
    by: Side
    on: date
    reason: str


def rebook(pathway: Pathway, told: Move, by: Teller) -> Result:
    """The pathway with the appointment at another time. The clock goes on."""
    appointment = open_one(pathway, told.reference, by)
    if isinstance(appointment, Problem):
        return [appointment]
    starts_at = instant_of(told.time.local_start, told.time.starts_at)
    problems = [
        *([starts_at] if isinstance(starts_at, Problem) else []),
        *problems_of_reason(APPOINTMENT_CANCELLATION_REASONS, told.reason, told.on),
        *not_later(told.on, by, "/moved_on"),
    ]
    if problems or isinstance(starts_at, Problem):
        return problems
    return _moved(pathway, appointment, told, starts_at)


def _moved(pathway: Pathway, appointment: Appointment, told: Move, starts_at: datetime) -> Result:
    site = told.time.site or appointment.site
    if (appointment.starts_at, appointment.site) == (starts_at, site):
        return Step(pathway)
    own = f"own.{appointment.id}"
    moved = replace(appointment, starts_at=starts_at, site=site, session=own)
    left = appointment.session if appointment.session != own else None
    after_it = replace(pathway, appointments=replaced(pathway.appointments, moved))
    return Step(after_it, (Rebooked(moved, told.on, told.by, told.reason, left),))


def ask_for_change(pathway: Pathway, reference: str, request: ChangeRequest, by: Teller) -> Result:
    """The pathway with the wish for another time on record. The appointment stays."""
    appointment = open_one(pathway, reference, by)
    if isinstance(appointment, Problem):
        return [appointment]
    problems = [
        *problems_of_reason(APPOINTMENT_CANCELLATION_REASONS, request.reason, request.on),
        *not_later(request.on, by, "/requested_on"),
    ]
    if problems:
        return problems
    if request_of(appointment, request.id) is not None:
        return Step(pathway)
    asked = with_request(appointment, request)
    after_it = replace(pathway, appointments=replaced(pathway.appointments, asked))
    return Step(after_it, (ChangeAsked(asked, request),))


@dataclass(frozen=True, slots=True)
class ChangeDecision:
    reference: str
    request: str
    on: date
    granted: bool
    time: Time | None


def decide_change(pathway: Pathway, told: ChangeDecision, by: Teller) -> Result:
    """The pathway after a wish for another time was granted or refused."""
    appointment = open_one(pathway, told.reference, by)
    if isinstance(appointment, Problem):
        return [appointment]
    request = request_of(appointment, told.request)
    if request is None or request.granted is not None:
        return [Problem(ProblemCode.UNKNOWN_REQUEST, "/request")]
    if told.on < request.on:
        return [Problem(ProblemCode.BEFORE_REFERRAL, "/decided_on")]
    if told.on > by.today:
        return [Problem(ProblemCode.DATE_IN_FUTURE, "/decided_on")]
    decided = replace(request, granted=told.granted, decided_on=told.on)
    appointment = with_request(appointment, decided)
    kept = replace(pathway, appointments=replaced(pathway.appointments, appointment))
    answer = ChangeDecided(appointment, decided)
    if not told.granted:
        return Step(kept, (answer,))
    if told.time is None:
        return [Problem(ProblemCode.NEW_TIME_NEEDED, "/local_start")]
    move = Move(told.reference, told.time, "patient", told.on, request.reason)
    moved = rebook(kept, move, by)
    return Step(moved.pathway, (answer, *moved.told)) if isinstance(moved, Step) else moved
