"""The bodies that bring a referral: a ServiceRequest, a Bundle with one, a BaRS message."""

from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from chassis.faults import INVALID, REQUIRED
from referral.edges.fhir import systems
from referral.edges.fhir.models import Bundle, MessageHeader
from referral.edges.fhir.reading import NOT_SUPPORTED, Node, Reading, Refused, codings
from referral.edges.fhir.request import Mapped, referral_in

REQUEST_EVENT: Final = "servicerequest-request"


def read_request(body: bytes) -> Mapped:
    """The referral in a ServiceRequest with its contained Patient, or in a Bundle with both."""
    reading = Reading()
    raw = _json_object(body)
    node = Node(raw, str(raw.get("resourceType", "Resource")))
    match node.type:
        case "ServiceRequest":
            return referral_in(node, reading)
        case "Bundle":
            return referral_in(_only_request(node, reading), reading)
        case _:
            raise Refused(
                [NOT_SUPPORTED.fault("A ServiceRequest is expected.", expression="Resource")]
            )


def read_message(body: bytes) -> tuple[Mapped, str]:
    """The referral in a BaRS message Bundle, and the id of the message that it answers."""
    reading = Reading()
    node = Node(_json_object(body), "Bundle")
    if node.type != "Bundle":
        raise Refused([NOT_SUPPORTED.fault("A message Bundle is expected.", expression="Resource")])
    bundle = _parsed_bundle(node, reading)
    if bundle.type != "message":
        reading.refuse(NOT_SUPPORTED, "The Bundle is of type message.", "Bundle.type")
        raise Refused(reading.faults)
    header, first = _message_header(bundle, reading)
    request = _focus(header, first, reading)
    return referral_in(request, reading), bundle.id or ""


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


def _only_request(node: Node, reading: Reading) -> Node:
    bundle = _parsed_bundle(node, reading)
    if bundle.type == "message":
        reading.refuse(NOT_SUPPORTED, "Messages are taken at $process-message.", "Bundle.type")
        raise Refused(reading.faults)
    if bundle.type not in {"collection", "transaction", "batch"}:
        reading.refuse(NOT_SUPPORTED, "This type of Bundle brings no referral.", "Bundle.type")
        raise Refused(reading.faults)
    requests = reading.of_type("ServiceRequest")
    if len(requests) != 1:
        reading.refuse(INVALID, "Exactly one ServiceRequest is expected.", "Bundle.entry")
        raise Refused(reading.faults)
    return requests[0]


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


def _focus(header: MessageHeader, node: Node, reading: Reading) -> Node:
    event, reason = header.event_coding, header.reason
    if event is None or (event.system, event.code) != (systems.MESSAGE_EVENTS, REQUEST_EVENT):
        reading.refuse(
            NOT_SUPPORTED,
            "Only the event servicerequest-request of message-events-bars is taken.",
            f"{node.path}.eventCoding",
        )
    for coding, path in codings([reason] if reason else [], f"{node.path}.reason"):
        if coding.system == systems.MESSAGE_REASONS and coding.code != "new":
            reading.refuse(
                NOT_SUPPORTED, "Only new referrals are taken.", path.replace("reason[0]", "reason")
            )
    if reading.faults:
        raise Refused(reading.faults)
    found = [found for one in header.focus if (found := reading.find(one.reference)) is not None]
    requests = [one for one in found if one.type == "ServiceRequest"]
    if len(requests) != 1:
        reading.refuse(
            REQUIRED,
            "The focus is exactly one ServiceRequest of this Bundle.",
            f"{node.path}.focus",
        )
        raise Refused(reading.faults)
    return requests[0]
