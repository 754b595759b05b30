"""A patient's pathway: who, the referral as received, the facts of its clock, choice, appointments."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Literal, TypeVar

from referral.domain import clock as rtt
from referral.domain.admissions import Admission
from referral.domain.appointments import Appointment
from referral.domain.choice import (
    Circumstances,
    RightDecision,
    Shortlist,
    Waiver,
    decide_right,
    noted,
    rules_on,
)
from referral.domain.days import london_date
from referral.domain.names import digest
from referral.domain.problems import Problem, ProblemCode
from referral.domain.records import Cancellation, Custody, Death, IdentityChange, RightToMove
from referral.domain.records import Person as Person
from referral.domain.source import SourceCheck, check_source
from referral.domain.transfers import Transfer
from referral.domain.waiting import days_waited


@dataclass(frozen=True, slots=True)
class Referral:
    """The referral as it was received, with what was changed since (`amended`)."""

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
    separate_condition: bool = False
    interface_service: bool = False


class PathwayStatus(StrEnum):
    """Where a pathway is. It is in exactly one state at any moment."""

    CHOOSING = "choosing"
    WAITING = "waiting"
    BOOKED = "booked"
    IN_CARE = "in_care"
    STOPPED = "stopped"
    MONITORING = "monitoring"
    NULLIFIED = "nullified"
    CANCELLED = "cancelled"
    DIED = "died"


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
    admissions: tuple[Admission, ...] = ()
    custody: tuple[Custody, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    waiver: Waiver | None = None
    moves: tuple[RightToMove, ...] = ()
    cancellation: Cancellation | None = None
    death: Death | None = None
    identity: tuple[IdentityChange, ...] = ()
    sensitive: bool = False
    practice: str | None = None

    @property
    def first_number(self) -> str:
        """The NHS number that the referral came with."""
        return self.identity[0].former if self.identity else self.person.nhs_number

    @property
    def provider(self) -> str:
        """The one provider that is responsible now."""
        return self.custody[-1].provider if self.custody else self.referral.responsible_provider

    def responsible_at(self, instant: datetime) -> str:
        """The one provider that was responsible at an instant, as recorded."""
        held = (one.provider for one in reversed(self.custody) if one.since <= instant)
        return next(held, self.referral.responsible_provider)

    @property
    def involved(self) -> frozenset[str]:
        """The organisations whose patient this is or was: they may read the pathway."""
        booked = (appointment.provider for appointment in self.appointments)
        held = (one.provider for one in self.custody)
        return frozenset({self.referral.responsible_provider, *booked, *held})

    def clock_on(self, day: date) -> rtt.Clock:
        """The clock as it stood at the end of a day, by all that is known now."""
        return rtt.rebuild(rtt.effective_by(self.facts, day)).clock

    def has_moved_to(self, provider: str, on: date) -> bool:
        """Whether by a day the patient had moved to a provider: there, or back where they began."""
        return any(one.provider == provider and one.effective_on <= on for one in self.custody[1:])

    @property
    def never_was(self) -> bool:
        """Whether the referral had been made by mistake."""
        return self.cancellation is not None and self.cancellation.never_was

    @property
    def over(self) -> bool:
        """Whether nothing more can happen: taken back, or the patient has died."""
        return self.never_was or self.death is not None

    @property
    def started_on(self) -> date:
        """The start of the newest period; without any, the day the referral was received."""
        periods = self.history.periods
        return periods[-1].started_on if periods else self.referral.received_on

    @property
    def to_validate(self) -> bool:
        """Whether the clock ticks by a status that stands in until somebody knows better (99)."""
        clock = self.history.clock
        return isinstance(clock, rtt.Ticking) and clock.status == rtt.NOT_YET_KNOWN

    @property
    def status(self) -> PathwayStatus:
        return _status(self)

    def days_waited(self, today: date) -> int | None:
        """Calendar dates from the start of the last period to its end or to today."""
        if not self.history.periods:
            return None
        period = self.history.periods[-1]
        return days_waited(period.started_on, period.stopped_on or today)


def as_seen(pathway: Pathway, *, as_at: date, known_on: date) -> Pathway:
    """The pathway as it stood on a day, as far as that was known on another day.

    What has no history of its own, such as the person, is shown as it is now.
    """
    facts = rtt.effective_by(rtt.known_on(pathway.facts, known_on), as_at)
    last = min(as_at, known_on)
    return replace(
        pathway,
        facts=facts,
        history=rtt.rebuild(facts),
        appointments=tuple(
            one.as_of(last) for one in pathway.appointments if one.booked_on <= last
        ),
        shortlists=tuple(
            one.as_of(last) for one in pathway.shortlists if (one.offered_on or last) <= last
        ),
        custody=tuple(
            one
            for one in pathway.custody
            if one.effective_on <= as_at and london_date(one.since) <= known_on
        ),
        transfers=tuple(one.as_of(last) for one in pathway.transfers if one.decided_on <= last),
        waiver=pathway.waiver if pathway.waiver and pathway.waiver.on <= last else None,
        moves=tuple(one for one in pathway.moves if one.requested_on <= last),
        cancellation=_by(pathway.cancellation, as_at, known_on),
        death=_by(pathway.death, as_at, known_on),
    )


Dated = TypeVar("Dated", Cancellation, Death)


def _by(fact: Dated | None, as_at: date, known_on: date) -> Dated | None:
    if fact is None or fact.on > as_at or london_date(fact.recorded_at) > known_on:
        return None
    return fact


def _status(pathway: Pathway) -> PathwayStatus:
    if pathway.death is not None:
        return PathwayStatus.DIED
    if pathway.never_was:
        return PathwayStatus.CANCELLED
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
    if any(appointment.kept for appointment in pathway.appointments):
        return PathwayStatus.IN_CARE
    if any(shortlist.open for shortlist in pathway.shortlists):
        return PathwayStatus.CHOOSING
    return PathwayStatus.WAITING


# ---- a referral comes in


def opened(id: str, person: Person, referral: Referral) -> Pathway:
    """A new pathway, its clock ticking from the day the referral was received."""
    receipt = rtt.Fact(
        status=rtt.SEPARATE_CONDITION if referral.separate_condition else rtt.FIRST_ACTIVITY,
        effective_on=referral.received_on,
        recorded_at=referral.recorded_at,
        source=referral.message_id,
        actor=referral.publisher,
        activity=False,
    )
    held = Custody(
        referral.responsible_provider, referral.recorded_at, referral.received_on, "referred"
    )
    return Pathway(
        id,
        person,
        referral,
        right_of(referral),
        (receipt,),
        rtt.rebuild([receipt]),
        custody=(held,),
    )


def right_of(referral: Referral) -> RightDecision:
    """The right to choose, under the rules of the day the referral was received."""
    case = Circumstances(
        referral.received_on,
        referral.treatment_function,
        referral.priority,
        referral.source,
        referral.referring_organisation,
        frozenset(referral.circumstances),
        referral.interface_service,
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
    """Where another referral under the same pathway identifier is not the same referral.

    A message that was on its way while the number changed has the one that was left behind.
    """
    found = [
        Problem(ProblemCode.PATHWAY_DIFFERS, pointer)
        for name, pointer in _SAME
        if getattr(pathway.referral, name) != getattr(referral, name)
    ]
    standing = (one.former for one in pathway.identity if one.undone_at is None)
    if person.nhs_number not in {pathway.person.nhs_number, *standing}:
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


def held_by(
    pathway: Pathway,
    provider: str,
    at: datetime,
    because: Literal["chosen", "transferred"],
    *,
    on: date | None = None,
) -> Pathway:
    """The pathway with another provider responsible: from the day `on`, by default today's.

    It became known at the instant `at`. Nobody can be responsible before somebody else was.
    """
    if provider == pathway.provider:
        return pathway
    last = pathway.custody[-1]
    custody = Custody(
        provider,
        max(at, last.since),
        max(on or london_date(at), last.effective_on),
        because,
    )
    return replace(pathway, custody=(*pathway.custody, custody))
