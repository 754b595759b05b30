"""The Patient record of the Personal Demographics Service (PDS), as far as a signal is about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chassis.clock import london_date
from chassis.faults import of_validation
from referral.edges.refused import Refused

_DEATH_STATUS: Final = (
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-DeathNotificationStatus"
)
# UKCore-DeathNotificationStatus: by a local organisation, by the registrar, taken back.


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class _Coding(_Part):
    code: str | None = None


class _Concept(_Part):
    coding: list[_Coding] = Field(default=[])


class _Extension(_Part):
    url: str = ""
    extension: list["_Extension"] = Field(default=[])
    value_codeable_concept: _Concept | None = Field(default=None, alias="valueCodeableConcept")


class _Period(_Part):
    start: str | None = None
    end: str | None = None


class _Identifier(_Part):
    value: str | None = None
    period: _Period = _Period()


class _Reference(_Part):
    identifier: _Identifier = _Identifier()


class _Patient(_Part):
    resource_type: Literal["Patient"] = Field(alias="resourceType")
    id: str = Field(max_length=64)
    deceased_date_time: str | None = Field(default=None, alias="deceasedDateTime")
    general_practitioner: list[_Reference] = Field(default=[], alias="generalPractitioner")
    extension: list[_Extension] = Field(default=[])


@dataclass(frozen=True, slots=True)
class Registration:
    """With which practice a person is registered, from when until when."""

    practice: str | None
    start: date | None
    end: date | None


@dataclass(frozen=True, slots=True)
class Record:
    """What PDS has of a person. `number` is the one in use, also when another was asked for."""

    number: str
    death_status: str | None
    deceased: str | None
    registrations: tuple[Registration, ...]

    def registered_on(self, day: date) -> Registration | None:
        """The registration that holds on a day; None for whoever has none."""
        holding = [one for one in self.registrations if one.end is None or one.end >= day]
        return holding[0] if holding else None


def record_of(resource: Mapping[str, Any], place: str) -> Record:
    """The record in a Patient resource. `Refused` with what cannot be read; `place` is its pointer."""
    try:
        patient = _Patient.model_validate(dict(resource))
    except ValidationError as error:
        raise Refused(of_validation(error, base=place)) from None
    return Record(
        patient.id,
        _death_status(patient.extension),
        patient.deceased_date_time,
        tuple(
            Registration(
                one.identifier.value,
                day_of(one.identifier.period.start),
                day_of(one.identifier.period.end),
            )
            for one in patient.general_practitioner
        ),
    )


def _death_status(extensions: list[_Extension]) -> str | None:
    return next(
        (
            coding.code
            for told in extensions
            if told.url == _DEATH_STATUS
            for one in told.extension
            if one.value_codeable_concept is not None
            for coding in one.value_codeable_concept.coding
        ),
        None,
    )


def day_of(text: str | None) -> date | None:
    """The day in London of a FHIR date or time; None for less than a day."""
    try:
        if text is None or len(text) < len("2026-01-01"):
            return None
        if len(text) == len("2026-01-01"):
            return date.fromisoformat(text)
        instant = datetime.fromisoformat(text)
        return instant.date() if instant.tzinfo is None else london_date(instant)
    except (ValueError, OverflowError):
        return None
