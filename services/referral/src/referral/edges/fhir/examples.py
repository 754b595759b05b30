"""Bodies as a trust would send them, for the API's own page. The person does not exist."""

from typing import Any, Final

from referral.edges.fhir import systems

SERVICE_REQUEST: Final[dict[str, Any]] = {
    "resourceType": "ServiceRequest",
    "meta": {"profile": [systems.UK_CORE_SERVICE_REQUEST]},
    "contained": [
        {
            "resourceType": "Patient",
            "id": "patient",
            "identifier": [{"system": systems.NHS_NUMBER, "value": "9990000018"}],
            "name": [{"use": "official", "family": "Example", "given": ["Ada"]}],
            "gender": "female",
            "birthDate": "1961-05-04",
            "address": [{"use": "home", "line": ["1 Test Street"], "postalCode": "SW1A 1AA"}],
            "telecom": [{"system": "phone", "value": "07700 900123", "use": "mobile"}],
        }
    ],
    "extension": [
        {
            "url": systems.SOURCE_OF_SERVICE_REQUEST,
            "valueCodeableConcept": {
                "coding": [{"system": systems.SNOMED, "code": "108161000000109"}]
            },
        }
    ],
    "identifier": [{"system": systems.UBRN, "value": "000000070000"}],
    "status": "active",
    "intent": "order",
    "priority": "routine",
    "orderDetail": [
        {
            "coding": [
                {
                    "system": "https://fhir.hl7.org.uk/CodeSystem/UKCore-PracticeSettingCode",
                    "code": "110",
                }
            ]
        }
    ],
    "code": {"coding": [{"system": systems.SNOMED, "code": systems.REFERRAL}]},
    "subject": {"reference": "#patient"},
    "authoredOn": "2026-03-01",
    "requester": {"identifier": {"system": systems.ODS, "value": "A81001"}},
    "performer": [{"identifier": {"system": systems.ODS, "value": "RJ1"}}],
}

_HEADER: Final[dict[str, Any]] = {
    "resourceType": "MessageHeader",
    "eventCoding": {"system": systems.MESSAGE_EVENTS, "code": "servicerequest-request"},
    "reason": {"coding": [{"system": systems.MESSAGE_REASONS, "code": "new"}]},
    "source": {"endpoint": "https://trust.example/fhir"},
    "focus": [{"reference": "urn:uuid:236bb75d-90ef-461f-b71e-fde7f899802c"}],
}

MESSAGE: Final[dict[str, Any]] = {
    "resourceType": "Bundle",
    "id": "777a156c-af3c-4748-a8a3-7e95e4b0df9a",
    "type": "message",
    "entry": [
        {"fullUrl": "urn:uuid:1cbdfb97-5859-48a4-8301-d54eab818d68", "resource": _HEADER},
        {"fullUrl": "urn:uuid:236bb75d-90ef-461f-b71e-fde7f899802c", "resource": SERVICE_REQUEST},
    ],
}


_PATIENT: Final[dict[str, Any]] = {
    "type": "Patient",
    "identifier": {"system": systems.NHS_NUMBER, "value": "9990000018"},
}
_REFERRAL: Final[dict[str, Any]] = {
    "type": "ServiceRequest",
    "identifier": {"system": systems.UBRN, "value": "000000070000"},
}

APPOINTMENT: Final[dict[str, Any]] = {
    "resourceType": "Appointment",
    "meta": {"profile": [systems.UK_CORE_APPOINTMENT]},
    "identifier": [{"system": systems.OWN_APPOINTMENT, "value": "diary-4711"}],
    "status": "booked",
    "start": "2026-04-20T09:30:00+01:00",
    "end": "2026-04-20T09:50:00+01:00",
    "created": "2026-03-02",
    "basedOn": [_REFERRAL],
    "participant": [
        {"actor": _PATIENT, "status": "accepted"},
        {
            "actor": {
                "type": "Location",
                "identifier": {"system": systems.ODS_SITE, "value": "RJ122"},
            },
            "status": "accepted",
        },
    ],
}

TASK: Final[dict[str, Any]] = {
    "resourceType": "Task",
    "identifier": [{"system": systems.OWN_TASK, "value": "transfer-12"}],
    "status": "requested",
    "intent": "order",
    "code": {"coding": [{"system": systems.TASK_CODES, "code": systems.FULFILL}]},
    "focus": _REFERRAL,
    "for": _PATIENT,
    "authoredOn": "2026-03-02",
    "owner": {"identifier": {"system": systems.ODS, "value": "RR8"}},
    "reasonCode": {"coding": [{"system": systems.TRANSFER_REASONS, "code": "01"}]},
}
