"""One message in, its acknowledgements out; in between it is kept or refused, durably."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol
from weakref import WeakValueDictionary

import structlog

from chassis.clock import Clock
from chassis.errors import TransientError
from chassis.faults import REQUIRED, SERVER_ERROR, Fault
from chassis.messages import hash_of
from chassis.units import Units
from referral.domain.names import digest
from referral.edges.hl7v2.acknowledgement import Result, acknowledgements
from referral.edges.hl7v2.er7 import (
    NotHl7,
    OtherCharacters,
    Place,
    TooComplex,
    decode,
    messages_of,
)
from referral.edges.hl7v2.faults import (
    CHARACTERS,
    EVENT,
    FACILITY,
    MESSAGE_TYPE,
    PROCESSING_ID,
    TOO_COMPLEX,
    TOO_LONG,
    UNREADABLE,
    VERSION,
)
from referral.edges.hl7v2.framing import Frame
from referral.edges.hl7v2.header import MAX_ID, VERSIONS, Header, header_of
from referral.edges.hl7v2.meaning import MEANINGS, Meaning
from referral.edges.hl7v2.reading import Mapped, Reading
from referral.edges.refused import Refused
from referral.handlers.reading import outcome_of
from referral.handlers.rejections import Arrival, faults_on_record, refuse_arrival
from referral.repositories import Entry
from referral.work import ReferralWork

log = structlog.get_logger()

# MSH-11 of each environment: a test message must not become a patient.
PROCESSING_IDS: Final = {"production": "P", "test": "T", "development": "D"}

_MESSAGE_ID: Final = 128  # what an id may measure at all doors
_NAME: Final = re.compile(r"[A-Z][A-Z0-9]{2}")


class Process(Protocol):
    """What is needed of the running service."""

    @property
    def units(self) -> Units: ...
    @property
    def clock(self) -> Clock: ...


@dataclass(frozen=True, slots=True)
class Answered:
    """What goes back for one message, and what to count it as."""

    acknowledgements: list[bytes]
    kind: str
    outcome: str


class Intake:
    """Takes messages in. Those of one sender (organisation and MSH-3) are taken one by one."""

    def __init__(
        self,
        process: Process,
        *,
        environment: str,
        facilities: Mapping[str, str],
        character_set: str,
    ) -> None:
        self._process = process
        self._processing_id = PROCESSING_IDS[environment]
        self._facilities = facilities
        self._character_set = character_set
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    def messages(self, frame: Frame) -> list[Frame]:
        """The messages of a frame: of a batch several, to be answered one after the other."""
        if frame.too_long:
            return [frame]
        return [Frame(content) for content in messages_of(frame.content)]

    async def answer(self, frame: Frame, organisation: str) -> Answered:
        """The acknowledgements of one message of this organisation.

        When this returns, what was accepted is durable. Raises `TransientError` when it cannot be
        kept now: then nothing may go back, and the sender tries again.
        """
        try:
            header = header_of(frame.content)
        except NotHl7:
            return self._unrecorded(_UNKNOWN, [UNREADABLE.fault(expression=str(Place("MSH")))])
        faults = self._unanswerable(header, too_long=frame.too_long)
        if faults:
            return self._unrecorded(header, faults)
        turn = self._turns.setdefault((organisation, header.sending_application), asyncio.Lock())
        async with turn:
            return await self._in_turn(frame.content, header, organisation)

    def _unanswerable(self, header: Header, *, too_long: bool) -> list[Fault]:
        """What keeps a message from being kept, even as a refusal."""
        place = Place("MSH", field=10)
        if too_long:
            return [TOO_LONG.fault()]
        if not header.control_id:
            return [REQUIRED.fault(expression=str(place))]
        if len(header.control_id) > MAX_ID:
            return [TOO_LONG.fault("This id is longer than MSH-10 can be.", expression=str(place))]
        return []

    def _unrecorded(self, header: Header, faults: list[Fault]) -> Answered:
        return _answered(header, Result(self._process.clock.now(), tuple(faults)))

    async def _in_turn(self, content: bytes, header: Header, organisation: str) -> Answered:
        arrival = Arrival(
            organisation,
            message_id_of(header),
            hash_of(content.rstrip(b"\r\n")),
            "hl7v2",
            _submission_type(header),
        )
        try:
            result = await self._taken(content, header, arrival)
        except TransientError:
            raise
        except Exception as error:  # a mistake of ours must not silence the line
            log.error("hl7v2.failed", kind=kind_of(header), exc_info=error)
            return self._unrecorded(header, [SERVER_ERROR.fault()])
        return _answered(header, result)

    async def _taken(self, content: bytes, header: Header, arrival: Arrival) -> Result:
        units = self._process.units
        try:
            mapped = self._mapped(content, header, arrival.publisher)
        except Refused as refusal:
            faults, entry = await units.run(_refused_on_record, arrival, refusal.faults)
            return self._result(entry, faults, None)
        received = arrival.with_submission(mapped.submission, self._process.clock.now())
        refused, entry = await units.answer(
            received, outcome_of, arrival.publisher, arrival.message_id
        )
        return self._result(entry, faults_on_record(refused, entry), mapped)

    def _result(
        self, entry: Entry | None, faults: Sequence[Fault], mapped: Mapped | None
    ) -> Result:
        """What is on record of the message, and since when."""
        at = entry.received_at if entry is not None else self._process.clock.now()
        return Result(at, tuple(_placed(fault, mapped) for fault in faults))

    # ---- checks

    def _mapped(self, content: bytes, header: Header, organisation: str) -> Mapped:
        faults = [*self._misdirected(header, organisation), *self._unsupported(header)]
        if faults:
            raise Refused(faults)
        message = MEANINGS[header.type][header.event]
        try:
            decoded = decode(content, header.character_set or self._character_set, header.encoding)
        except OtherCharacters:
            raise _refused(CHARACTERS.fault(), field=18) from None
        except TooComplex:
            raise _refused(TOO_COMPLEX.fault()) from None
        return self._supported(message).read(Reading(header, decoded))

    def _misdirected(self, header: Header, organisation: str) -> list[Fault]:
        facility = header.sending_facility
        if self._facilities.get(facility, facility) != organisation:
            return [FACILITY.fault(expression=str(Place("MSH", field=4)))]
        return []

    def _unsupported(self, header: Header) -> list[Fault]:
        faults = []
        if header.processing_id != self._processing_id:
            faults.append(PROCESSING_ID.fault(expression=str(Place("MSH", field=11))))
        if header.version not in VERSIONS:
            faults.append(VERSION.fault(expression=str(Place("MSH", field=12))))
        if header.type not in MEANINGS:
            place = Place("MSH", field=9, component=1)
            faults.append(MESSAGE_TYPE.fault(expression=str(place)))
        elif header.event not in MEANINGS[header.type]:
            place = Place("MSH", field=9, component=2)
            faults.append(EVENT.fault(expression=str(place)))
        return faults

    def _supported(self, meaning: Meaning) -> Meaning:
        if meaning.submission not in self._process.units.declaration.handlers.events:
            raise _refused(EVENT.fault(), field=9)
        return meaning


def _refused(fault: Fault, field: int = 0) -> Refused:
    return Refused([replace(fault, expression=str(Place("MSH", field=field)))])


async def _refused_on_record(
    arrival: Arrival, faults: list[Fault], work: ReferralWork
) -> tuple[list[Fault], Entry | None]:
    refused = await refuse_arrival(arrival, faults, work)
    return refused, await outcome_of(arrival.publisher, arrival.message_id, work)


def _placed(fault: Fault, mapped: Mapped | None) -> Fault:
    if Place.read(fault.expression) is not None:
        return fault
    if fault.code == "duplicate_message_id":
        return replace(fault, expression=str(Place("MSH", field=10)))
    return fault if mapped is None else mapped.located(fault)


def _answered(header: Header, result: Result) -> Answered:
    outcome = "accepted" if result.accepted else result.faults[0].code
    return Answered(acknowledgements(header, result), kind_of(header), outcome)


# ---- names


def message_id_of(header: Header) -> str:
    """The id at all doors: MSH-10 is unique only within the application of MSH-3."""
    text = f"hl7v2:{header.sending_application}:{header.control_id}"
    return text if len(text) <= _MESSAGE_ID else f"hl7v2:{digest(text)}"


def kind_of(header: Header) -> str:
    """Type and event for people and metrics; what is none of ours is `other`."""
    known = header.event in MEANINGS.get(header.type, {})
    return f"{header.type}^{header.event}" if known else "other"


def _submission_type(header: Header) -> str:
    meaning = MEANINGS.get(header.type, {}).get(header.event)
    if meaning is not None:
        return meaning.submission.type
    names = [one for one in (header.type, header.event) if _NAME.fullmatch(one)]
    return ".".join(["hl7v2", *names])


# To answer what has no header of its own.
_UNKNOWN: Final = header_of(rb"MSH|^~\&|||||||ACK||P|2.4" + b"\r")
