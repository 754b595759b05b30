"""An appointment that ends without a visit: cancelled, deleted, missed."""

from dataclasses import dataclass, replace
from datetime import date

from contracts.codes import (
    APPOINTMENT_CANCELLATION_REASONS,
    NON_ATTENDANCE_REASONS,
)
from referral.domain import clock as rtt
from referral.domain.appointments import (
    Appointment,
    Cancelled,
    Deleted,
    Missed,
    replaced,
)
from referral.domain.diary.common import (
    Teller,
    decision_fact,
    not_later,
    open_one,
    problems_of_reason,
)
from referral.domain.missing import Conditions, effect_of, restart_date
from referral.domain.pathway import Pathway
from referral.domain.problems import Problem, ProblemCode
from referral.domain.steps import (
    Over,
    Result,
    Step,
    problems_of,
    with_facts,
)


def cancel(pathway: Pathway, reference: str, end: Cancelled, by: Teller) -> Result:
    """The pathway without the appointment. No cancellation ever nullifies a clock (2.4)."""
    appointment = open_one(pathway, reference, by)
    if isinstance(appointment, Problem):
        return [appointment]
    problems = [
        *problems_of_reason(APPOINTMENT_CANCELLATION_REASONS, end.reason, end.on),
        *not_later(end.on, by, "/cancelled_on"),
        *_too_late(appointment, end),
    ]
    return problems or _ended(pathway, appointment, end)


def _too_late(appointment: Appointment, end: Cancelled) -> list[Problem]:
    """A patient cancels ahead of the time or on its day; afterwards they did not come (2.4)."""
    late = appointment.starts_at is not None and end.on > appointment.day
    differs = Problem(ProblemCode.APPOINTMENT_DIFFERS, "/cancelled_on")
    return [differs] if late and end.by == "patient" else []


def delete(pathway: Pathway, reference: str, end: Deleted, by: Teller) -> Result:
    """The pathway as if the appointment had never been the patient's."""
    appointment = open_one(pathway, reference, by)
    if isinstance(appointment, Problem):
        return [appointment]
    return not_later(end.on, by, "/deleted_on") or _ended(pathway, appointment, end)


def _ended(pathway: Pathway, appointment: Appointment, end: Cancelled | Deleted | Missed) -> Step:
    ended = replace(appointment, ended=end)
    after_it = replace(pathway, appointments=replaced(pathway.appointments, ended))
    return Step(after_it, (Over(ended, end),))


@dataclass(frozen=True, slots=True)
class NonAttendance:
    reference: str
    on: date
    attendance: str
    reason: str
    discharged: bool
    conditions: Conditions


def miss(pathway: Pathway, told: NonAttendance, by: Teller) -> Result:
    """The pathway after the patient did not come, and what that did to the clock."""
    appointment = open_one(pathway, told.reference, by)
    if isinstance(appointment, Problem):
        return [appointment]
    problems = _problems_of_missing(appointment, told, by)
    if problems:
        return problems
    clock = pathway.clock_on(told.on)
    missed = Missed(
        on=told.on,
        attendance=told.attendance,
        reason=told.reason,
        first_activity=isinstance(clock, rtt.Ticking) and not clock.attended,
        clearly_communicated=told.conditions.clearly_communicated,
        discharged=told.discharged,
    )
    return _missed(_ended(pathway, appointment, missed), missed, by, clock)


def _problems_of_missing(
    appointment: Appointment, told: NonAttendance, by: Teller
) -> list[Problem]:
    lacking = told.conditions.lacking() if told.discharged else ()
    wrong_day = appointment.starts_at is not None and appointment.day != told.on
    return [
        *problems_of_reason(NON_ATTENDANCE_REASONS, told.reason, told.on),
        *not_later(told.on, by, "/missed_on"),
        *([Problem(ProblemCode.APPOINTMENT_DIFFERS, "/missed_on")] if wrong_day else []),
        *(Problem(ProblemCode.DISCHARGE_NOT_ALLOWED, f"/{name}") for name in lacking),
    ]


def _missed(step: Step, missed: Missed, by: Teller, clock: rtt.Clock) -> Result:
    """What it did to the clock of that day, however late it is told."""
    pathway = step.pathway
    if not isinstance(clock, rtt.Ticking):
        return step
    status = effect_of(
        first_activity=missed.first_activity,
        clearly_communicated=missed.clearly_communicated,
        priority=pathway.referral.priority,
        discharged=missed.discharged,
    ).status
    if status is None:
        return step
    facts = [decision_fact(status, missed.on, by)]
    if status == rtt.DID_NOT_ATTEND:
        facts += _rebooked(pathway, missed.on, by)
    stopped = with_facts(pathway, facts)
    if isinstance(stopped, rtt.Refusal):
        return problems_of(stopped, date_pointer="/missed_on", status_pointer="/missed_on")
    return Step(stopped.pathway, (*step.told, *stopped.told))


def _rebooked(pathway: Pathway, missed_on: date, by: Teller) -> list[rtt.Fact]:
    """The new clock, when the patient is booked again already as the miss becomes known (2.3)."""
    again = (one for one in pathway.appointments if one.kept and one.booked_on >= missed_on)
    first = min(again, key=lambda one: (one.booked_on, one.id), default=None)
    if first is None:
        return []
    start = restart_date(first.accepted_on, first.offered_on, missed_on)
    fact = decision_fact(rtt.FIRST_ACTIVITY, max(start, missed_on), by, because="rebooked")
    return [fact]
