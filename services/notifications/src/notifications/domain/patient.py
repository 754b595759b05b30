"""Everything this service keeps of one pathway: the person, their choice, their appointment."""

from dataclasses import dataclass, replace
from datetime import datetime

from notifications.domain.choice import Choice
from notifications.domain.contact import Contact


@dataclass(frozen=True, slots=True)
class Appointment:
    """Where and when (London wall clock) the patient is expected."""

    appointment_id: str
    provider: str
    place: str
    local_start: datetime
    attended: bool = False


@dataclass(frozen=True, slots=True)
class Patient:
    """One pathway as messages and pages need it."""

    contact: Contact | None = None
    choice: Choice | None = None
    appointment: Appointment | None = None
    deceased: bool = False
    sensitive: bool = False


def place_of(patient: Patient, provider: str, site: str) -> str:
    """The name of the place a patient was booked into, from the list they chose it from."""
    option = patient.choice.option(provider) if patient.choice else None
    if option is None:
        return "the hospital you chose"
    if option.site != site or option.site_name == option.provider_name:
        return option.provider_name
    return f"{option.site_name} ({option.provider_name})"


def attended(patient: Patient, appointment_id: str) -> Patient:
    """The patient after they were seen."""
    appointment = patient.appointment
    if appointment is None or appointment.appointment_id != appointment_id:
        return patient
    return replace(patient, appointment=replace(appointment, attended=True))


def without_appointment(patient: Patient, appointment_id: str) -> Patient:
    """The patient after an appointment was cancelled, deleted or missed."""
    appointment = patient.appointment
    if appointment is None or appointment.appointment_id != appointment_id:
        return patient
    return replace(patient, appointment=None)


def moved(patient: Patient, appointment_id: str, local_start: datetime) -> Patient | None:
    """The patient with their appointment at another time; None when it is not the one we know."""
    appointment = patient.appointment
    if appointment is None or appointment.appointment_id != appointment_id:
        return None
    return replace(patient, appointment=replace(appointment, local_start=local_start))
