"""What became of a body: a submission, or every reason why it is none."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from pydantic import ValidationError

from chassis.faults import Fault, of_validation
from contracts.submissions import Submission
from referral.domain.pathway import Pathway
from referral.edges.fhir.about import Key
from referral.edges.fhir.reading import Reading
from referral.edges.refused import Refused


@dataclass(frozen=True, slots=True)
class Arriving:
    """Who sends a body and under which id, the day it speaks of, and whether it updates something."""

    publisher: str
    message_id: str
    on: date
    update: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """The key of the pathway that a body is about, and the pathway where its sender may see it.

    `part` is the id of the appointment or task that the body is sent to.
    """

    key: Key
    pathway: Pathway | None = None
    part: str | None = None


Name = Callable[[Pathway], str]
"""The id of the resource that a body was about, once it has been taken."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """A submission, what was odd about its body, where each of its fields stood, what it is about."""

    submission: Submission
    warnings: tuple[Fault, ...]
    places: Mapping[str, str]
    name: Name

    def located(self, fault: Fault) -> Fault:
        """A fault of the submission with the FHIRPath of the field it is about."""
        if fault.header:
            return fault
        return replace(fault, expression=place_of(self.places, fault.pointer), pointer="")


def mapped(
    kind: type[Submission], fields: Mapping[str, Any], reading: Reading, name: Name
) -> Mapped:
    """The submission with these fields; `Refused` with all that keeps it from being."""
    given = {field: value for field, value in fields.items() if value is not None}
    try:
        submission = kind.model_validate(given)
    except ValidationError as error:
        reading.faults += [
            replace(fault, expression=place_of(reading.places, fault.pointer), pointer="")
            for fault in of_validation(error)
            if not _told(fault, reading)
        ]
        raise Refused(reading.faults) from None
    if reading.faults:
        raise Refused(reading.faults)
    return Mapped(submission, tuple(reading.warnings), dict(reading.places), name)


def place_of(places: Mapping[str, str], pointer: str) -> str:
    """The place of a field, or of the nearest thing around it."""
    while pointer and pointer not in places:
        pointer = pointer.rpartition("/")[0]
    return places.get(pointer, "Resource")


def _told(fault: Fault, reading: Reading) -> bool:
    """Whether we have said already what is wrong around this place."""
    place = place_of(reading.places, fault.pointer)
    return any(known.expression.startswith(place) for known in reading.faults)
