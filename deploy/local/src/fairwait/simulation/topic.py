"""Messages as publishers put them on the topic `submission`: CloudEvents 1.0, in either mode."""

import json
from dataclasses import dataclass
from typing import Any, TypeAlias

from contracts.topics import SUBMISSION

Headers: TypeAlias = list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `value` is the JSON of the submission, `key` the publisher's own."""

    organisation: str
    id: str
    key: str
    type: str
    value: bytes

    @property
    def attributes(self) -> dict[str, str]:
        return {
            "specversion": "1.0",
            "id": self.id,
            "source": f"urn:nhs:ods:{self.organisation}",
            "type": self.type,
        }


def binary(message: Message, token: str) -> tuple[bytes, Headers]:
    """Value and headers: attributes in headers, the submission as it is."""
    headers = [(f"ce_{name}", text.encode()) for name, text in message.attributes.items()]
    return message.value, [
        *headers,
        ("content-type", b"application/json"),
        ("authorization", token.encode()),
    ]


def structured(message: Message, token: str) -> tuple[bytes, Headers]:
    """Value and headers: everything in one JSON object."""
    event = {
        **message.attributes,
        "datacontenttype": "application/json",
        "data": json.loads(message.value),
    }
    return json.dumps(event, ensure_ascii=False).encode(), [
        ("content-type", b"application/cloudevents+json"),
        ("authorization", token.encode()),
    ]


async def put(
    producer: Any, message: Message, token: str, *, in_structured_mode: bool = False
) -> None:
    """Sends it; it is on the topic when this returns."""
    form = structured if in_structured_mode else binary
    value, headers = form(message, token)
    await producer.send_and_wait(SUBMISSION.name, value, key=message.key.encode(), headers=headers)


async def put_garbage(producer: Any) -> None:
    """A record that nobody can read, as it comes from a system that was set up wrong."""
    headers = [("content-type", b"text/plain")]
    await producer.send_and_wait(SUBMISSION.name, b"not an event", key=b"none", headers=headers)
