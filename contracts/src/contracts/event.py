"""The event base: what every fact that crosses the wire carries, and how it is written and read.

Events are CloudEvents 1.0 in binary mode (the Kafka protocol binding): the attributes travel as
`ce_` headers, the value is the JSON of the event's own fields, the Kafka key is the subject.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from contracts.topics import Topic

Header: TypeAlias = tuple[str, bytes]

EPOCH = datetime.fromtimestamp(0, UTC)


class Unreadable(Exception):
    """The bytes are no event of ours. The text says why and never quotes the content."""


class UnknownType(Exception):
    """An event of a type that this reader does not know: to be counted and passed over.

    Its envelope is readable, so its place in the sequence is known.
    """

    def __init__(self, event_type: str, envelope: Envelope) -> None:
        super().__init__(event_type)
        self.envelope = envelope


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

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    # A slot and not a field: the envelope is no part of the data, of its schema or of its cost.
    __slots__ = ("envelope",)
    if TYPE_CHECKING:
        envelope: Envelope

    type: ClassVar[str] = ""
    topic: ClassVar[Topic]
    minor: ClassVar[int] = 0
    dataschema: ClassVar[str] = ""
    """Names the JSON Schema of the fields, minor version included."""
    fixed_headers: ClassVar[tuple[Header, ...]] = ()

    def __init_subclass__(
        cls, *, type: str = "", topic: Topic | None = None, minor: int = 0, **kwargs: Any
    ) -> None:
        super().__init_subclass__(**kwargs)
        if not type or topic is None:
            return
        cls.type, cls.topic, cls.minor = type, topic, minor
        cls.dataschema = f"urn:fairwait:schema:{type}.{minor}"
        cls.fixed_headers = (
            ("ce_specversion", b"1.0"),
            ("ce_type", type.encode()),
            ("ce_dataschema", cls.dataschema.encode()),
            ("content-type", b"application/json"),
        )
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
                "",
                "",
                EPOCH,
                0,
                origin.correlation_id,
                origin.id,
                origin.traceparent,
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

    def published(
        self, *, sequence: int, source: str, now: datetime, traceparent: str = ""
    ) -> Self:
        """This event, as it goes out: numbered, named and dated by its writer.

        The id is made of topic, subject and sequence, so that it needs no randomness and a
        repeated publication can never get another one.
        """
        draft = self.envelope
        event_id = f"{self.topic.name}.{draft.subject}.{sequence}"
        return _enveloped(
            self,
            Envelope(
                draft.subject,
                event_id,
                source,
                now,
                sequence,
                draft.correlation_id or event_id,
                draft.causation_id,
                draft.traceparent or traceparent,
            ),
        )


TYPES: dict[str, type[Event]] = {}
_BY_HEADER: dict[bytes | None, type[Event]] = {}
_NAMES: set[str] = set()


def _register(cls: type[Event]) -> None:
    if cls.type in TYPES:
        raise TypeError(f"{cls.type} is declared twice")
    TYPES[cls.type] = cls
    _BY_HEADER[cls.type.encode()] = cls
    _NAMES.add(_without_major(cls.type))


def _without_major(event_type: str) -> str:
    return event_type.rpartition(".v")[0]


E = TypeVar("E", bound=Event)


def _enveloped(event: E, envelope: Envelope) -> E:
    object.__setattr__(event, "envelope", envelope)  # frozen for everybody else
    return event


def write(event: Event) -> tuple[bytes, bytes, list[Header]]:
    """Key, value and headers of a published event, ready for Kafka."""
    subject, event_id, source, time, sequence, correlation, causation, trace = event.envelope
    key = subject.encode()
    headers = [
        *event.fixed_headers,
        ("ce_id", event_id.encode()),
        ("ce_source", source.encode()),
        ("ce_time", _written(time)),
        ("ce_subject", key),
        ("ce_sequence", b"%d" % sequence),
        ("ce_correlationid", correlation.encode()),
    ]
    if causation:
        headers.append(("ce_causationid", causation.encode()))
    if trace:
        headers.append(("ce_traceparent", trace.encode()))
    return key, event.__pydantic_serializer__.to_json(event), headers


@lru_cache(maxsize=64)
def _written(time: datetime) -> bytes:
    """All events of a batch share one instant."""
    return time.isoformat().encode()


def read(value: bytes | None, headers: Iterable[tuple[str, bytes | None]]) -> Event:
    """The event in a Kafka record of one of our own topics.

    Raises `UnknownType` for a type to pass over, `UnknownMajor` and `Unreadable` for a record that
    no retry can make readable.
    """
    attributes = dict(headers)
    cls = _BY_HEADER.get(attributes.get("ce_type"))
    if cls is None:
        raise _unknown(attributes)
    if value is None:
        raise Unreadable("the record has no value")
    try:
        event: Event = cls.__pydantic_validator__.validate_json(value)
    except ValidationError as error:
        raise Unreadable(describe(error)) from None
    return _enveloped(event, _envelope(attributes))


def _unknown(attributes: dict[str, Any]) -> Exception:
    event_type = _text(attributes, "ce_type")
    if _without_major(event_type) in _NAMES:
        return UnknownMajor(f"major version of {event_type} is not known here")
    return UnknownType(event_type, _envelope(attributes))


def _envelope(attributes: dict[str, Any]) -> Envelope:
    get = attributes.get
    try:
        return Envelope(
            attributes["ce_subject"].decode(),
            attributes["ce_id"].decode(),
            attributes["ce_source"].decode(),
            datetime.fromisoformat(attributes["ce_time"].decode()),
            int(attributes["ce_sequence"]),
            get("ce_correlationid", b"").decode(),
            get("ce_causationid", b"").decode(),
            get("ce_traceparent", b"").decode(),
        )
    except (KeyError, ValueError, AttributeError, TypeError):
        raise Unreadable(_what_is_wrong(attributes)) from None


def _what_is_wrong(attributes: dict[str, Any]) -> str:
    """Which header spoils the envelope: the slow way, for records that are set aside."""
    for name in ("ce_subject", "ce_id", "ce_source", "ce_time", "ce_sequence"):
        try:
            _text(attributes, name)
        except Unreadable as error:
            return str(error)
    return "a ce_ header is not in its form"


def _text(attributes: dict[str, Any], name: str) -> str:
    raw = attributes.get(name)
    if raw is None:
        raise Unreadable(f"header {name} is missing")
    try:
        return str(raw, "utf-8")
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
