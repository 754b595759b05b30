"""A ServiceRequest that tells of a known referral: what has changed of it, or that it is called off."""

from typing import Final

from contracts.submissions import ReferralCancelled, ReferralChanged
from referral.domain.changing import NEVER_WAS
from referral.domain.pathway import Pathway
from referral.edges.fhir import systems
from referral.edges.fhir.mapped import Arriving, Mapped, Subject, mapped
from referral.edges.fhir.models import ServiceRequest
from referral.edges.fhir.patient import check_patient
from referral.edges.fhir.reading import NOT_SUPPORTED, Node, Reading, coded, dated
from referral.edges.fhir.request import PLACES, clinical, organisations, told_by_extensions

# BaRS asks a cancellation for the status revoked and no more. A reason of e-RS is what we keep.
_NO_REASON: Final = "OTHER_OTHER"


def change_in(
    request: ServiceRequest, node: Node, reading: Reading, subject: Subject, arriving: Arriving
) -> Mapped:
    """What a request with the whole referral changes of it, or its end."""
    reading.expect(node.path, PLACES)
    check_patient(request.subject, subject.pathway, f"{node.path}.subject", reading)
    match request.status:
        case "active":
            return _changed(request, node, reading, subject, arriving)
        case "revoked":
            return _cancelled(request, node, reading, subject, arriving)
        case "entered-in-error":
            return _called_off(NEVER_WAS, request, node, reading, subject, arriving)
        case _:
            reading.refuse(
                NOT_SUPPORTED,
                "A referral is active, revoked or entered in error.",
                f"{node.path}.status",
            )
            return _changed(request, node, reading, subject, arriving)


def _changed(
    request: ServiceRequest, node: Node, reading: Reading, subject: Subject, arriving: Arriving
) -> Mapped:
    told = {
        **organisations(request, node.path, reading),
        **clinical(request, node.path, reading),
        **told_by_extensions(request, node.path, reading),
    }
    _keeps(told, subject, reading)
    day = dated(request.extension, systems.EXT_DONE_ON, node.path, "/changed_on", reading)
    fields = {
        "pathway": subject.key,
        "changed_on": day or arriving.on,
        **{name: told.get(name) for name in _CHANGEABLE},
    }
    return mapped(ReferralChanged, fields, reading, _itself)


_CHANGEABLE: Final = (
    "priority",
    "treatment_function",
    "referring_organisation",
    "source_of_referral",
    "commissioner",
    "circumstances",
    "travel_limit_miles",
)

# What is for another message to change, or for none.
_KEPT: Final = {
    "responsible_provider": "A change of provider is a transfer: send a Task.",
    "received_on": "The day the referral was received does not change.",
}


def _keeps(told: dict[str, object], subject: Subject, reading: Reading) -> None:
    if subject.pathway is None:
        return
    known = {
        "responsible_provider": {subject.pathway.provider},
        "received_on": {subject.pathway.referral.received_on.isoformat()},
    }
    known["responsible_provider"].add(subject.pathway.referral.responsible_provider)
    for name, words in _KEPT.items():
        if told.get(name) is not None and told[name] not in known[name]:
            reading.refuse(NOT_SUPPORTED, words, reading.places[f"/{name}"])


def _cancelled(
    request: ServiceRequest, node: Node, reading: Reading, subject: Subject, arriving: Arriving
) -> Mapped:
    reason = coded(request.extension, systems.EXT_REASON, node.path, "/reason", reading)
    if reason is None:
        told = "No reason of e-RS was found: kept as another reason."
        reading.warn(told, f"{node.path}.extension")
    return _called_off(reason or _NO_REASON, request, node, reading, subject, arriving)


def _called_off(
    reason: str,
    request: ServiceRequest,
    node: Node,
    reading: Reading,
    subject: Subject,
    arriving: Arriving,
) -> Mapped:
    day = dated(request.extension, systems.EXT_DONE_ON, node.path, "/cancelled_on", reading)
    fields = {"pathway": subject.key, "cancelled_on": day or arriving.on, "reason": reason}
    return mapped(ReferralCancelled, fields, reading, _itself)


def _itself(pathway: Pathway) -> str:
    return pathway.id
