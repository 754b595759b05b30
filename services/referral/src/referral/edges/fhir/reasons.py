"""Why an appointment was called off or moved, and by whom; why a patient did not come."""

from datetime import date
from typing import Any, Final

from chassis.faults import REQUIRED
from referral.domain.appointments import Side
from referral.edges.diary import side_of
from referral.edges.fhir import systems
from referral.edges.fhir.models import Appointment
from referral.edges.fhir.reading import Reading, coded, codings

# FHIR's own reasons begin with the side that gives them; e-RS has a word for either.
_FHIR: Final[dict[str, tuple[str, Side]]] = {
    "pat": ("PATIENT_APPOINTMENT_CANCELLATION_OTHER", "patient"),
    "prov": ("PROVIDER_CANCELLATION", "provider"),
}


def cancellation(
    told: Appointment, path: str, reading: Reading, on: date, pointer: str
) -> tuple[str | None, str | None]:
    """The reason as a code of e-RS, and which side gives it; refused when no side is told."""
    by = coded(told.extension, systems.EXT_DONE_BY, path, pointer, reading)
    reason, side = _reason(told, path, reading, on)
    if by is None and side is None:
        words = (
            "Say which side, by a reason that tells it or by our extension: patient or provider."
        )
        reading.refuse(REQUIRED, words, reading.places["/reason"])
    return reason, by or side


def _reason(
    told: Appointment, path: str, reading: Reading, on: date
) -> tuple[str | None, Side | None]:
    reading.places["/reason"] = f"{path}.cancelationReason"
    for code, system, place in _codes(told, path):
        reading.places["/reason"] = place
        if system == systems.APPOINTMENT_REASONS:
            found = _FHIR.get(code.partition("-")[0])
            if found is None:
                reading.warn("Kept as not specified.", place)
            return found or (None, None)
        return code.upper(), side_of(code.upper(), on)
    reason = coded(told.extension, systems.EXT_REASON, path, "/reason", reading)
    return reason, side_of(reason, on)


def non_attendance(told: Appointment, path: str, reading: Reading) -> str | None:
    for code, _, place in _codes(told, path):
        reading.places["/reason"] = place
        return code.upper()
    return coded(told.extension, systems.EXT_REASON, path, "/reason", reading)


def _codes(told: Appointment, path: str) -> list[tuple[str, str | None, str]]:
    concepts: list[Any] = [told.cancelation_reason] if told.cancelation_reason else []
    return [
        (coding.code, coding.system, f"{place.replace('Reason[0]', 'Reason')}.code")
        for coding, place in codings(concepts, f"{path}.cancelationReason")
        if coding.code
    ]
