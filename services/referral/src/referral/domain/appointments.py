"""Appointments: a moment, and the wall clock time in England that the patient was told.

On the night in spring when clocks go forward an hour of local times does not exist; on the night
in autumn an hour comes twice. The instant is the truth, the local time is derived from it.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Literal, TypeAlias

from referral.domain.days import LONDON
from referral.domain.problems import Problem, ProblemCode


def local_time(instant: datetime) -> datetime:
    """The wall clock in London at an instant, without a zone."""
    return instant.astimezone(LONDON).replace(tzinfo=None, fold=0)


def instants_of(local: datetime) -> tuple[datetime, ...]:
    """The moments at which clocks in London show this time: none, one, or two in order."""
    both = (local.replace(tzinfo=LONDON, fold=fold).astimezone(UTC) for fold in (0, 1))
    real = {instant for instant in both if local_time(instant) == local}
    return tuple(sorted(real))


def instant_of(local: datetime, told: datetime | None) -> datetime | Problem:
    """The moment of a wall clock time; `told` says which in the hour that comes twice."""
    moments = instants_of(local)
    if not moments:
        return Problem(ProblemCode.LOCAL_TIME_DOES_NOT_EXIST, "/local_start")
    if told is None:
        twice = Problem(ProblemCode.LOCAL_TIME_COMES_TWICE, "/starts_at")
        return moments[0] if len(moments) == 1 else twice
    instant = told.astimezone(UTC)
    return instant if instant in moments else Problem(ProblemCode.INSTANT_DIFFERS, "/starts_at")


@dataclass(frozen=True, slots=True)
class Attended:
    """The patient was seen. `attendance` is 5 or 6, `outcome` 1, 2 or 3 (NHS Data Dictionary)."""

    on: date
    attendance: str
    outcome: str


Side: TypeAlias = Literal["patient", "provider"]


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Called off ahead of its time."""

    on: date
    by: Side
    reason: str
    clinical: str | None = None
    kind: Literal["cancelled"] = "cancelled"

    @property
    def must_reoffer(self) -> bool:
        """A provider that cancels owes the patient another one; the clock goes on (2.4, DERIVED)."""
        return self.by == "provider"


@dataclass(frozen=True, slots=True)
class Missed:
    """The patient did not come (3), or came too late to be seen (7)."""

    on: date
    attendance: str
    reason: str
    first_activity: bool
    clearly_communicated: bool
    discharged: bool
    kind: Literal["missed"] = "missed"


@dataclass(frozen=True, slots=True)
class Deleted:
    """Entered by mistake, or the slot given back: it was never the patient's."""

    on: date
    kind: Literal["deleted"] = "deleted"


End: TypeAlias = Cancelled | Missed | Deleted


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """The patient asked for another time. They keep this one until it is decided (trap T29)."""

    id: str
    on: date
    reason: str
    granted: bool | None = None
    decided_on: date | None = None

    def as_of(self, day: date) -> "ChangeRequest":
        """As it stood on a day: undecided until it was decided."""
        if self.decided_on is None or self.decided_on <= day:
            return self
        return replace(self, granted=None, decided_on=None)


@dataclass(frozen=True, slots=True)
class Appointment:
    """A place in a session, booked from an accepted offer, or kept by the provider itself.

    `starts_at` and `shortlist_id` are None for an appointment that we hear of by its attendance.
    `reference` is the provider's own name of it; `accepted_on` and `offered_on` are when the patient
    took it and was offered it, where told. It ends in one way at most: `attended` or `ended`.
    """

    id: str
    provider: str
    site: str
    booked_on: date
    starts_at: datetime | None = None
    session: str | None = None
    shortlist_id: str | None = None
    attended: Attended | None = None
    ended: End | None = None
    reference: str | None = None
    contact: str | None = None
    requests: tuple[ChangeRequest, ...] = ()
    accepted_on: date | None = None
    offered_on: date | None = None

    def __post_init__(self) -> None:
        if self.attended is not None and self.ended is not None:
            raise ValueError("an appointment ends in one way at most")

    @property
    def local_start(self) -> datetime | None:
        return None if self.starts_at is None else local_time(self.starts_at)

    @property
    def day(self) -> date:
        """The day of the appointment in London, as far as it is known."""
        local = self.local_start
        return self.booked_on if local is None else local.date()

    @property
    def open(self) -> bool:
        return self.attended is None and self.ended is None

    def as_of(self, day: date) -> "Appointment":
        """As it stood on a day: without a visit, an end, and wishes of later days."""
        return replace(
            self,
            attended=self.attended if self.attended and self.attended.on <= day else None,
            ended=self.ended if self.ended and self.ended.on <= day else None,
            requests=tuple(one.as_of(day) for one in self.requests if one.on <= day),
        )

    @property
    def kept(self) -> bool:
        """Whether the patient has it, or had it and was seen."""
        return self.ended is None


def is_held(held_until: datetime, now: datetime) -> bool:
    """Whether a held place can still be booked. After its last moment it may be somebody else's."""
    return now <= held_until


def attended_appointment(
    appointments: tuple[Appointment, ...], provider: str, on: date
) -> Appointment | None:
    """The appointment that an attendance at a provider was: that day's, else the first still open."""
    candidates = sorted(
        (one for one in appointments if one.open and one.provider == provider),
        key=lambda one: (one.day != on, one.day, one.id),
    )
    return candidates[0] if candidates else None


def replaced(
    appointments: tuple[Appointment, ...], changed: Appointment
) -> tuple[Appointment, ...]:
    """The appointments with this one in its place, or at the end when it is new."""
    if all(known.id != changed.id for known in appointments):
        return (*appointments, changed)
    return tuple(changed if known.id == changed.id else known for known in appointments)


def as_attended(appointment: Appointment, seen: Attended) -> Appointment:
    return replace(appointment, attended=seen)


def named(
    appointments: tuple[Appointment, ...], provider: str, reference: str
) -> Appointment | None:
    """The appointment that somebody means by our name for it, or a provider by its own."""
    return next(
        (
            one
            for one in reversed(appointments)
            if one.id == reference or (one.reference, one.provider) == (reference, provider)
        ),
        None,
    )


def request_of(appointment: Appointment, id: str) -> ChangeRequest | None:
    return next((one for one in appointment.requests if one.id == id), None)


def with_request(appointment: Appointment, changed: ChangeRequest) -> Appointment:
    """The appointment with this request in its place, or at the end when it is new."""
    others = tuple(one for one in appointment.requests if one.id != changed.id)
    return replace(appointment, requests=(*others, changed))
