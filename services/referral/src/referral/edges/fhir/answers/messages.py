"""The response to a BaRS message."""

from collections.abc import Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from chassis.faults import Fault
from referral.edges.fhir import systems
from referral.edges.fhir.answers.outcomes import outcome
from referral.edges.fhir.answers.parts import concept
from referral.edges.fhir.bodies import Message
from referral.repositories import Edition


def message_response(
    edition: Edition,
    resource: dict[str, Any],
    warnings: Sequence[Fault],
    *,
    message: Message,
    request_id: str,
) -> dict[str, Any]:
    """What the message was about, and what was odd about it.

    Ids are made of the request's, so that a repeat gets the same.
    """

    def urn(part: str) -> str:
        return f"urn:uuid:{uuid5(NAMESPACE_URL, f'{edition.pathway.id}/{request_id}/{part}')}"

    event = f"{message.event.rpartition('-')[0]}-response"
    header = {
        "resourceType": "MessageHeader",
        "eventCoding": {"system": systems.MESSAGE_EVENTS, "code": event},
        "source": {"name": "Fairwait", "endpoint": "urn:fairwait:referral"},
        "reason": concept(systems.MESSAGE_REASONS, message.reason),
        "response": {
            "identifier": message.id or request_id,
            "code": "ok",
            "details": {"reference": urn("outcome")},
        },
        "focus": [{"reference": urn("request")}],
    }
    entries = (("header", header), ("request", resource), ("outcome", outcome(warnings)))
    return {
        "resourceType": "Bundle",
        "id": urn("bundle").removeprefix("urn:uuid:"),
        "type": "message",
        "timestamp": edition.changed_at.isoformat(),
        "entry": [{"fullUrl": urn(part), "resource": one} for part, one in entries],
    }
