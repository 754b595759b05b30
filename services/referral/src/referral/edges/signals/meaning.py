"""What each signal means: the submission that a type of event brings.

Who has died, whose number is another one, and with whom somebody is registered stands in the record
that a signal points to, and not in the signal.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from chassis.faults import INVALID, REQUIRED, Fault, of_validation
from contracts.identifiers import parse_nhs_number
from contracts.submissions import (
    GpChanged,
    NhsNumberChanged,
    PatientDeathWithdrawn,
    PatientDied,
    Submission,
)
from referral.edges.refused import Refused
from referral.edges.signals.events import Signal
from referral.edges.signals.faults import OTHER_PATIENT, WITHOUT_RECORD
from referral.edges.signals.records import Record, day_of, record_of

S = TypeVar("S", bound=Submission)

_REMOVED: Final = "U"
_FORMAL: Final = "2"


@dataclass(frozen=True, slots=True)
class Mapped:
    """A submission, and where in the signal each of its fields stood."""

    submission: Submission
    places: Mapping[str, dict[str, str]]

    def located(self, fault: Fault) -> Fault:
        """A fault of the submission with the place of the field it is about."""
        place = self.places.get(fault.pointer, {})
        return replace(fault, pointer=place.get("pointer", ""), header=place.get("header", ""))


@dataclass(frozen=True, slots=True)
class Meaning:
    """The submission that such a signal usually brings, and how it is read."""

    submission: type[Submission]
    read: Callable[[Signal], Mapped]


def _death(signal: Signal) -> Mapped:
    """A death with its day and how it is known (PDS), or that it was recorded by mistake."""
    data = signal.data()
    # Version 1 of the signal says in its own data that a death was taken back.
    if isinstance(data, dict) and data.get("deathNotificationStatus") == _REMOVED:
        return _made(signal, PatientDeathWithdrawn, {})
    record = _same_person(signal, _record(signal, data))
    if record.death_status == _REMOVED:
        return _made(signal, PatientDeathWithdrawn, {})
    # Only what the registrar has told is formal.
    status = "formal" if record.death_status == _FORMAL else "informal"
    fields = {"died_on": _deceased(signal, record), "status": status}
    places = {"/died_on": signal.places.datum("/deceasedDateTime")}
    return _made(signal, PatientDied, fields, places)


def _deceased(signal: Signal, record: Record) -> date:
    place = signal.places.datum("/deceasedDateTime")
    if record.deceased is None:
        raise Refused([REQUIRED.fault(**place)])
    day = day_of(record.deceased)
    if day is None:
        raise Refused([INVALID.fault("A full date is needed (YYYY-MM-DD).", **place)])
    return day


def _number(signal: Signal) -> Mapped:
    """PDS answers for a number that was replaced with the record of the one in its place."""
    record = _record(signal, signal.data())
    former = _subject(signal)
    place = signal.places.datum("/id")
    if record.number == former:
        told = "The record has the same NHS number: that of the number in its place is needed."
        raise Refused([INVALID.fault(told, **place)])
    fields = {"nhs_number": record.number, "former": former, "changed_on": signal.day}
    places = {"/nhs_number": place, "/former": signal.places.attribute("subject")}
    return _made(signal, NhsNumberChanged, fields, places)


def _practice(signal: Signal) -> Mapped:
    record = _same_person(signal, _record(signal, signal.data()))
    registration = record.registered_on(signal.day)
    start = registration.start if registration is not None else None
    fields = {
        "practice": registration.practice if registration is not None else None,
        "changed_on": min(start, signal.day) if start is not None else signal.day,
    }
    places = {"/practice": signal.places.datum("/generalPractitioner")}
    return _made(signal, GpChanged, fields, places)


# ---- parts


def _record(signal: Signal, data: Any) -> Record:
    if not isinstance(data, dict) or "resourceType" not in data:
        raise Refused([WITHOUT_RECORD.fault(**signal.places.datum())])
    return record_of(data, signal.places.data)


def _same_person(signal: Signal, record: Record) -> Record:
    if record.number != _subject(signal):
        raise Refused([OTHER_PATIENT.fault(**signal.places.datum("/id"))])
    return record


def _subject(signal: Signal) -> str:
    """The NHS number that the signal is about."""
    place = signal.places.attribute("subject")
    if signal.attributes.subject is None:
        raise Refused([REQUIRED.fault(**place)])
    try:
        return parse_nhs_number(signal.attributes.subject)
    except ValueError:
        raise Refused([INVALID.fault("This is no NHS number of England.", **place)]) from None


def _made(
    signal: Signal,
    kind: type[S],
    fields: Mapping[str, Any],
    places: Mapping[str, dict[str, str]] | None = None,
) -> Mapped:
    about = {"/nhs_number": signal.places.attribute("subject"), **(places or {})}
    given = fields if "nhs_number" in fields else {"nhs_number": _subject(signal), **fields}
    try:
        return Mapped(kind.model_validate(given), about)
    except ValidationError as error:
        faults = of_validation(error)
        raise Refused(
            [Mapped(kind.model_construct(), about).located(one) for one in faults]
        ) from None


# The two versions differ in what is told without the record, and in nothing that we read.
MEANINGS: Final[Mapping[str, Meaning]] = {
    f"{name}-{version}": meaning
    for name, meaning in {
        "pds-death-notification": Meaning(PatientDied, _death),
        "nhs-number-change": Meaning(NhsNumberChanged, _number),
        "pds-change-of-gp": Meaning(GpChanged, _practice),
    }.items()
    for version in (1, 2)
}
