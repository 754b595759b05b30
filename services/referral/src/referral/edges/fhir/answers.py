"""What we answer in FHIR: the referral as kept, a message's response, warnings, what we can do."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from chassis.faults import MAX_FAULTS, Fault
from contracts.identifiers import E_REFERRAL_SERVICE
from referral.domain.pathway import Pathway, Referral
from referral.edges.fhir import systems

_PRIORITIES: Final = {"1": "routine", "2": "urgent", "3": "urgent"}
_E_RS: Final = {"1": "ROUTINE", "2": "URGENT", "3": "TWO_WEEK_WAIT"}


def service_request(pathway: Pathway) -> dict[str, Any]:
    """The referral as it was received: the same for as long as it is kept.

    The patient is named by NHS number alone.
    """
    referral = pathway.referral
    resource: dict[str, Any] = {
        "resourceType": "ServiceRequest",
        "id": pathway.id,
        "meta": {
            "versionId": "1",
            "lastUpdated": referral.recorded_at.isoformat(),
            "profile": [systems.UK_CORE_SERVICE_REQUEST],
        },
        "extension": _extensions(referral),
        "identifier": [_identifier(referral)],
        "status": "active",
        "intent": "order",
        "category": [_concept(systems.MESSAGE_CATEGORIES, "referral")],
        "priority": _PRIORITIES[referral.priority],
        "orderDetail": [_concept(systems.OWN_TREATMENT_FUNCTION, referral.treatment_function)],
        "subject": {
            "type": "Patient",
            "identifier": {
                "system": systems.NHS_NUMBER,
                "value": str(pathway.person.nhs_number),
            },
        },
        "authoredOn": referral.received_on.isoformat(),
        "performer": [_organisation(referral.responsible_provider)],
    }
    if referral.referring_organisation:
        resource["requester"] = _organisation(referral.referring_organisation)
    return resource


def _extensions(referral: Referral) -> list[dict[str, Any]]:
    codes = [
        (systems.EXT_TREATMENT_FUNCTION, referral.treatment_function),
        (systems.EXT_SOURCE, referral.source.code),
        *((systems.EXT_CIRCUMSTANCE, one) for one in referral.circumstances),
    ]
    priority = _concept(
        "https://fhir.nhs.uk/STU3/CodeSystem/eRS-Priority-1", _E_RS[referral.priority]
    )
    return [
        *({"url": url, "valueCode": code} for url, code in codes if code is not None),
        {"url": systems.E_RS_PRIORITY, "valueCodeableConcept": priority},
        {"url": systems.EXT_RECEIVED_ON, "valueDate": referral.received_on.isoformat()},
    ]


def _identifier(referral: Referral) -> dict[str, Any]:
    if referral.issuer == E_REFERRAL_SERVICE:
        return {"system": systems.UBRN, "value": referral.identifier}
    return {
        "system": systems.OWN_PATHWAY,
        "value": referral.identifier,
        "assigner": _organisation(referral.issuer),
    }


def _organisation(ods_code: str) -> dict[str, Any]:
    return {"type": "Organization", "identifier": {"system": systems.ODS, "value": ods_code}}


def _concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


# ---- warnings


def outcome(warnings: Sequence[Fault]) -> dict[str, Any]:
    """An OperationOutcome of something that went well, with what was odd about it."""
    issues = [
        {
            "severity": "warning",
            "code": warning.fhir_code,
            "diagnostics": warning.message,
            "expression": [warning.expression],
        }
        for warning in warnings[:MAX_FAULTS]
    ]
    fine = {"severity": "information", "code": "informational", "diagnostics": "Accepted."}
    return {"resourceType": "OperationOutcome", "issue": issues or [fine]}


def warning_header(warnings: Sequence[Fault]) -> str:
    """The first warnings as an HTTP `Warning` header (code 199, miscellaneous)."""
    return ", ".join(
        f'199 fairwait "{warning.expression}: {warning.message}"' for warning in warnings[:5]
    )


# ---- messages


def message_response(
    pathway: Pathway, warnings: Sequence[Fault], *, answers: str, request_id: str
) -> dict[str, Any]:
    """The response to a BaRS message. Ids are made of the request's, so a repeat gets the same."""

    def urn(part: str) -> str:
        return f"urn:uuid:{uuid5(NAMESPACE_URL, f'{pathway.id}/{request_id}/{part}')}"

    at = pathway.referral.recorded_at.isoformat()
    header = {
        "resourceType": "MessageHeader",
        "eventCoding": {"system": systems.MESSAGE_EVENTS, "code": "servicerequest-response"},
        "source": {"name": "Fairwait", "endpoint": "urn:fairwait:referral"},
        "reason": _concept(systems.MESSAGE_REASONS, "new"),
        "response": {
            "identifier": answers or request_id,
            "code": "ok",
            "details": {"reference": urn("outcome")},
        },
        "focus": [{"reference": urn("request")}],
    }
    entries = (
        ("header", header),
        ("request", service_request(pathway)),
        ("outcome", outcome(warnings)),
    )
    return {
        "resourceType": "Bundle",
        "id": urn("bundle").removeprefix("urn:uuid:"),
        "type": "message",
        "timestamp": at,
        "entry": [{"fullUrl": urn(part), "resource": one} for part, one in entries],
    }


# ---- capabilities

_DOCUMENTATION: Final = f"""\
Takes referrals for consultant-led care and nothing else: ServiceRequest with its Patient contained
or in one Bundle, or a message Bundle in the shape of BaRS (no conformance to a BaRS application is
claimed). Needed: a UBRN or {systems.OWN_PATHWAY} with its assigner; a Patient with NHS number, name
and full date of birth; performer with an ODS code; a treatment function in orderDetail or category
(UKCore-PracticeSettingCode or {systems.OWN_TREATMENT_FUNCTION}) or in the extension
{systems.EXT_TREATMENT_FUNCTION}; authoredOn. What else R4 asks for is warned of. X-Request-Id is
needed and makes a request idempotent. JSON only; no search, update, delete or history.
"""


def capability_statement() -> dict[str, Any]:
    """What this edge does, and no more."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-03-01",
        "kind": "instance",
        "software": {"name": "Fairwait referral"},
        "implementation": {"description": "Fairwait: elective referrals, choice and waits"},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "documentation": _DOCUMENTATION,
                "security": {
                    "description": "Bearer token of an organisation; scopes referral.write and "
                    "pathway.read. Reads name their reason in the header Fairwait-Reason."
                },
                "resource": [
                    {
                        "type": "ServiceRequest",
                        "supportedProfile": [systems.UK_CORE_SERVICE_REQUEST],
                        "interaction": [{"code": "create"}, {"code": "read"}],
                        "versioning": "no-version",
                        "conditionalCreate": False,
                    }
                ],
                "operation": [
                    {
                        "name": "process-message",
                        "definition": "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message",
                    }
                ],
            }
        ],
        "messaging": [
            {
                "documentation": "Synchronous: servicerequest-request with reason new, answered by "
                "servicerequest-response."
            }
        ],
    }
