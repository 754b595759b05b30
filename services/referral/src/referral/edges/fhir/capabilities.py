"""What this edge can do, and no more."""

from typing import Any, Final

from referral.edges.fhir import systems
from referral.edges.fhir.search.asked import BASED_ON, DATES

_DOCUMENTATION: Final = """\
Referrals for consultant-led care, their appointments, and tasks about both: a wish for another time
(code change, focus Appointment) and a transfer (code fulfill, focus ServiceRequest). As resources
with what they refer to contained or in one Bundle, or as message Bundles in the shape of BaRS (no
conformance to a BaRS application is claimed). What we need and cannot use is refused, the rest is
warned of. X-Request-Id is needed to write and makes a request idempotent: the same id and body get
the same answer, another body 409. ETag is the version of the pathway; If-Match refuses any other
with 412. A patient is searched for by POST to _search only, never in an address. Parameters that
are not known are refused. A page may be short, or empty, and still have a next link. JSON only.
"""

_REFERRAL: Final = f"""\
Needed: a UBRN or {systems.OWN_PATHWAY} with its assigner; a Patient with NHS number, name and full
date of birth; performer with an ODS code; a treatment function in orderDetail or category
(UKCore-PracticeSettingCode or {systems.OWN_TREATMENT_FUNCTION}) or in the extension
{systems.EXT_TREATMENT_FUNCTION}; authoredOn. An update with status active tells what has changed,
revoked calls the referral off ({systems.EXT_REASON}, a reason of e-RS), entered-in-error takes it
back.
"""
_APPOINTMENT: Final = f"""\
Needed: the referral in basedOn (UBRN, pathway identifier, or our address of it), start with its
offset, a status. booked books, or with another start moves ({systems.EXT_DONE_BY} and
{systems.EXT_REASON}); cancelled needs a cancelationReason that says which side, or
{systems.EXT_DONE_BY}; noshow may have a reason and {systems.OWN}/StructureDefinition/clearly-communicated;
fulfilled needs {systems.OUTCOME_OF_ATTENDANCE} and {systems.EXT_RTT_STATUS}; entered-in-error
deletes. end is not kept.
"""
_TASK: Final = f"""\
change: focus, reasonCode of e-RS; completed with output start (valueInstant) grants it, rejected
refuses it. fulfill: owner is the receiving provider, reasonCode of {systems.TRANSFER_REASONS},
authoredOn the decision, input the inter-provider transfer data set ({systems.TASK_PARTS}); received
or completed by the owner confirms it, cancelled ends it.
"""


def capability_statement() -> dict[str, Any]:
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-25",
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
                    _resource("ServiceRequest", systems.UK_CORE_SERVICE_REQUEST, _REFERRAL),
                    _resource("Appointment", systems.UK_CORE_APPOINTMENT, _APPOINTMENT),
                    _resource("Task", systems.UK_CORE_TASK, _TASK),
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
                "documentation": "Synchronous. Events servicerequest-request and booking-request "
                "with reason new or update, and the responses that tell how these stand; answered "
                "by servicerequest-response and booking-response."
            }
        ],
    }


def _resource(type: str, profile: str, documentation: str) -> dict[str, Any]:
    return {
        "type": type,
        "supportedProfile": [profile],
        "documentation": documentation,
        "interaction": [{"code": code} for code in ("create", "read", "update", "search-type")],
        "versioning": "versioned",
        "readHistory": False,
        "updateCreate": False,
        "conditionalCreate": False,
        "conditionalRead": "not-match",
        "conditionalUpdate": False,
        "searchParam": parameters(type),
    }


def parameters(type: str) -> list[dict[str, Any]]:
    based_on = [(BASED_ON[type], "reference", "")] if type in BASED_ON else []
    told = [
        ("_id", "token", ""),
        ("identifier", "token", "Our name or the sender's: system|value, or the value alone."),
        ("patient", "token", "NHS number; by POST to _search only."),
        ("status", "token", ""),
        (DATES[type], "date", "A date is a day in London."),
        *based_on,
        ("_lastUpdated", "date", "Of the pathway as a whole."),
    ]
    return [
        {"name": name, "type": kind, **({"documentation": words} if words else {})}
        for name, kind, words in told
    ]
