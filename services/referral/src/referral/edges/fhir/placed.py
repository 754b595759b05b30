"""When and where an Appointment is, who takes part, by which way, and how it went."""

from datetime import datetime
from typing import Final

from pydantic import TypeAdapter

from chassis.faults import INVALID, REQUIRED
from contracts.identifiers import OdsCode
from referral.edges.diary import wall_clock
from referral.edges.fhir import systems
from referral.edges.fhir.models import Appointment, Reference
from referral.edges.fhir.reading import Reading, coded, codings, extensions, fits, instant_in

_ods: Final[TypeAdapter[str]] = TypeAdapter(OdsCode)


def start_in(told: Appointment, path: str, reading: Reading) -> tuple[datetime, datetime] | None:
    """The wall clock in London, and the instant: FHIR tells it with its offset, in any night."""
    if told.start is None:
        return None
    instant = instant_in(told.start)
    clock = wall_clock(instant) if instant is not None else None
    if clock is None:
        words = "A date and time with its offset from UTC is needed."
        reading.refuse(INVALID, words, f"{path}.start")
    return clock


def participant(
    told: Appointment, kind: str, path: str, reading: Reading
) -> tuple[Reference, str] | None:
    """The participant of a type, by the resource it points at or by what it says of itself."""
    for number, one in enumerate(told.participant):
        actor = one.actor
        if actor is None:
            continue
        node = reading.find(actor.reference)
        kinds = {actor.type, node.type if node else (actor.reference or "").split("/")[0]}
        by_number = actor.identifier and actor.identifier.system == systems.NHS_NUMBER
        if kind in kinds or (kind == "Patient" and by_number):
            return actor, f"{path}.participant[{number}].actor"
    return None


def site_in(told: Appointment, path: str, reading: Reading) -> str | None:
    """The ODS code of the place, or of the organisation that has the place."""
    for kind in ("Location", "HealthcareService"):
        found = participant(told, kind, path, reading)
        code = reading.site(*found) if found else None
        if code is None:
            continue
        if fits(_ods, code[0]):
            reading.places["/site"] = code[1]
            return code[0]
        reading.warn("This is no ODS code and is left out.", code[1], "value")
    return None


def contact_in(told: Appointment, path: str, reading: Reading) -> str | None:
    """FIRST ATTENDANCE: as told, or for a follow-up by the channel it is delivered through."""
    given = coded(told.extension, systems.EXT_FIRST_ATTENDANCE, path, "/contact", reading)
    kinds = [told.appointment_type] if told.appointment_type else []
    if given or not any(one.code == "FOLLOWUP" for one, _ in codings(kinds, "")):
        return given
    for extension, _ in extensions(told.extension, systems.DELIVERY_CHANNEL, path):
        concept = extension.value_codeable_concept
        for coding, _ in codings([concept] if concept else [], ""):
            return "2" if coding.code == "In-person" else "4"
    return None


def outcome_in(told: Appointment, path: str, reading: Reading) -> str | None:
    """OUTCOME OF ATTENDANCE, from the extension that UK Core has for it."""
    for extension, place in extensions(told.extension, systems.OUTCOME_OF_ATTENDANCE, path):
        concept = extension.value_codeable_concept
        for number, coding in enumerate(concept.coding if concept else []):
            where = f"{place}.valueCodeableConcept.coding[{number}].code"
            reading.places["/outcome"] = where
            return coding.code
    words = "The OUTCOME OF ATTENDANCE is needed, in the extension of UK Core."
    reading.refuse(REQUIRED, words, f"{path}.extension")
    return None
