"""An appointment of the provider's own diary, or its name for one of ours."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from referral.domain import choice
from referral.domain import clock as rtt
from referral.domain.appointments import (
    Appointment,
    instant_of,
    named,
    replaced,
)
from referral.domain.diary.common import (
    Teller,
    Time,
    decision_fact,
    not_later,
)
from referral.domain.missing import restart_date
from referral.domain.pathway import Pathway, appointment_id
from referral.domain.problems import Problem, ProblemCode
from referral.domain.steps import (
    Booked,
    Result,
    Step,
    problems_of,
    with_facts,
)


@dataclass(frozen=True, slots=True)
class Booking:
    reference: str
    time: Time
    contact: str | None
    booked_on: date | None
    accepted_on: date | None
    offered_on: date | None


def book(pathway: Pathway, told: Booking, by: Teller) -> Result:
    """The pathway with an appointment of the provider's own diary."""
    if pathway.over:
        return [Problem(ProblemCode.REFERRAL_OVER, "/pathway")]
    if not may_go_on(pathway):
        return [Problem(ProblemCode.CHOICE_NOT_RECORDED, "/pathway")]
    starts_at = instant_of(told.time.local_start, told.time.starts_at)
    if isinstance(starts_at, Problem):
        return [starts_at]
    booked_on = told.booked_on or by.today
    problems = [
        *not_later(booked_on, by, "/booked_on"),
        *(not_later(told.accepted_on, by, "/accepted_on") if told.accepted_on else []),
        *(not_later(told.offered_on, by, "/offered_on") if told.offered_on else []),
    ]
    if problems:
        return problems
    known = _same(pathway, told.reference, starts_at, by)
    if known is not None:
        return _linked(pathway, known, told, starts_at)
    return _booked(pathway, _appointment(pathway, told, starts_at, booked_on, by), told, by)


def may_go_on(pathway: Pathway) -> bool:
    """Whoever has the right to choose was offered a choice, or there is a coded reason why not.

    The right is for the first out-patient appointment: who has been seen is beyond it.
    """
    seen = any(one.attended is not None for one in pathway.appointments)
    if not pathway.right.applies or seen:
        return True
    return choice.is_on_record(pathway.shortlists, pathway.waiver)


def _same(pathway: Pathway, reference: str, starts_at: datetime, by: Teller) -> Appointment | None:
    """The appointment that is known by this reference, or one of ours at that very time."""
    found = named(pathway.appointments, by.provider, reference)
    if found is not None:
        return found
    unnamed = (one for one in pathway.appointments if one.reference is None and one.open)
    return next(
        (one for one in unnamed if (one.provider, one.starts_at) == (by.provider, starts_at)), None
    )


def _linked(pathway: Pathway, known: Appointment, told: Booking, starts_at: datetime) -> Result:
    """An appointment we know, told again: at most we learn the provider's name for it."""
    if known.starts_at != starts_at or not known.open:
        return [Problem(ProblemCode.APPOINTMENT_DIFFERS, "/reference")]
    linked = replace(known, reference=told.reference, contact=told.contact or known.contact)
    return Step(replace(pathway, appointments=replaced(pathway.appointments, linked)))


def _appointment(
    pathway: Pathway, told: Booking, starts_at: datetime, booked_on: date, by: Teller
) -> Appointment:
    own_id = appointment_id(pathway.id, by.provider, told.reference)
    return Appointment(
        id=own_id,
        provider=by.provider,
        site=told.time.site or by.provider,
        booked_on=booked_on,
        starts_at=starts_at,
        session=f"own.{own_id}",
        reference=told.reference,
        contact=told.contact,
        accepted_on=told.accepted_on,
        offered_on=told.offered_on,
    )


def _booked(pathway: Pathway, appointment: Appointment, told: Booking, by: Teller) -> Result:
    restarted = _restart(pathway, told.accepted_on, told.offered_on, by)
    if isinstance(restarted, rtt.Refusal):
        return problems_of(restarted, date_pointer="/accepted_on", status_pointer="/accepted_on")
    appointments = (*restarted.pathway.appointments, appointment)
    after_it = replace(restarted.pathway, appointments=appointments)
    return Step(after_it, (Booked(appointment), *restarted.told))


def _restart(
    pathway: Pathway, accepted_on: date | None, offered_on: date | None, by: Teller
) -> Step | rtt.Refusal:
    """A clock that was nullified starts anew when the patient is booked again (2.3)."""
    clock = pathway.history.clock
    if not isinstance(clock, rtt.Nullified):
        return Step(pathway)
    start = restart_date(accepted_on, offered_on, clock.stopped_on)
    if start < clock.stopped_on:
        return rtt.Refusal.BEFORE_START
    fact = decision_fact(rtt.FIRST_ACTIVITY, start, by, because="rebooked")
    return with_facts(pathway, [fact])
