"""Finding one's way in a message: fields by their place, and what is wrong by its place."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from chassis.clock import london_date
from chassis.faults import INVALID, REQUIRED, Fault, Kind, of_validation
from contracts.identifiers import OdsCode
from contracts.submissions import Submission
from referral.edges.diary import wall_clock
from referral.edges.hl7v2.er7 import Message, Place, Segment
from referral.edges.hl7v2.faults import SEGMENTS
from referral.edges.hl7v2.header import Header
from referral.edges.refused import Refused

S = TypeVar("S", bound=Submission)


@dataclass(frozen=True, slots=True)
class Mapped:
    """A submission, and where in the message each of its fields stood."""

    submission: Submission
    places: Mapping[str, Place]

    def located(self, fault: Fault) -> Fault:
        """A fault of the submission with the place of the field it is about."""
        return _located(fault, self.places)


@dataclass(slots=True)
class Reading:
    """One pass over a message. `places` maps a field of the submission to where it was looked for."""

    header: Header
    message: Message
    faults: list[Fault] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)

    def refuse(self, kind: Kind, told: str, place: Place) -> None:
        self.faults.append(kind.fault(told, expression=str(place)))

    def segment(self, name: str) -> Segment:
        """The first segment of this name. Without it nothing more can be read."""
        found = self.message.first(name)
        if found is None:
            self.refuse(SEGMENTS, f"A segment {name} is needed.", Place(name))
            raise Refused(self.faults)
        return found

    def text(
        self, pointer: str, segment: Segment, number: int, component: int = 1, repetition: int = 1
    ) -> str | None:
        """A component as the value of a field of the submission; None where it is empty."""
        self.places[pointer] = segment.place(number, component, repetition)
        return segment.text(number, component, repetition) or None

    def day(self, pointer: str, *told: tuple[Segment | None, int, int]) -> date | None:
        """The first of these fields that is filled, as a date in London."""
        for segment, number, component in told:
            if segment is None:
                continue
            place = segment.place(number, component)
            self.places.setdefault(pointer, place)
            text = segment.text(number, component)
            if text:
                self.places[pointer] = place
                found = day_of(text)
                if found is None:
                    self.refuse(INVALID, "A full date is needed (YYYYMMDD).", place)
                return found
        return None

    def sent_on(self) -> date | None:
        """The date of the message itself, MSH-7."""
        return day_of(self.header.sent_at)

    def submission(self, kind: type[S], fields: Mapping[str, Any]) -> Mapped:
        """The submission with these fields; `Refused` with everything that keeps it from being."""
        given = {name: value for name, value in fields.items() if value is not None}
        try:
            made = kind.model_validate(given)
        except ValidationError as error:
            self.faults += [
                _located(fault, self.places)
                for fault in of_validation(error)
                if not self._told(fault)
            ]
            raise Refused(self.faults) from None
        if self.faults:
            raise Refused(self.faults)
        return Mapped(made, dict(self.places))

    def _told(self, fault: Fault) -> bool:
        """Whether we have said already what is wrong at this place."""
        place = str(place_of(fault.pointer, self.places))
        return any(known.expression == place for known in self.faults)


def place_of(pointer: str, places: Mapping[str, Place]) -> Place:
    """The place of a field, or of the nearest thing around it."""
    while pointer and pointer not in places:
        pointer = pointer.rpartition("/")[0]
    return places.get(pointer, Place("MSH"))


def _located(fault: Fault, places: Mapping[str, Place]) -> Fault:
    return replace(fault, expression=str(place_of(fault.pointer, places)), pointer="")


# ---- values

_TIME: Final = re.compile(
    r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(?:(\d{2})(?:\.\d{1,6})?)?)?([+-]\d{4})?"
)


def instant_of(text: str) -> datetime | None:
    """An HL7 time to the minute or finer; without a zone it is the wall clock in London, naive."""
    match = _TIME.fullmatch(text)
    if match is None or match[4] is None:
        return None
    year, month, day, hour, minute, second = (int(one or 0) for one in match.groups()[:6])
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=_zone(match[7]))
    except ValueError:
        return None


def _zone(text: str | None) -> timezone | None:
    if text is None:
        return None
    minutes = int(text[1:3]) * 60 + int(text[3:5])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def day_of(text: str) -> date | None:
    """The date in London of an HL7 date or time; None for anything less exact than a day."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    try:
        instant = instant_of(text)
        if instant is not None and instant.tzinfo is not None:
            return london_date(instant)
        return date(int(match[1]), int(match[2]), int(match[3]))
    except (ValueError, OverflowError):
        return None


def local_start_of(text: str) -> tuple[datetime, datetime | None] | None:
    """Wall clock in London, and the instant where the sender gave a zone."""
    instant = instant_of(text)
    if instant is None:
        return None
    return (instant, None) if instant.tzinfo is None else wall_clock(instant)


_ods: TypeAdapter[str] = TypeAdapter(OdsCode)


def is_ods(text: str) -> bool:
    try:
        _ods.validate_python(text)
    except ValidationError:
        return False
    return True


def filled(*pairs: tuple[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, value in pairs if value is not None)


def need(reading: Reading, place: Place, told: str) -> None:
    """Says that something is missing there."""
    reading.refuse(REQUIRED, told, place)
