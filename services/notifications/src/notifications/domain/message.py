"""A message to a patient as a state machine, so that nobody is told twice and nothing is lost.

    intended → claimed → handed over → delivered
                       → failed (for a person to look at, where we cannot tell)
                       → unknown → asked about by reference → handed over, or intended again

An unknown outcome is never sent again before the channel has said, twice, that it knows nothing of
the reference.
"""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias

from notifications.domain.choice import NO_TRAIL, Trail, can_answer
from notifications.domain.contact import Channel
from notifications.domain.patient import Patient
from notifications.domain.windows import LONDON

Template = Literal["choose-provider", "booked", "stayed", "lapsed", "reminder"]

PERSON_WITHIN = timedelta(minutes=15)  # an unknown outcome is seen by a person by then
ASK_AGAIN_AFTER = timedelta(seconds=15)  # longer than any hand-over may be on its way
NOT_FOUND_TWICE = 2
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
MOST_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class Intended:
    """To be handed over. `due_at` is the patient's time, `rested_until` keeps retries apart."""

    due_at: datetime
    attempt: int = 1
    rested_until: datetime = LONG_AGO


@dataclass(frozen=True, slots=True)
class Claimed:
    """One sender has it until `lease_until`; whoever finds it later cannot know what happened."""

    claim: str
    lease_until: datetime
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may or may not have been handed over. The channel is asked by our reference."""

    ask_at: datetime
    person_by: datetime
    not_found: int = 0
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The channel has it, once."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Delivered:
    """The channel says that it arrived."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not go, or we cannot tell and a person must look."""

    at: datetime
    reason: str
    needs_a_person: bool


Status: TypeAlias = Intended | Claimed | Unknown | HandedOver | Delivered | Failed


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to tell one patient by one channel. No name, no address, no text.

    `facts` are what its template says beside the patient's name; who they are and where they are
    reached is looked up at the moment it is handed over.
    """

    message_id: str
    pathway_id: str
    step: str
    template: Template
    version: str
    channel: Channel
    status: Status
    facts: dict[str, str] = field(default_factory=dict)
    trail: Trail = NO_TRAIL


def message_id(pathway_id: str, step: str, channel: Channel) -> str:
    """The same step of the same pathway by the same channel is the same message, for ever.

    It begins with the pathway id, so that whoever looks at a channel finds a pathway's messages.
    """
    named = "\x00".join((pathway_id, step, channel)).encode()
    return f"{pathway_id}.{hashlib.sha256(named).hexdigest()[:16]}"


def no_longer_wanted(message: Message, patient: Patient, now: datetime) -> str | None:
    """Why the message must not go any more, asked again at the moment it is handed over."""
    if patient.deceased:
        return "the patient has died"
    if patient.sensitive:
        return "the whereabouts of the patient may not be shared"
    here = now.astimezone(LONDON)
    match message.template:
        case "choose-provider":
            choice = patient.choice
            if choice is None or choice.shortlist_id != message.facts["shortlist_id"]:
                return "a newer list replaced it"
            return None if can_answer(choice, here.date()) else "the choice is over"
        case "reminder":
            booked = patient.appointment
            if booked is None or booked.appointment_id != message.facts["appointment_id"]:
                return "the appointment changed"
            if booked.attended or booked.local_start <= here.replace(tzinfo=None):
                return "the appointment is over"
            return None
        case "booked":
            booked = patient.appointment
            if booked is None or booked.appointment_id != message.facts["appointment_id"]:
                return "the appointment changed"
            if booked.local_start.isoformat() != message.facts["local_start"]:
                return "the appointment changed"
            return None
        case "stayed" | "lapsed":
            return None


def unknown(message: Message, attempt: int, now: datetime) -> Message:
    """The message after a hand-over whose outcome nobody knows."""
    status = Unknown(now + ASK_AGAIN_AFTER, now + PERSON_WITHIN, attempt=attempt)
    return replace(message, status=status)


def not_found(message: Message, status: Unknown, now: datetime, due_at: datetime) -> Message:
    """The message after the channel said that it knows nothing of it.

    Once is not enough: what we sent may still have been on its way when we asked.
    """
    times = status.not_found + 1
    if times < NOT_FOUND_TWICE:
        asked = replace(status, not_found=times, ask_at=now + ASK_AGAIN_AFTER)
        return replace(message, status=asked)
    if status.attempt >= MOST_ATTEMPTS:
        return failed(message, now, "never taken by the channel", needs_a_person=True)
    return replace(message, status=Intended(due_at, status.attempt + 1))


def no_answer(message: Message, status: Unknown, now: datetime) -> Message:
    """The message after the channel could not say. At its deadline it is for a person."""
    if now >= status.person_by:
        return failed(message, now, "outcome unknown", needs_a_person=True)
    return replace(message, status=replace(status, ask_at=now + ASK_AGAIN_AFTER))


def put_off(message: Message, attempt: int, now: datetime, due_at: datetime) -> Message:
    """The message after the channel said *not now*: it certainly did not take it."""
    if attempt >= MOST_ATTEMPTS:
        return failed(message, now, "refused by the channel too often", needs_a_person=True)
    rest = now + ASK_AGAIN_AFTER * 2**attempt
    return replace(message, status=Intended(due_at, attempt + 1, rest))


def failed(message: Message, now: datetime, reason: str, *, needs_a_person: bool) -> Message:
    """The message, given up on."""
    return replace(message, status=Failed(now, reason, needs_a_person))


def attempt_of(message: Message) -> int:
    """How many times a hand-over of this message has been begun."""
    match message.status:
        case Intended(attempt=attempt) | Claimed(attempt=attempt) | Unknown(attempt=attempt):
            return attempt
        case HandedOver() | Delivered() | Failed():
            return 1
