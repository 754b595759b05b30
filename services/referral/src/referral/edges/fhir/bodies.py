"""The bodies that bring something: a resource, a Bundle with it, a BaRS message."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeAlias

from pydantic import TypeAdapter, ValidationError

from chassis.faults import INVALID, REQUIRED
from contracts.submissions import ReferralCancelled, ReferralChanged, ReferralMade, Submission
from referral.edges.fhir import systems
from referral.edges.fhir.appointment import MEANINGS
from referral.edges.fhir.models import Appointment, Bundle, MessageHeader, ServiceRequest, Task
from referral.edges.fhir.reading import (
    NOT_SUPPORTED,
    Node,
    Reading,
    codings,
    london_day,
)
from referral.edges.fhir.task import meaning_of
from referral.edges.refused import Refused

Resource: TypeAlias = ServiceRequest | Appointment | Task

MODELS: Final[dict[str, type[Resource]]] = {
    "ServiceRequest": ServiceRequest,
    "Appointment": Appointment,
    "Task": Task,
}
REFERRAL_EVENTS: Final = frozenset(["servicerequest-request", "servicerequest-response"])
BOOKING_EVENTS: Final = frozenset(["booking-request", "booking-response"])
_FOCUS: Final = {
    **dict.fromkeys(REFERRAL_EVENTS, "ServiceRequest"),
    **dict.fromkeys(BOOKING_EVENTS, "Appointment"),
}


@dataclass(frozen=True, slots=True)
class Message:
    """What the header of a message says: its event, its reason, its id, the day it was made."""

    event: str
    reason: str
    id: str
    on: date | None


@dataclass(frozen=True, slots=True)
class Content:
    """A resource as it came, with the reading of its body, and the message that brought it."""

    resource: Resource
    node: Node
    reading: Reading
    message: Message | None = None

    @property
    def kind(self) -> str:
        return self.node.type

    @property
    def meaning(self) -> type[Submission]:
        """The submission that it means to be, as far as can be told before it is read."""
        match self.resource:
            case Appointment(status=status):
                return MEANINGS.get(status, MEANINGS["booked"])
            case Task():
                return meaning_of(self.resource)
            case ServiceRequest(status="revoked" | "entered-in-error"):
                return ReferralCancelled
            case ServiceRequest():
                updated = self.message is not None and self.message.reason == "update"
                return ReferralChanged if updated else ReferralMade


def read_resource(body: bytes, type: str) -> Content:
    """A resource of this type, with what it refers to contained or in a Bundle."""
    reading = Reading()
    raw = _json_object(body)
    node = Node(raw, str(raw.get("resourceType", "Resource")))
    if node.type == type:
        return _content(node, reading)
    if node.type == "Bundle":
        return _content(_only(type, node, reading), reading)
    article = "An" if type[0] in "AEIOU" else "A"
    raise Refused([NOT_SUPPORTED.fault(f"{article} {type} is expected.", expression="Resource")])


def read_message(body: bytes) -> Content:
    """The resource in focus of a BaRS message Bundle."""
    reading = Reading()
    node = Node(_json_object(body), "Bundle")
    if node.type != "Bundle":
        raise Refused([NOT_SUPPORTED.fault("A message Bundle is expected.", expression="Resource")])
    bundle = _parsed_bundle(node, reading)
    if bundle.type != "message":
        reading.refuse(NOT_SUPPORTED, "The Bundle is of type message.", "Bundle.type")
        raise Refused(reading.faults)
    header, first = _message_header(bundle, reading)
    message = _message(bundle, header, first, reading)
    focus = _focus(_FOCUS[message.event], header, first, reading)
    return _content(focus, reading, message)


def _content(node: Node, reading: Reading, message: Message | None = None) -> Content:
    resource = reading.parse(node, MODELS[node.type])
    if resource is None:
        raise Refused(reading.faults)
    reading.contain(node, resource.contained)
    return Content(resource, node, reading, message)


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        return _object.validate_json(body)
    except ValidationError:
        raise Refused([INVALID.fault("A resource is expected.", expression="Resource")]) from None


_object: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


def _parsed_bundle(node: Node, reading: Reading) -> Bundle:
    bundle = reading.parse(node, Bundle)
    if bundle is None:
        raise Refused(reading.faults)
    reading.enter(bundle)
    return bundle


def _only(type: str, node: Node, reading: Reading) -> Node:
    bundle = _parsed_bundle(node, reading)
    if bundle.type == "message":
        reading.refuse(NOT_SUPPORTED, "Messages are taken at $process-message.", "Bundle.type")
        raise Refused(reading.faults)
    if bundle.type not in {"collection", "transaction", "batch"}:
        reading.refuse(NOT_SUPPORTED, "This type of Bundle brings nothing in.", "Bundle.type")
        raise Refused(reading.faults)
    found = reading.of_type(type)
    if len(found) != 1:
        reading.refuse(INVALID, f"Exactly one {type} is expected.", "Bundle.entry")
        raise Refused(reading.faults)
    return found[0]


# ---- messages


def _message_header(bundle: Bundle, reading: Reading) -> tuple[MessageHeader, Node]:
    first = bundle.entry[0].resource if bundle.entry else None
    node = Node(first or {}, "Bundle.entry[0].resource")
    if node.type != "MessageHeader":
        reading.refuse(
            REQUIRED, "The first entry of a message is its MessageHeader.", "Bundle.entry[0]"
        )
        raise Refused(reading.faults)
    header = reading.parse(node, MessageHeader)
    if header is None:
        raise Refused(reading.faults)
    return header, node


def _message(bundle: Bundle, header: MessageHeader, node: Node, reading: Reading) -> Message:
    """Event and reason, as BaRS has them; refused when they are none that we take."""
    event = header.event_coding
    known = event is not None and event.system == systems.MESSAGE_EVENTS and event.code in _FOCUS
    if event is None or event.code is None or not known:
        reading.refuse(
            NOT_SUPPORTED,
            "Taken are the events of message-events-bars for servicerequest and booking.",
            f"{node.path}.eventCoding",
        )
        raise Refused(reading.faults)
    reason = _reason(event.code, header, node, reading)
    day = london_day(bundle.timestamp) if bundle.timestamp else None
    return Message(event.code, reason, bundle.id or "", date.fromisoformat(day) if day else None)


def _reason(event: str, header: MessageHeader, node: Node, reading: Reading) -> str:
    """A response tells how something stands now; a request says whether it is new."""
    for coding, path in codings([header.reason] if header.reason else [], f"{node.path}.reason"):
        if coding.system == systems.MESSAGE_REASONS and coding.code not in {"new", "update"}:
            place = path.replace("reason[0]", "reason")
            reading.refuse(NOT_SUPPORTED, "The reasons taken are new and update.", place)
            raise Refused(reading.faults)
        if coding.system == systems.MESSAGE_REASONS and coding.code == "update":
            return "update"
    return "update" if event.endswith("-response") else "new"


def _focus(type: str, header: MessageHeader, node: Node, reading: Reading) -> Node:
    found = [found for one in header.focus if (found := reading.find(one.reference)) is not None]
    meant = [one for one in found if one.type == type]
    if len(meant) != 1:
        reading.refuse(
            REQUIRED, f"The focus is exactly one {type} of this Bundle.", f"{node.path}.focus"
        )
        raise Refused(reading.faults)
    return meant[0]
