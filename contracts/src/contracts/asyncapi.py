"""The AsyncAPI 3.0 document of the whole system: every topic, who writes it, what travels on it."""

from collections.abc import Iterator, Mapping
from typing import Any

from contracts import event, events, submissions
from contracts.examples import EVENTS, SUBMISSIONS
from contracts.topics import SUBMISSION, TOPICS, Topic

Json = dict[str, Any]

VERSION = "1.0.0"

_HEADERS: Mapping[str, str] = {
    "ce_specversion": "1.0",
    "ce_id": "unique within ce_source, stable through every retry and replay",
    "ce_source": "who wrote the event",
    "ce_type": "the type, major version last",
    "ce_time": "when the writer recorded it, RFC 3339 in UTC",
    "ce_subject": "what it is about: the Kafka key",
    "ce_dataschema": "the JSON Schema of the data, minor version included",
    "ce_sequence": "counts from 1 without gaps per topic and subject",
    "ce_correlationid": "the event that began the story",
    "ce_causationid": "the event that caused this one",
    "ce_traceparent": "W3C trace context",
}


def document() -> Json:
    """The document as JSON values."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Fairwait",
            "version": VERSION,
            "description": (
                "Events of the elective recovery platform. CloudEvents 1.0 in binary mode; "
                "the value is the JSON of the data; the key is the subject."
            ),
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": dict(_operations()),
        "components": {
            "messages": {_name(one): _message(one) for one in _types()},
            "messageTraits": {"cloudEvent": _trait()},
        },
    }


def _types() -> list[type[event.Event] | type[submissions.Submission]]:
    return [*event.TYPES.values(), *submissions.TYPES.values()]


def _name(cls: type[event.Event] | type[submissions.Submission]) -> str:
    return cls.__name__


def _on(topic: Topic) -> list[str]:
    if topic is SUBMISSION:
        return [_name(cls) for cls in submissions.TYPES.values()]
    return [_name(cls) for cls in event.TYPES.values() if cls.topic is topic]


def _channel(topic: Topic) -> Json:
    return {
        "address": topic.name,
        "description": f"{topic.purpose} Key: {topic.key}.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _on(topic)},
        "bindings": {
            "kafka": {
                "partitions": topic.partitions,
                "topicConfiguration": {"retention.ms": topic.retention_days * 86_400_000},
            }
        },
    }


def _operations() -> Iterator[tuple[str, Json]]:
    for topic in TOPICS:
        channel = {"$ref": f"#/channels/{topic.name}"}
        writer = topic.writer or "publishers"
        yield f"{writer}.writes.{topic.name}", {"action": "send", "channel": channel}
        for reader in topic.readers:
            operation = {"action": "receive", "channel": channel}
            yield f"{reader}.reads.{topic.name}", operation


def _message(cls: type[event.Event] | type[submissions.Submission]) -> Json:
    example = (EVENTS if issubclass(cls, event.Event) else SUBMISSIONS)[cls.type]
    return {
        "name": cls.type,
        "title": _name(cls),
        "summary": (cls.__doc__ or "").strip().partition("\n")[0],
        "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
        "payload": _inlined(cls.model_json_schema()),
        "examples": [{"payload": example.model_dump(mode="json")}],
    }


def _trait() -> Json:
    properties = {
        name: {"type": "string", "description": meaning} for name, meaning in _HEADERS.items()
    }
    return {"contentType": "application/json", "headers": {"type": "object", **_all(properties)}}


def _all(properties: Json) -> Json:
    return {"properties": properties}


def _inlined(schema: Json) -> Json:
    """The schema with its definitions in place: references into a payload confuse most tools."""
    definitions = schema.pop("$defs", {})

    def inline(part: Any) -> Any:
        if isinstance(part, dict):
            reference = part.get("$ref")
            if isinstance(reference, str):
                return inline(definitions[reference.rpartition("/")[2]])
            return {name: inline(value) for name, value in part.items()}
        if isinstance(part, list):
            return [inline(value) for value in part]
        return part

    return inline(schema)  # type: ignore[no-any-return]


__all__ = ["document", "events"]
