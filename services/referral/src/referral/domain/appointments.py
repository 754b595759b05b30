"""Appointments: a moment, and the wall clock time in England that the patient was told.

On the night in spring when clocks go forward an hour of local times does not exist; on the night
in autumn an hour comes twice. The instant is the truth, the local time is derived from it.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

ZONE: Final = "Europe/London"
LONDON: Final = ZoneInfo(ZONE)


def local_time(instant: datetime) -> datetime:
    """The wall clock in London at an instant, without a zone."""
    return instant.astimezone(LONDON).replace(tzinfo=None, fold=0)


def instants_of(local: datetime) -> tuple[datetime, ...]:
    """The moments at which clocks in London show this time: none, one, or two in order."""
    both = (local.replace(tzinfo=LONDON, fold=fold).astimezone(UTC) for fold in (0, 1))
    real = {instant for instant in both if local_time(instant) == local}
    return tuple(sorted(real))


@dataclass(frozen=True, slots=True)
class Attended:
    """The patient was seen. `attendance` is 5 or 6, `outcome` 1, 2 or 3 (NHS Data Dictionary)."""

    on: date
    attendance: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Appointment:
    """A place in a session, booked from an accepted offer, or kept by the provider itself.

    `starts_at` and `shortlist_id` are None for an appointment that we hear of by its attendance.
    """

    id: str
    provider: str
    site: str
    booked_on: date
    starts_at: datetime | None = None
    session: str | None = None
    shortlist_id: str | None = None
    attended: Attended | None = None

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
        return self.attended is None


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
