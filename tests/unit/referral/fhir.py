"""FHIR bodies that are fine; a test changes what it is about."""

from typing import Any

from tests.unit.referral.builders import PRACTICE, TRUST, UBRN

ODS = "https://fhir.nhs.uk/Id/ods-organization-code"
PRACTICE_SETTING = "https://fhir.hl7.org.uk/CodeSystem/UKCore-PracticeSettingCode"
OWN = "https://fairwait.example/fhir"
SITE = f"{TRUST}22"
SOURCE = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-SourceOfServiceRequest"


def concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def organisation(code: str) -> dict[str, Any]:
    return {"identifier": {"system": ODS, "value": code}}


def patient(**changes: Any) -> dict[str, Any]:
    resource = {
        "resourceType": "Patient",
        "id": "pat",
        "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018"}],
        "name": [{"use": "official", "family": "Example", "given": ["Ada"]}],
        "gender": "female",
        "birthDate": "1961-05-04",
        "address": [{"use": "home", "line": ["1 Test Street"], "postalCode": "sw1a1aa"}],
        "telecom": [{"system": "phone", "value": "07700 900123", "use": "mobile"}],
    }
    return _changed(resource, changes)


def service_request(**changes: Any) -> dict[str, Any]:
    resource = {
        "resourceType": "ServiceRequest",
        "contained": [patient()],
        "extension": [
            {
                "url": SOURCE,
                "valueCodeableConcept": concept("http://snomed.info/sct", "108161000000109"),
            }
        ],
        "identifier": [{"system": "https://fhir.nhs.uk/Id/UBRN", "value": UBRN}],
        "status": "active",
        "intent": "order",
        "priority": "routine",
        "orderDetail": [concept(PRACTICE_SETTING, "110")],
        "code": concept("http://snomed.info/sct", "3457005"),
        "subject": {"reference": "#pat"},
        "authoredOn": "2026-03-01T09:30:00+00:00",
        "requester": organisation(PRACTICE),
        "performer": [organisation(TRUST)],
    }
    return _changed(resource, changes)


def extension(name: str, **value: Any) -> dict[str, Any]:
    """One of our own extensions."""
    return {"url": f"{OWN}/StructureDefinition/{name}", **value}


def urgent_request(**changes: Any) -> dict[str, Any]:
    """A referral without the right to choose, so that it can be booked at once."""
    own = extension("circumstance", valueCode="urgent_or_emergency")
    return service_request(extension=[*service_request()["extension"], own], **changes)


NHS_PATIENT = {
    "type": "Patient",
    "identifier": {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018"},
}
UBRN_REFERRAL = {
    "type": "ServiceRequest",
    "identifier": {"system": "https://fhir.nhs.uk/Id/UBRN", "value": UBRN},
}


def appointment(**changes: Any) -> dict[str, Any]:
    site = {"type": "Location", "identifier": {"system": ODS, "value": SITE}}
    resource = {
        "resourceType": "Appointment",
        "identifier": [{"system": f"{OWN}/Id/appointment", "value": "diary-1"}],
        "status": "booked",
        "start": "2026-04-20T09:30:00+01:00",
        "end": "2026-04-20T09:50:00+01:00",
        "created": "2026-03-02",
        "basedOn": [UBRN_REFERRAL],
        "participant": [
            {"actor": NHS_PATIENT, "status": "accepted"},
            {"actor": site, "status": "accepted"},
        ],
    }
    return _changed(resource, changes)


def transfer(**changes: Any) -> dict[str, Any]:
    """A task that hands the patient over to another provider."""
    resource = {
        "resourceType": "Task",
        "identifier": [{"system": f"{OWN}/Id/task", "value": "transfer-1"}],
        "status": "requested",
        "intent": "order",
        "code": concept("http://hl7.org/fhir/CodeSystem/task-code", "fulfill"),
        "focus": UBRN_REFERRAL,
        "for": NHS_PATIENT,
        "authoredOn": "2026-03-02",
        "owner": organisation("NV7"),
        "reasonCode": concept(f"{OWN}/CodeSystem/transfer-reason", "01"),
    }
    return _changed(resource, changes)


def wish(appointment_id: str, **changes: Any) -> dict[str, Any]:
    """A task that asks for another time for an appointment."""
    resource = {
        "resourceType": "Task",
        "identifier": [{"system": f"{OWN}/Id/task", "value": "wish-1"}],
        "status": "requested",
        "intent": "proposal",
        "code": concept("http://hl7.org/fhir/CodeSystem/task-code", "change"),
        "focus": {"reference": f"Appointment/{appointment_id}"},
        "for": NHS_PATIENT,
        "authoredOn": "2026-03-02",
        "reasonCode": concept("https://fhir.nhs.uk/STU3/CodeSystem/any", "PATIENT_HOLIDAY"),
    }
    return _changed(resource, changes)


def booking_message(
    resource: dict[str, Any], reason: str = "new", **changes: Any
) -> dict[str, Any]:
    """A BaRS message about an appointment, with the referral and the patient it refers to."""
    header = {
        "resourceType": "MessageHeader",
        "eventCoding": {
            "system": "https://fhir.nhs.uk/CodeSystem/message-events-bars",
            "code": "booking-request",
        },
        "reason": concept("https://fhir.nhs.uk/CodeSystem/message-reason-bars", reason),
        "source": {"endpoint": "urn:test"},
        "focus": [{"reference": "urn:uuid:00000000-0000-4000-8000-000000000001"}],
    }
    bundle = {
        "resourceType": "Bundle",
        "id": "msg-2",
        "type": "message",
        "entry": [
            {"fullUrl": f"urn:uuid:00000000-0000-4000-8000-00000000000{number}", "resource": one}
            for number, one in enumerate([header, resource, patient()])
        ],
    }
    return _changed(bundle, changes)


def message(**changes: Any) -> dict[str, Any]:
    """A BaRS message: header, request, patient, and the organisations by reference."""
    request = service_request(
        contained=None,
        subject={"reference": "urn:uuid:00000000-0000-4000-8000-000000000002"},
        performer=[{"reference": "urn:uuid:00000000-0000-4000-8000-000000000003"}],
    )
    header = {
        "resourceType": "MessageHeader",
        "eventCoding": {
            "system": "https://fhir.nhs.uk/CodeSystem/message-events-bars",
            "code": "servicerequest-request",
        },
        "reason": concept("https://fhir.nhs.uk/CodeSystem/message-reason-bars", "new"),
        "source": {"endpoint": "urn:test"},
        "focus": [{"reference": "urn:uuid:00000000-0000-4000-8000-000000000001"}],
    }
    service = {
        "resourceType": "HealthcareService",
        "providedBy": {"reference": "Organization/org-1"},
    }
    trust = {
        "resourceType": "Organization",
        "id": "org-1",
        "identifier": [{"system": ODS.lower(), "value": TRUST}],
    }
    resources = [header, request, patient(), service, trust]
    bundle = {
        "resourceType": "Bundle",
        "id": "msg-1",
        "type": "message",
        "entry": [
            {"fullUrl": f"urn:uuid:00000000-0000-4000-8000-00000000000{number}", "resource": one}
            for number, one in enumerate(resources)
        ],
    }
    return _changed(bundle, changes)


def _changed(resource: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The resource with other elements; None takes one away."""
    merged = {**resource, **changes}
    return {name: value for name, value in merged.items() if value is not None}
