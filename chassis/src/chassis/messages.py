"""Records as they come off a topic, turned into what handlers understand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from aiokafka import ConsumerRecord
from pydantic import ValidationError

from contracts.event import (
    Envelope,
    Event,
    UnknownMajor,
    UnknownType,
    Unreadable,
    describe,
    read,
)
from contracts.events.referral import WayIn
from contracts.submissions import TYPES, Submission
from contracts.topics import SUBMISSION

S = TypeVar("S", bound=Submission, covariant=True)


@dataclass(frozen=True, slots=True)
class Received(Generic[S]):
    """A submission together with what we know of its sending.

    `publisher` is the organisation of the credential. `message_id` is the publisher's own;
    `body_hash` tells a repeat from another message under the same id. `if_version` is the version
    of the document that the sender has seen, where it said so: on any other it has no effect.
    """

    submission: S
    publisher: str
    message_id: str
    body_hash: str
    way_in: WayIn
    received_at: datetime
    traceparent: str = ""
    if_version: int | None = None


@dataclass(frozen=True, slots=True)
class RefusedSubmission:
    """A submission that can be told back: we know who sent it and what is wrong with it."""

    type: str
    publisher: str
    message_id: str
    body_hash: str
    way_in: WayIn
    problems: tuple[tuple[str, str], ...]
    """(pointer, pydantic error type) of each problem, without the values."""


@dataclass(frozen=True, slots=True)
class UnknownEvent:
    """An event of a newer writer: nothing to do about it, but it has its place in the sequence."""

    envelope: Envelope


Authenticate = Callable[[str, datetime, str], str]
"""The organisation of a token at an instant, if it has a scope; raises `Unreadable` for a bad one."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event with the record it came in, for readers that keep the bytes.

    `event` is None for a type that only a newer reader knows.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes], ...]
    event: Event | None


def position(record: ConsumerRecord[Any, Any]) -> str:
    """Names a record for ever: topic, partition and offset."""
    return f"{record.topic}:{record.partition}:{record.offset}"


def hash_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def decode_event(record: ConsumerRecord[Any, Any]) -> Event | UnknownEvent:
    """The event in a record. Raises `Unreadable` for bytes to set aside."""
    event: Event | UnknownEvent
    try:
        event = read(record.value, record.headers)
    except UnknownType as unknown:
        event = UnknownEvent(unknown.envelope)
    if not event.envelope.subject or event.envelope.sequence < 1:
        raise Unreadable("ce_subject or ce_sequence does not number the event")
    return event


def decode_submission(
    record: ConsumerRecord[Any, Any], authenticate: Authenticate
) -> Received[Any] | RefusedSubmission:
    """The submission in a record of topic `submission`, in binary or structured mode.

    Raises `Unreadable` when we cannot even say whose it is or what it means to be.
    """
    attributes, body = _attributes(record)
    message_type, message_id = attributes.get("type", ""), attributes.get("id", "")
    if not message_id or len(message_id) > 128:
        raise Unreadable("attribute id is missing or longer than 128 characters")
    sent_at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    cls = TYPES.get(message_type)
    if cls is None:
        raise UnknownMajor("no submission is of this type")
    token = attributes.get("authorization", "").removeprefix("Bearer ")
    publisher = authenticate(token, sent_at, cls.scope)
    body_hash = hash_of(body)
    try:
        submission = cls.__pydantic_validator__.validate_json(body)
    except ValidationError as error:
        return RefusedSubmission(
            message_type, publisher, message_id, body_hash, "kafka", _problems(error)
        )
    return Received(
        submission,
        publisher,
        message_id,
        body_hash,
        "kafka",
        sent_at,
        attributes.get("traceparent", ""),
    )


def _problems(error: ValidationError) -> tuple[tuple[str, str], ...]:
    return tuple(
        ("/" + "/".join(str(part) for part in one["loc"]), one["type"])
        for one in error.errors(include_input=False, include_url=False, include_context=False)
    )


def _attributes(record: ConsumerRecord[Any, Any]) -> tuple[Mapping[str, str], bytes]:
    """CloudEvents attributes without prefix, and the data as bytes."""
    headers = _texts(record)
    value = record.value
    if value is None:
        raise Unreadable("the record has no value")
    if headers.get("content-type", "").startswith("application/cloudevents+json"):
        return _structured(value, headers)
    attributes = {
        name.removeprefix("ce_"): text
        for name, text in headers.items()
        if name.startswith("ce_") or name == "authorization"
    }
    if attributes.get("specversion") != "1.0":
        raise Unreadable("neither a binary nor a structured CloudEvent of version 1.0")
    return attributes, value


def _structured(value: bytes, headers: Mapping[str, str]) -> tuple[Mapping[str, str], bytes]:
    try:
        envelope = json.loads(value)
    except (ValueError, RecursionError):
        raise Unreadable("the structured CloudEvent is not JSON") from None
    if not isinstance(envelope, dict) or envelope.get("specversion") != "1.0":
        raise Unreadable("the structured CloudEvent is not of version 1.0")
    attributes = {name: one for name, one in envelope.items() if isinstance(one, str)}
    attributes["authorization"] = headers.get("authorization", "")
    # Sorted, so that the same data hashes the same however its sender ordered it.
    data = json.dumps(envelope.get("data"), sort_keys=True, separators=(",", ":"))
    return attributes, data.encode()


def _texts(record: ConsumerRecord[Any, Any]) -> dict[str, str]:
    texts = {}
    for name, raw in record.headers:
        try:
            texts[name.lower()] = raw.decode()
        except (UnicodeDecodeError, AttributeError):
            continue  # a header that is no text can be none of ours
    return texts


__all__ = [
    "SUBMISSION",
    "Authenticate",
    "Received",
    "Recorded",
    "RefusedSubmission",
    "UnknownEvent",
    "UnknownMajor",
    "UnknownType",
    "Unreadable",
    "decode_event",
    "decode_submission",
    "describe",
    "hash_of",
    "position",
]
