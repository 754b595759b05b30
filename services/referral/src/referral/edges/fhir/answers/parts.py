"""The parts that resources have in common."""

from datetime import date
from typing import Any

from contracts.identifiers import E_REFERRAL_SERVICE
from referral.domain.pathway import Referral
from referral.edges.fhir import systems
from referral.repositories import Edition

Json = dict[str, Any]


def meta(edition: Edition, profile: str) -> Json:
    return {
        "versionId": str(edition.version),
        "lastUpdated": edition.changed_at.isoformat(),
        "profile": [profile],
    }


def etag(edition: Edition) -> str:
    """All resources of a pathway have its version: weak, as another of them may have changed."""
    return f'W/"{edition.version}"'


def patient(edition: Edition) -> Json:
    """By NHS number alone."""
    number = str(edition.pathway.person.nhs_number)
    return {"type": "Patient", "identifier": {"system": systems.NHS_NUMBER, "value": number}}


def referral_reference(edition: Edition) -> Json:
    return {
        "type": "ServiceRequest",
        "reference": f"ServiceRequest/{edition.pathway.id}",
        "identifier": pathway_identifier(edition.pathway.referral),
    }


def pathway_identifier(referral: Referral) -> Json:
    if referral.issuer == E_REFERRAL_SERVICE:
        return {"system": systems.UBRN, "value": referral.identifier}
    return {
        "system": systems.OWN_PATHWAY,
        "value": referral.identifier,
        "assigner": organisation(referral.issuer),
    }


def organisation(ods_code: str) -> Json:
    return {"type": "Organization", "identifier": {"system": systems.ODS, "value": ods_code}}


def concept(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def code(url: str, value: str | None) -> list[Json]:
    """An extension with a code, or none."""
    return [] if value is None else [{"url": url, "valueCode": value}]


def day(url: str, value: date | None) -> list[Json]:
    """An extension with a date, or none."""
    return [] if value is None else [{"url": url, "valueDate": value.isoformat()}]


def filled(resource: Json) -> Json:
    """Without the elements that are empty: FHIR leaves those out."""
    return {name: value for name, value in resource.items() if value not in (None, [], {}, "")}
