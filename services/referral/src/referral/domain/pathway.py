"""A patient's pathway: who, the referral as received, the facts of its clock, choice, appointments."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from referral.domain import clock as rtt
from referral.domain.appointments import (
    Appointment,
    Attended,
    as_attended,
    attended_appointment,
    replaced,
)
from referral.domain.choice import (
    Circumstances,
    RightDecision,
    Shortlist,
    decide_right,
    noted,
    rules_on,
)
from referral.domain.names import digest
from referral.domain.problems import Problem, ProblemCode
from referral.domain.source import SourceCheck, check_source
from referral.domain.waiting import days_waited


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """The patient as last told by the trust. Never shown by `repr`."""

    nhs_number: str
    given_name: str
    family_name: str
    birth_date: date
    sex: str
    postcode: str | None = None
    address: tuple[str, ...] = ()
    phone: str | None = None
    email: str | None = None
    preferred_channel: str | None = None
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Referral:
    """The referral as it was received. It never changes."""

    identifier: str
    issuer: str
    publisher: str
    message_id: str
    way_in: str
    responsible_provider: str
    referring_organisation: str | None
    treatment_function: str
    priority: str
    source: SourceCheck
    received_on: date
    commissioner: str | None
    administrative_category: str
    circumstances: tuple[str, ...]
    travel_limit_miles: int | None
    recorded_at: datetime


class PathwayStatus(StrEnum):
    """Where a pathway is. It is in exactly one state at any moment."""

    CHOOSING = "choosing"
    WAITING = "waiting"
    BOOKED = "booked"
    IN_CARE = "in_care"
    STOPPED = "stopped"
    MONITORING = "monitoring"
    NULLIFIED = "nullified"


@dataclass(frozen=True, slots=True)
class Pathway:
    """Everything known of one pathway. `history` follows from `facts` and is kept with them."""

    id: str
    person: Person
    referral: Referral
    right: RightDecision
    facts: tuple[rtt.Fact, ...]
    history: rtt.History
    shortlists: tuple[Shortlist, ...] = ()
    appointments: tuple[Appointment, ...] = ()

    @property
    def provider(self) -> str:
        """The provider that has the patient: of the last appointment, else the one referred to."""
        if self.appointments:
            return self.appointments[-1].provider
        return self.referral.responsible_provider

    @property
    def involved(self) -> frozenset[str]:
        """The organisations whose patient this is or was: they may read the pathway."""
        booked = (appointment.provider for appointment in self.appointments)
        return frozenset({self.referral.responsible_provider, *booked})

    @property
    def status(self) -> PathwayStatus:
        return _status(self)

    def days_waited(self, today: date) -> int | None:
        """Calendar dates from the start of the last period to its end or to today."""
        if not self.history.periods:
            return None
        period = self.history.periods[-1]
        return days_waited(period.started_on, period.stopped_on or today)


def _status(pathway: Pathway) -> PathwayStatus:
    match pathway.history.clock:
        case rtt.Stopped():
            return PathwayStatus.STOPPED
        case rtt.Monitoring():
            return PathwayStatus.MONITORING
        case rtt.Nullified():
            return PathwayStatus.NULLIFIED
        case rtt.NotStarted() | rtt.Ticking():
            return _status_while_ticking(pathway)


def _status_while_ticking(pathway: Pathway) -> PathwayStatus:
    if any(appointment.open for appointment in pathway.appointments):
        return PathwayStatus.BOOKED
    if pathway.appointments:
        return PathwayStatus.IN_CARE
    if any(shortlist.open for shortlist in pathway.shortlists):
        return PathwayStatus.CHOOSING
    return PathwayStatus.WAITING


# ---- a referral comes in


def opened(id: str, person: Person, referral: Referral) -> Pathway:
    """A new pathway, its clock ticking from the day the referral was received."""
    receipt = rtt.Fact(
        status=rtt.FIRST_ACTIVITY,
        effective_on=referral.received_on,
        recorded_at=referral.recorded_at,
        source=referral.message_id,
        actor=referral.publisher,
        activity=False,
    )
    history = rtt.history_of([receipt])
    if isinstance(history, rtt.Refusal):
        raise ValueError(f"the receipt of a referral starts a clock: {history.value}")
    return Pathway(id, person, referral, right_of(referral), (receipt,), history)


def right_of(referral: Referral) -> RightDecision:
    """The right to choose, under the rules of the day the referral was received."""
    case = Circumstances(
        referral.received_on,
        referral.treatment_function,
        referral.priority,
        referral.source,
        referral.referring_organisation,
        frozenset(referral.circumstances),
    )
    return decide_right(rules_on(referral.received_on), case)


def source_of(code: str | None, referring_organisation: str | None, on: date) -> SourceCheck:
    return check_source(code, referring_organisation, on)


# Another message about the same pathway has to agree on these; a correction is a fact of its own.
_SAME: Final = (
    ("responsible_provider", "/responsible_provider"),
    ("treatment_function", "/treatment_function"),
    ("received_on", "/received_on"),
)


def differences(pathway: Pathway, person: Person, referral: Referral) -> list[Problem]:
    """Where another referral under the same pathway identifier is not the same referral."""
    found = [
        Problem(ProblemCode.PATHWAY_DIFFERS, pointer)
        for name, pointer in _SAME
        if getattr(pathway.referral, name) != getattr(referral, name)
    ]
    if person.nhs_number != pathway.person.nhs_number:
        found.insert(0, Problem(ProblemCode.PATHWAY_DIFFERS, "/patient/nhs_number"))
    return found


# ---- choice and booking


def shortlist(pathway: Pathway, shortlist_id: str) -> Shortlist:
    """What is known of a shortlist, also when this is the first we hear of it."""
    known = (one for one in pathway.shortlists if one.shortlist_id == shortlist_id)
    return next(known, Shortlist(shortlist_id))


def with_shortlist(pathway: Pathway, changed: Shortlist) -> Pathway:
    return replace(pathway, shortlists=noted(pathway.shortlists, changed))


def appointment_id(pathway_id: str, *parts: str) -> str:
    """The same appointment has the same id however often it is booked."""
    return digest(pathway_id, *parts)


def booked(pathway: Pathway, appointment: Appointment) -> Pathway | None:
    """The pathway with the appointment; None when it has that appointment already."""
    if any(known.id == appointment.id for known in pathway.appointments):
        return None
    return replace(pathway, appointments=(*pathway.appointments, appointment))


# ---- attendance


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


@dataclass(frozen=True, slots=True)
class AttendedPathway:
    """The pathway after an attendance: the appointment it was, and what it did to the clock."""

    pathway: Pathway
    appointment: Appointment
    seen: Attended
    changes: Sequence[rtt.Change] = field(default_factory=tuple)


_PROBLEM_OF: Final = {
    rtt.Refusal.UNKNOWN_STATUS: ProblemCode.UNKNOWN_RTT_STATUS,
    rtt.Refusal.NOT_ALLOWED: ProblemCode.RTT_STATUS_NOT_ALLOWED,
    rtt.Refusal.BEFORE_START: ProblemCode.BEFORE_REFERRAL,
    rtt.Refusal.NEEDS_TRANSFER: ProblemCode.RTT_STATUS_NEEDS_TRANSFER,
    rtt.Refusal.NEEDS_OWN_PATHWAY: ProblemCode.RTT_STATUS_NEEDS_OWN_PATHWAY,
}


def may_attend(pathway: Pathway, publisher: str) -> bool:
    """Only the responsible provider, or one with an appointment, may say who was seen."""
    return publisher in pathway.involved


def attend(pathway: Pathway, visit: Attendance, today: date) -> AttendedPathway | list[Problem]:
    """The pathway after the visit, or everything that is wrong with it."""
    if visit.on > today:
        return [Problem(ProblemCode.DATE_IN_FUTURE, "/attended_on")]
    if visit.on < pathway.referral.received_on:
        return [Problem(ProblemCode.BEFORE_REFERRAL, "/attended_on")]
    if visit.rtt_status == rtt.DID_NOT_ATTEND:
        return [Problem(ProblemCode.RTT_STATUS_NOT_ALLOWED, "/rtt_status")]
    appointment = _appointment_of(pathway, visit)
    if appointment is None:
        return [Problem(ProblemCode.ALREADY_RECORDED, "/attended_on")]
    fact = _fact_of(pathway, visit, appointment.provider)
    facts = rtt.in_order((*pathway.facts, fact))
    history = rtt.history_of(facts)
    if isinstance(history, rtt.Refusal):
        return [Problem(_PROBLEM_OF[history], _POINTER_OF.get(history, "/rtt_status"))]

    seen = Attended(visit.on, visit.attendance, visit.outcome)
    appointment = as_attended(appointment, seen)
    after = replace(
        pathway,
        facts=facts,
        history=history,
        appointments=replaced(pathway.appointments, appointment),
    )
    changes = rtt.changes(pathway.history, history, fact)
    return AttendedPathway(after, appointment, seen, changes)


_POINTER_OF: Final = {rtt.Refusal.BEFORE_START: "/attended_on"}


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
        by_another_provider=provider != pathway.referral.responsible_provider,
    )
