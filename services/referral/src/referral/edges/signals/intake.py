"""One signal in, kept or refused, durably, before it is answered."""

from dataclasses import dataclass, replace
from typing import Literal, Protocol

from chassis.clock import Clock
from chassis.errors import Rejected
from chassis.faults import Fault
from chassis.messages import hash_of
from chassis.tracing import current_traceparent
from chassis.units import Units
from referral.domain.names import digest
from referral.edges.refused import Refused
from referral.edges.signals.events import Attributes, Signal
from referral.edges.signals.meaning import MEANINGS, Meaning
from referral.handlers.reading import outcome_of
from referral.handlers.rejections import Arrival, faults_on_record, refuse_arrival


class Process(Protocol):
    """What is needed of the running service."""

    @property
    def units(self) -> Units: ...
    @property
    def clock(self) -> Clock: ...


Outcome = Literal["applied", "ignored", "refused"]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a signal; `faults` when it was refused."""

    outcome: Outcome
    message_id: str
    faults: tuple[Fault, ...] = ()


async def take(process: Process, signal: Signal, body: bytes, organisation: str) -> Taken:
    """Decide a signal like any other submission. A type that is none of ours is passed over."""
    message_id = message_id_of(signal.attributes)
    meaning = MEANINGS.get(signal.attributes.type)
    if meaning is None:
        return Taken("ignored", message_id)
    arrival = Arrival(
        organisation,
        message_id,
        _hash_of(signal.attributes),
        "http",
        meaning.submission.type,
    )
    faults = await _decide(process, signal, body, meaning, arrival)
    return Taken("refused" if faults else "applied", message_id, tuple(faults))


async def _decide(
    process: Process, signal: Signal, body: bytes, meaning: Meaning, arrival: Arrival
) -> list[Fault]:
    try:
        mapped = meaning.read(signal)
    except (Refused, Rejected) as refusal:
        return await process.units.run(refuse_arrival, _unread(arrival, body), list(refusal.faults))
    received = arrival.with_submission(
        mapped.submission, process.clock.now(), current_traceparent()
    )
    refused, entry = await process.units.answer(
        received, outcome_of, arrival.publisher, arrival.message_id
    )
    return [mapped.located(fault) for fault in faults_on_record(refused, entry)]


def message_id_of(attributes: Attributes) -> str:
    """The id at all doors. Source and id together name an event (CloudEvents 1.0, section 3.1.1)."""
    return f"signal:{digest(attributes.source, attributes.id)}"


def _hash_of(attributes: Attributes) -> str:
    """What a repeat has in common with the first. The record that comes along may have changed since."""
    told = (attributes.type, attributes.subject or "", attributes.time)
    return hash_of("\x1f".join(told).encode())


def _unread(arrival: Arrival, body: bytes) -> Arrival:
    """The arrival of a signal that could not be read, beside its id.

    So the same signal can still come with the record it lacked.
    """
    content = hash_of(body)
    return replace(arrival, message_id=f"{arrival.message_id}.{content[:16]}", body_hash=content)
