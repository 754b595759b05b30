"""Facts of the referral service about appointments."""

from datetime import date, datetime
from typing import Literal

from pydantic import AwareDatetime, Field

from contracts.event import Event
from contracts.identifiers import CapacityId, OdsCode
from contracts.topics import APPOINTMENT


class AppointmentBooked(Event, type="fairwait.appointment.booked.v1", topic=APPOINTMENT):
    """The patient has an appointment.

    `local_start` is the wall clock time in Europe/London, `starts_at` the same moment in UTC.
    `session` is `own.` and the appointment's id when the provider booked it in its own diary.
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


class AppointmentRebooked(Event, type="fairwait.appointment.rebooked.v1", topic=APPOINTMENT):
    """The appointment is at another time or place; the clock goes on.

    `left_session` is the declared session whose place is free again, if it was in one.
    """

    appointment_id: str
    provider: OdsCode
    site: OdsCode
    local_start: datetime
    starts_at: AwareDatetime
    moved_on: date
    moved_by: Literal["patient", "provider"]
    reason: str
    left_session: CapacityId | None = None


class AppointmentChangeRequested(
    Event, type="fairwait.appointment.change_requested.v1", topic=APPOINTMENT
):
    """The patient asks for another time. They keep this one until somebody decides."""

    appointment_id: str
    provider: OdsCode
    request_id: str
    requested_on: date
    reason: str


class AppointmentChangeDecided(
    Event, type="fairwait.appointment.change_decided.v1", topic=APPOINTMENT
):
    """A request for another time was granted, and `rebooked` follows; or it was refused."""

    appointment_id: str
    provider: OdsCode
    request_id: str
    decided_on: date
    granted: bool


class AppointmentCancelled(Event, type="fairwait.appointment.cancelled.v1", topic=APPOINTMENT):
    """The appointment was cancelled ahead of its time; the clock goes on.

    `must_reoffer`: the provider cancelled and owes the patient another one.
    """

    appointment_id: str
    provider: OdsCode
    site: OdsCode
    cancelled_on: date
    cancelled_by: Literal["patient", "provider"]
    reason: str
    must_reoffer: bool
    left_session: CapacityId | None = None


class AppointmentMissed(Event, type="fairwait.appointment.missed.v1", topic=APPOINTMENT):
    """The patient did not attend, or came too late to be seen. What that does to the clock is told
    by an event of the clock."""

    appointment_id: str
    provider: OdsCode
    site: OdsCode
    missed_on: date
    attendance: str = Field(pattern=r"^[37]$")
    reason: str
    first_activity: bool
    clearly_communicated: bool
    discharged: bool


class AppointmentDeleted(Event, type="fairwait.appointment.deleted.v1", topic=APPOINTMENT):
    """The appointment was entered by mistake, or its slot given back: it was never the patient's."""

    appointment_id: str
    provider: OdsCode
    site: OdsCode
    deleted_on: date
    left_session: CapacityId | None = None


class AdmissionNoted(Event, type="fairwait.appointment.admission_noted.v1", topic=APPOINTMENT):
    """A step of an admission: a date given (TCI), admitted, called off, or discharged."""

    admission_id: str
    provider: OdsCode
    site: OdsCode
    step: Literal["planned", "admitted", "cancelled", "discharged"]
    on: date
    decided_to_admit_on: date | None = None
    treated: bool | None = None
