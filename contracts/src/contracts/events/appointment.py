"""Facts of the referral service about appointments."""

from datetime import date, datetime

from pydantic import AwareDatetime, Field

from contracts.event import Event
from contracts.identifiers import CapacityId, OdsCode
from contracts.topics import APPOINTMENT


class AppointmentBooked(Event, type="fairwait.appointment.booked.v1", topic=APPOINTMENT):
    """The patient has an appointment.

    `local_start` is the wall clock time in Europe/London, `starts_at` the same moment in UTC.
    """

    appointment_id: str
    provider: OdsCode
    site: OdsCode
    session: CapacityId
    local_start: datetime
    starts_at: AwareDatetime
    booked_on: date


class AppointmentAttended(Event, type="fairwait.appointment.attended.v1", topic=APPOINTMENT):
    """The patient came and was seen. `outcome` is OUTCOME OF ATTENDANCE (1, 2 or 3)."""

    appointment_id: str
    provider: OdsCode
    site: OdsCode
    attended_on: date
    attendance: str = Field(pattern=r"^[56]$")
    outcome: str = Field(pattern=r"^[123]$")
