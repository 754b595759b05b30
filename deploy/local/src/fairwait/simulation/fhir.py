"""A referral as FHIR R4: a ServiceRequest with its Patient, or a message Bundle in the shape of BaRS."""

import base64
import json
from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from fairwait.world.referrals import Referral

NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
UBRN = "https://fhir.nhs.uk/Id/UBRN"
ODS = "https://fhir.nhs.uk/Id/ods-organization-code"
TREATMENT_FUNCTIONS = "https://fhir.hl7.org.uk/CodeSystem/UKCore-PracticeSettingCode"
CATEGORIES = "https://fhir.nhs.uk/CodeSystem/message-category-servicerequest"
EVENTS = "https://fhir.nhs.uk/CodeSystem/message-events-bars"
REASONS = "https://fhir.nhs.uk/CodeSystem/message-reason-bars"
E_RS_PRIORITY = "https://fhir.nhs.uk/STU3/StructureDefinition/Extension-eRS-ReferralPriority-1"
E_RS_PRIORITIES = "https://fhir.nhs.uk/STU3/CodeSystem/eRS-Priority-1"
OWN = "https://fairwait.example/fhir/StructureDefinition"

_GENDERS = {"1": "male", "2": "female", "9": "other"}
_PRIORITIES = {
    "1": ("routine", "ROUTINE"),
    "2": ("urgent", "URGENT"),
    "3": ("urgent", "TWO_WEEK_WAIT"),
}

Json = dict[str, Any]


def service_request(referral: Referral) -> bytes:
    """The body of `POST /FHIR/R4/ServiceRequest`."""
    patient = {**_patient(referral), "id": "patient"}
    request = _request(referral, subject="#patient")
    return _bytes({**request, "contained": [patient]})


def message(referral: Referral) -> bytes:
    """The body of `POST /FHIR/R4/$process-message`."""
    patient_at, request_at = _urn(referral, "patient"), _urn(referral, "request")
    header = {
        "resourceType": "MessageHeader",
        "eventCoding": {"system": EVENTS, "code": "servicerequest-request"},
        "reason": _concept(REASONS, "new"),
        "source": {"name": "A referring system", "endpoint": f"urn:nhs:ods:{referral.publisher}"},
        "sender": _organisation(referral.publisher),
        "focus": [{"reference": request_at}],
    }
    entries = (
        (_urn(referral, "header"), header),
        (request_at, _request(referral, subject=patient_at)),
        (patient_at, _patient(referral)),
    )
    bundle = {
        "resourceType": "Bundle",
        "id": referral.message_id,
        "type": "message",
        "timestamp": f"{referral.fields['received_on']}T09:00:00Z",
        "entry": [{"fullUrl": url, "resource": resource} for url, resource in entries],
    }
    return _bytes(bundle)


def headers(referral: Referral) -> dict[str, str]:
    """The headers that go with either body, the token apart."""
    target = json.dumps({"system": ODS, "value": referral.fields["responsible_provider"]})
    return {
        "content-type": "application/fhir+json",
        "accept": "application/fhir+json",
        "prefer": "return=minimal",
        "x-request-id": referral.message_id,
        "x-correlation-id": referral.message_id,
        "nhsd-target-identifier": base64.b64encode(target.encode()).decode(),
    }


def _request(referral: Referral, *, subject: str) -> Json:
    fields = referral.fields
    priority, e_rs_priority = _PRIORITIES[fields["priority"]]
    return {
        "resourceType": "ServiceRequest",
        "extension": [
            {
                "url": E_RS_PRIORITY,
                "valueCodeableConcept": _concept(E_RS_PRIORITIES, e_rs_priority),
            },
            *_extensions(fields),
        ],
        "identifier": [{"system": UBRN, "value": referral.ubrn}],
        "status": "active",
        "intent": "order",
        "category": [_concept(CATEGORIES, "referral")],
        "priority": priority,
        "orderDetail": [_concept(TREATMENT_FUNCTIONS, fields["treatment_function"])],
        "subject": {"reference": subject},
        "authoredOn": fields["received_on"],
        "requester": _organisation(fields["referring_organisation"]),
        "performer": [_organisation(fields["responsible_provider"])],
    }


def _extensions(fields: Mapping[str, Any]) -> list[Json]:
    codes = [
        ("source-of-referral", fields["source_of_referral"]),
        ("commissioner", fields["commissioner"]),
        *(("circumstance", one) for one in fields["circumstances"]),
    ]
    found: list[Json] = [{"url": f"{OWN}/{name}", "valueCode": code} for name, code in codes]
    if "travel_limit_miles" in fields:
        limit = fields["travel_limit_miles"]
        found.append({"url": f"{OWN}/travel-limit-miles", "valuePositiveInt": limit})
    return found


def _patient(referral: Referral) -> Json:
    patient = referral.fields["patient"]
    name = {"use": "official", "given": [patient["given_name"]]}
    if "family_name" in patient:
        name["family"] = patient["family_name"]
    line, town = patient["address"]
    found = {
        "resourceType": "Patient",
        "identifier": [{"system": NHS_NUMBER, "value": patient["nhs_number"]}],
        "name": [name],
        "gender": _GENDERS[patient["sex"]],
        "birthDate": patient["birth_date"],
        "telecom": [
            {"system": system, "value": patient[system], "use": use}
            for system, use in (("phone", "mobile"), ("email", "home"))
            if system in patient
        ],
        "address": [
            {"use": "home", "line": [line], "city": town, "postalCode": patient["postcode"]}
        ],
    }
    # FHIR knows no empty list.
    return {name: value for name, value in found.items() if value}


def _organisation(ods_code: str) -> Json:
    return {"identifier": {"system": ODS, "value": ods_code}}


def _concept(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def _urn(referral: Referral, part: str) -> str:
    return f"urn:uuid:{uuid5(NAMESPACE_URL, f'{referral.message_id}/{part}')}"


def _bytes(resource: Json) -> bytes:
    return json.dumps(resource, ensure_ascii=False, separators=(",", ":")).encode()
