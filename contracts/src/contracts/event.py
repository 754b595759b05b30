"""The event base: what every fact that crosses the wire carries, and how it is written and read.

Events are CloudEvents 1.0 in binary mode (the Kafka protocol binding): the attributes travel as
`ce_` headers, the value is the JSON of the event's own fields, the Kafka key is the subject.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from contracts.topics import Topic

Header: TypeAlias = tuple[str, bytes]

EPOCH = datetime.fromtimestamp(0, UTC)


class Unreadable(Exception):
    """The bytes are no event of ours. The text says why and never quotes the content."""


class UnknownType(Exception):
    """An event of a type that this reader does not know: to be counted and passed over."""


class UnknownMajor(Unreadable):
    """An event we know, in a major version that we do not."""


class Envelope(NamedTuple):
    """The CloudEvents attributes of one event.

    `sequence` counts from 1 without gaps per topic and subject; 0 means not published yet.
    `id` is unique within `source` and stable through every retry and replay.
    """

    subject: str
    id: str = ""
    source: str = ""
    time: datetime = EPOCH
    sequence: int = 0
    correlation_id: str = ""
    causation_id: str = ""
    traceparent: str = ""


class Event(BaseModel):
    """A fact in the past. One frozen class a type; within a major version fields are only added.

    Fields that a reader does not know are ignored, so a newer writer never breaks an older reader.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    # A slot and not a field: the envelope is no part of the data, of its schema or of its cost.
    __slots__ = ("envelope",)
    if TYPE_CHECKING:
        envelope: Envelope

    type: ClassVar[str] = ""
    topic: ClassVar[Topic]
    minor: ClassVar[int] = 0

    def __init_subclass__(
        cls, *, type: str = "", topic: Topic | None = None, minor: int = 0, **kwargs: Any
    ) -> None:
        super().__init_subclass__(**kwargs)
        if not type or topic is None:
            return
        cls.type, cls.topic, cls.minor = type, topic, minor
        _register(cls)

    @classmethod
    def about(cls, subject: str, /, **fields: Any) -> Self:
        """A new event that starts a story of its own, such as a referral coming in."""
        return _enveloped(cls(**fields), Envelope(subject, correlation_id=""))

    @classmethod
    def after(cls, cause: Event, /, **fields: Any) -> Self:
        """A new event on the same subject, caused by `cause`."""
        return cls.following(cause.envelope, **fields)

    @classmethod
    def following(cls, origin: Envelope, /, **fields: Any) -> Self:
        """`after`, for whoever kept only the envelope of the cause."""
        return _enveloped(
            cls(**fields),
            Envelope(
                origin.subject,
                correlation_id=origin.correlation_id,
                causation_id=origin.id,
                traceparent=origin.traceparent,
            ),
        )

    @property
    def subject(self) -> str:
        """What the event is about: the Kafka key. The pathway id on every pathway topic."""
        return self.envelope.subject

    @property
    def pathway_id(self) -> str:
        """The subject, by the name it has on pathway topics."""
        return self.envelope.subject

    @property
    def id(self) -> str:
        return self.envelope.id

    @property
    def sequence(self) -> int:
        return self.envelope.sequence

    @property
    def dataschema(self) -> str:
        """Names the JSON Schema of the fields, minor version included."""
        return f"urn:fairwait:schema:{self.type}.{self.minor}"

    def published(
        self, *, sequence: int, source: str, now: datetime, traceparent: str = ""
    ) -> Self:
        """The event as it goes out: numbered, named and dated by its writer.

        The id is made of topic, subject and sequence, so that it needs no randomness and a
        repeated publication can never get another one.
        """
        event_id = f"{self.topic.name}.{self.envelope.subject}.{sequence}"
        envelope = self.envelope._replace(
            id=event_id,
            source=source,
            time=now,
            sequence=sequence,
            correlation_id=self.envelope.correlation_id or event_id,
            traceparent=self.envelope.traceparent or traceparent,
        )
        return _enveloped(self.model_copy(), envelope)


TYPES: dict[str, type[Event]] = {}
_NAMES: set[str] = set()


def _register(cls: type[Event]) -> None:
    if cls.type in TYPES:
        raise TypeError(f"{cls.type} is declared twice")
    TYPES[cls.type] = cls
    _NAMES.add(_without_major(cls.type))


def _without_major(event_type: str) -> str:
    return event_type.rpartition(".v")[0]


E = TypeVar("E", bound=Event)


def _enveloped(event: E, envelope: Envelope) -> E:
    object.__setattr__(event, "envelope", envelope)  # frozen for everybody else
    return event


def write(event: Event) -> tuple[bytes, bytes, list[Header]]:
    """Key, value and headers of a published event, ready for Kafka."""
    envelope = event.envelope
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", envelope.id.encode()),
        ("ce_source", envelope.source.encode()),
        ("ce_type", event.type.encode()),
        ("ce_time", envelope.time.isoformat().encode()),
        ("ce_subject", envelope.subject.encode()),
        ("ce_dataschema", event.dataschema.encode()),
        ("ce_sequence", b"%d" % envelope.sequence),
        ("ce_correlationid", envelope.correlation_id.encode()),
        ("content-type", b"application/json"),
    ]
    if envelope.causation_id:
        headers.append(("ce_causationid", envelope.causation_id.encode()))
    if envelope.traceparent:
        headers.append(("ce_traceparent", envelope.traceparent.encode()))
    return envelope.subject.encode(), event.__pydantic_serializer__.to_json(event), headers


def read(value: bytes | None, headers: Iterable[tuple[str, bytes | None]]) -> Event:
    """The event in a Kafka record of one of our own topics.

    Raises `UnknownType` for a type to pass over, `UnknownMajor` and `Unreadable` for a record that
    no retry can make readable.
    """
    attributes = dict(headers)
    event_type = _text(attributes, "ce_type")
    cls = TYPES.get(event_type)
    if cls is None:
        if _without_major(event_type) in _NAMES:
            raise UnknownMajor(f"major version of {event_type} is not known here")
        raise UnknownType(event_type)
    if value is None:
        raise Unreadable("the record has no value")
    try:
        event = cls.__pydantic_validator__.validate_json(value)
    except ValidationError as error:
        raise Unreadable(describe(error)) from None
    return _enveloped(event, _envelope(attributes))


def _envelope(attributes: dict[str, bytes | None]) -> Envelope:
    try:
        return Envelope(
            _text(attributes, "ce_subject"),
            _text(attributes, "ce_id"),
            _text(attributes, "ce_source"),
            datetime.fromisoformat(_text(attributes, "ce_time")),
            int(_text(attributes, "ce_sequence")),
            _text(attributes, "ce_correlationid", optional=True),
            _text(attributes, "ce_causationid", optional=True),
            _text(attributes, "ce_traceparent", optional=True),
        )
    except ValueError:
        raise Unreadable("ce_time or ce_sequence is not in its form") from None


def _text(attributes: dict[str, bytes | None], name: str, *, optional: bool = False) -> str:
    raw = attributes.get(name)
    if raw is None:
        if optional:
            return ""
        raise Unreadable(f"header {name} is missing")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise Unreadable(f"header {name} is not UTF-8") from None


def describe(error: ValidationError) -> str:
    """What is wrong and where, without the values: `birth_date: date_type; sex: missing`."""
    problems: Sequence[Any] = error.errors(
        include_input=False, include_url=False, include_context=False
    )
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc']) or 'body'}: {problem['type']}"
        for problem in problems
    )
