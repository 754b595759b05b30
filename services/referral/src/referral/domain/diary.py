"""The diary of a pathway: appointments and admissions booked, moved, called off, missed."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from contracts.codes import (
    APPOINTMENT_CANCELLATION_REASONS,
    NON_ATTENDANCE_REASONS,
    CodeList,
)
from referral.domain import choice
from referral.domain import clock as rtt
from referral.domain.admissions import Admission, after
from referral.domain.admissions import Step as AdmissionStep
from referral.domain.appointments import (
    Appointment,
    Cancelled,
    ChangeRequest,
    Deleted,
    Missed,
    Side,
    instant_of,
    named,
    replaced,
    request_of,
    with_request,
)
from referral.domain.missing import Conditions, effect_of, restart_date
from referral.domain.pathway import Pathway, appointment_id
from referral.domain.problems import Problem, ProblemCode
from referral.domain.steps import (
    AdmissionMoved,
    Booked,
    ChangeAsked,
    ChangeDecided,
    Over,
    Rebooked,
    Result,
    Step,
    Told,
    problems_of,
    with_facts,
    without_facts,
)


@dataclass(frozen=True, slots=True)
class Teller:
    """Who tells something of the diary, in which message, and when it came."""

    provider: str
    message_id: str
    recorded_at: datetime
    today: date


@dataclass(frozen=True, slots=True)
class Time:
    """Where and when, as told: wall clock time, and the instant where that is needed."""

    site: str | None
    local_start: datetime
    starts_at: datetime | None


# ---- booked


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
    if booked_on > by.today:
        return [Problem(ProblemCode.DATE_IN_FUTURE, "/booked_on")]
    known = _same(pathway, told.reference, starts_at, by)
    if known is not None:
        return _linked(pathway, known, told, starts_at)
    return _booked(pathway, _appointment(pathway, told, starts_at, booked_on, by), told, by)


def may_go_on(pathway: Pathway) -> bool:
    """Whoever has the right to choose was offered a choice, or there is a coded reason why not."""
    if not pathway.right.applies or pathway.appointments:
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
    fact = _fact(rtt.FIRST_ACTIVITY, start, by, because="rebooked")
    return with_facts(pathway, [fact])


def _fact(status: str, on: date, by: Teller, *, because: str | None = None) -> rtt.Fact:
    return rtt.Fact(
        status, on, by.recorded_at, by.message_id, by.provider, activity=False, because=because
    )


# ---- moved


@dataclass(frozen=True, slots=True)
class Move:
    reference: str
    time: Time
    by: Side
    on: date
    reason: str


def rebook(pathway: Pathway, told: Move, by: Teller) -> Result:
    """The pathway with the appointment at another time. The clock goes on."""
    appointment = _open(pathway, told.reference, by)
    if isinstance(appointment, Problem):
        return [appointment]
    starts_at = instant_of(told.time.local_start, told.time.starts_at)
    problems = [
        *([starts_at] if isinstance(starts_at, Problem) else []),
        *_reason(APPOINTMENT_CANCELLATION_REASONS, told.reason, told.on),
        *_not_later(told.on, by, "/moved_on"),
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
    appointment = _open(pathway, reference, by)
    if isinstance(appointment, Problem):
        return [appointment]
    problems = [
        *_reason(APPOINTMENT_CANCELLATION_REASONS, request.reason, request.on),
        *_not_later(request.on, by, "/requested_on"),
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
    appointment = _open(pathway, told.reference, by)
    if isinstance(appointment, Problem):
        return [appointment]
    request = request_of(appointment, told.request)
    if request is None or request.granted is not None:
        return [Problem(ProblemCode.UNKNOWN_REQUEST, "/request")]
    if told.on < request.on:
        return [Problem(ProblemCode.BEFORE_REFERRAL, "/decided_on")]
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


# ---- ended


def cancel(pathway: Pathway, reference: str, end: Cancelled, by: Teller) -> Result:
    """The pathway without the appointment. No cancellation ever nullifies a clock (2.4)."""
    appointment = _open(pathway, reference, by)
    if isinstance(appointment, Problem):
        return [appointment]
    problems = [
        *_reason(APPOINTMENT_CANCELLATION_REASONS, end.reason, end.on),
        *_not_later(end.on, by, "/cancelled_on"),
    ]
    return problems or _ended(pathway, appointment, end)


def delete(pathway: Pathway, reference: str, end: Deleted, by: Teller) -> Result:
    """The pathway as if the appointment had never been the patient's."""
    appointment = _open(pathway, reference, by)
    if isinstance(appointment, Problem):
        return [appointment]
    return _not_later(end.on, by, "/deleted_on") or _ended(pathway, appointment, end)


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
    appointment = _open(pathway, told.reference, by)
    if isinstance(appointment, Problem):
        return [appointment]
    problems = _problems_of_missing(appointment, told, by)
    if problems:
        return problems
    clock = pathway.history.clock
    missed = Missed(
        on=told.on,
        attendance=told.attendance,
        reason=told.reason,
        first_activity=isinstance(clock, rtt.Ticking) and not clock.attended,
        clearly_communicated=told.conditions.clearly_communicated,
        discharged=told.discharged,
    )
    return _missed(_ended(pathway, appointment, missed), missed, by)


