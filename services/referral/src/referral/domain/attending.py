"""A visit of the patient, and what it did to the clock."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from referral.domain import clock as rtt
from referral.domain.appointments import (
    Appointment,
    Attended,
    as_attended,
    attended_appointment,
    replaced,
)
from referral.domain.pathway import Pathway, appointment_id
from referral.domain.problems import Problem, ProblemCode
from referral.domain.steps import Result, Seen, Step, problems_of, with_facts


@dataclass(frozen=True, slots=True)
class Attendance:
    """What a provider says of a visit."""

    provider: str
    on: date
    attendance: str
    outcome: str
    rtt_status: str
    message_id: str
    recorded_at: datetime


def attend(pathway: Pathway, visit: Attendance, today: date) -> Result:
    """The pathway after the visit, or everything that is wrong with it."""
    if pathway.never_was:
        return [Problem(ProblemCode.REFERRAL_OVER, "/pathway")]
    if visit.on > today:
        return [Problem(ProblemCode.DATE_IN_FUTURE, "/attended_on")]
    if visit.on < pathway.referral.received_on:
        return [Problem(ProblemCode.BEFORE_REFERRAL, "/attended_on")]
    if visit.rtt_status == rtt.DID_NOT_ATTEND:
        return [Problem(ProblemCode.RTT_STATUS_NOT_ALLOWED, "/rtt_status")]
    appointment = _appointment_of(pathway, visit)
    if appointment is None:
        return [Problem(ProblemCode.ALREADY_RECORDED, "/attended_on")]
    step = with_facts(pathway, [_fact_of(pathway, visit, appointment.provider)])
    if isinstance(step, rtt.Refusal):
        return problems_of(step, date_pointer="/attended_on")

    seen = Attended(visit.on, visit.attendance, visit.outcome)
    appointment = as_attended(appointment, seen)
    appointments = replaced(pathway.appointments, appointment)
    after = replace(step.pathway, appointments=appointments)
    return Step(after, (Seen(appointment, seen), *step.told))


def _appointment_of(pathway: Pathway, visit: Attendance) -> Appointment | None:
    """The booked appointment that the visit was, or one of the provider's own making.

    None when that day's visit to the provider is on record already.
    """
    provider = _place_of(pathway, visit)
    of_provider = [one for one in pathway.appointments if one.provider == provider]
    if any(one.attended is not None and one.attended.on == visit.on for one in of_provider):
        return None
    found = attended_appointment(pathway.appointments, provider, visit.on)
    if found is not None:
        return found
    own_id = appointment_id(pathway.id, provider, visit.on.isoformat())
    return Appointment(own_id, provider, provider, booked_on=visit.on)


def _place_of(pathway: Pathway, visit: Attendance) -> str:
    """Where the visit was: at the publisher, or where somebody else had booked that very day."""
    there = {one.provider: one for one in pathway.appointments if one.open}
    if visit.provider in there:
        return visit.provider
    that_day = (one.provider for one in there.values() if one.day == visit.on)
    return next(that_day, visit.provider)


def _fact_of(pathway: Pathway, visit: Attendance, provider: str) -> rtt.Fact:
    return rtt.Fact(
        status=visit.rtt_status,
        effective_on=visit.on,
        recorded_at=visit.recorded_at,
        source=visit.message_id,
        actor=visit.provider,
        by_another_provider=pathway.has_moved_to(provider, visit.on),
    )
