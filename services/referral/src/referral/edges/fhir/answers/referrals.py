"""A referral as a ServiceRequest."""

from typing import Any, Final

from referral.domain.pathway import Pathway, Referral
from referral.edges.fhir import systems
from referral.edges.fhir.answers.parts import (
    code,
    concept,
    day,
    filled,
    meta,
    organisation,
    pathway_identifier,
    patient,
)
from referral.repositories import Edition

_PRIORITIES: Final = {"1": "routine", "2": "urgent", "3": "urgent"}
_E_RS: Final = {"1": "ROUTINE", "2": "URGENT", "3": "TWO_WEEK_WAIT"}


def service_request(edition: Edition) -> dict[str, Any]:
    """The referral as it is now, with what was changed of it since it was received."""
    referral = edition.pathway.referral
    referrer = referral.referring_organisation
    return filled(
        {
            "resourceType": "ServiceRequest",
            "id": edition.pathway.id,
            "meta": meta(edition, systems.UK_CORE_SERVICE_REQUEST),
            "extension": _extensions(edition.pathway),
            "identifier": [pathway_identifier(referral)],
            "status": _status(edition.pathway),
            "intent": "order",
            "category": [concept(systems.MESSAGE_CATEGORIES, "referral")],
            "priority": _PRIORITIES[referral.priority],
            "orderDetail": [concept(systems.OWN_TREATMENT_FUNCTION, referral.treatment_function)],
            "subject": patient(edition),
            "authoredOn": referral.received_on.isoformat(),
            "performer": [organisation(referral.responsible_provider)],
            "requester": organisation(referrer) if referrer else None,
        }
    )


def _status(pathway: Pathway) -> str:
    if pathway.never_was:
        return "entered-in-error"
    return "revoked" if pathway.cancellation or pathway.death else "active"


def _extensions(pathway: Pathway) -> list[dict[str, Any]]:
    referral, off = pathway.referral, pathway.cancellation
    return [
        *code(systems.EXT_TREATMENT_FUNCTION, referral.treatment_function),
        *code(systems.EXT_SOURCE, referral.source.code),
        *(one for name in referral.circumstances for one in code(systems.EXT_CIRCUMSTANCE, name)),
        {"url": systems.E_RS_PRIORITY, "valueCodeableConcept": _priority(referral)},
        *day(systems.EXT_RECEIVED_ON, referral.received_on),
        *(code(systems.EXT_REASON, off.reason) if off else []),
        *(day(systems.EXT_DONE_ON, off.on) if off else []),
    ]


def _priority(referral: Referral) -> dict[str, Any]:
    system = "https://fhir.nhs.uk/STU3/CodeSystem/eRS-Priority-1"
    return concept(system, _E_RS[referral.priority])