def _problems_of_missing(
    appointment: Appointment, told: NonAttendance, by: Teller
) -> list[Problem]:
    lacking = told.conditions.lacking() if told.discharged else ()
    wrong_day = appointment.starts_at is not None and appointment.day != told.on
    return [
        *_reason(NON_ATTENDANCE_REASONS, told.reason, told.on),
        *_not_later(told.on, by, "/missed_on"),
        *([Problem(ProblemCode.APPOINTMENT_DIFFERS, "/missed_on")] if wrong_day else []),
        *(Problem(ProblemCode.DISCHARGE_NOT_ALLOWED, f"/{name}") for name in lacking),
    ]


def _missed(step: Step, missed: Missed, by: Teller) -> Result:
    pathway = step.pathway
    if not isinstance(pathway.history.clock, rtt.Ticking):
        return step
    status = effect_of(
        first_activity=missed.first_activity,
        clearly_communicated=missed.clearly_communicated,
        priority=pathway.referral.priority,
        discharged=missed.discharged,
    ).status
    if status is None:
        return step
    stopped = with_facts(pathway, [_fact(status, missed.on, by)])
    if isinstance(stopped, rtt.Refusal):
        return problems_of(stopped, date_pointer="/missed_on", status_pointer="/missed_on")
    return Step(stopped.pathway, (*step.told, *stopped.told))


# ---- admissions


@dataclass(frozen=True, slots=True)
class AdmissionStepTold:
    reference: str
    step: AdmissionStep
    on: date
    site: str | None
    decided_to_admit_on: date | None
    treated: bool | None
    rtt_status: str | None


def admit(pathway: Pathway, told: AdmissionStepTold, by: Teller) -> Result:
    """The pathway after one step of an admission, and what that did to the clock."""
    if told.step != "planned" and told.on > by.today:
        return [Problem(ProblemCode.DATE_IN_FUTURE, "/on")]
    admission = _admission(pathway, told, by)
    moved = _on_the_clock(pathway, admission, told, by)
    if isinstance(moved, rtt.Refusal):
        return problems_of(moved, date_pointer="/on")
    if told.rtt_status is not None and told.step == "admitted":
        admission = replace(admission, clock_source=by.message_id)
    others = tuple(one for one in pathway.admissions if one.id != admission.id)
    after_it = replace(moved.pathway, admissions=(*others, admission))
    told_of_it: tuple[Told, ...] = (AdmissionMoved(admission, told.step, told.on), *moved.told)
    return Step(after_it, told_of_it)


def _admission(pathway: Pathway, told: AdmissionStepTold, by: Teller) -> Admission:
    own_id = appointment_id(pathway.id, by.provider, "admission", told.reference)
    new = Admission(own_id, by.provider, told.site or by.provider)
    known = next((one for one in pathway.admissions if one.id == own_id), new)
    known = replace(
        known,
        site=told.site or known.site,
        decided_to_admit_on=told.decided_to_admit_on or known.decided_to_admit_on,
        treated=known.treated if told.treated is None else told.treated,
    )
    return after(known, told.step, told.on)


def _on_the_clock(
    pathway: Pathway, admission: Admission, told: AdmissionStepTold, by: Teller
) -> Step | rtt.Refusal:
    """Admission for treatment stops the clock that day; called off before it, the clock goes on."""
    if told.step == "cancelled" and admission.clock_source is not None:
        undone = without_facts(pathway, admission.clock_source, by.provider, by.recorded_at)
        return undone or Step(pathway)
    if told.rtt_status is None or told.step in {"planned", "cancelled"}:
        return Step(pathway)
    moved = by.provider != pathway.referral.responsible_provider
    fact = replace(_fact(told.rtt_status, told.on, by), activity=True, by_another_provider=moved)
    return with_facts(pathway, [fact])


# ---- what all have in common


def _open(pathway: Pathway, reference: str, by: Teller) -> Appointment | Problem:
    """The appointment that is meant, while it can still change."""
    found = named(pathway.appointments, by.provider, reference)
    if found is None:
        return Problem(ProblemCode.UNKNOWN_APPOINTMENT, "/reference")
    return found if found.open else Problem(ProblemCode.APPOINTMENT_OVER, "/reference")


def _reason(reasons: CodeList[Any], reason: str, on: date) -> list[Problem]:
    known = reason in reasons.at(on)
    return [] if known else [Problem(ProblemCode.UNKNOWN_REASON, "/reason")]


def _not_later(on: date, by: Teller, pointer: str) -> list[Problem]:
    return [Problem(ProblemCode.DATE_IN_FUTURE, pointer)] if on > by.today else []
