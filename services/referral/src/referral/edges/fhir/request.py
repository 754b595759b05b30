"""A ServiceRequest as the submission it is, with the FHIRPath of everything wrong or odd."""

from collections.abc import Iterator
from typing import Any, Final

from pydantic import TypeAdapter

from chassis.faults import INVALID, REQUIRED
from contracts.identifiers import OdsCode
from contracts.submissions import ReferralMade
from referral.edges.fhir import systems
from referral.edges.fhir.about import Key, key_in
from referral.edges.fhir.concept_map import sources_by_snomed
from referral.edges.fhir.mapped import Mapped, mapped
from referral.edges.fhir.models import HealthcareService, Patient, ServiceRequest
from referral.edges.fhir.patient import person_in
from referral.edges.fhir.reading import (
    NOT_SUPPORTED,
    Node,
    Reading,
    codings,
    extensions,
    fits,
    london_day,
)

_PRIORITIES: Final = {"routine": "1", "urgent": "2", "asap": "2", "stat": "2"}
_E_RS_PRIORITIES: Final = {"ROUTINE": "1", "URGENT": "2", "TWO_WEEK_WAIT": "3"}

_ods: TypeAdapter[str] = TypeAdapter(OdsCode)


def referral_in(request: ServiceRequest, node: Node, reading: Reading) -> Mapped:
    reading.expect(node.path, PLACES)
    _refuse_what_is_no_referral(request, node.path, reading)
    fields = {
        "pathway": _pathway(request, node.path, reading),
        "patient": _patient(request, node.path, reading),
        **organisations(request, node.path, reading),
        **clinical(request, node.path, reading),
        **told_by_extensions(request, node.path, reading),
    }
    return mapped(ReferralMade, fields, reading, lambda pathway: pathway.id)


# Where a field that is missing would have stood.
PLACES: Final = {
    "": "",
    "/pathway": ".identifier",
    "/patient": ".subject",
    "/responsible_provider": ".performer",
    "/referring_organisation": ".requester",
    "/treatment_function": ".orderDetail",
    "/priority": ".priority",
    "/received_on": ".authoredOn",
}


def _refuse_what_is_no_referral(request: ServiceRequest, path: str, reading: Reading) -> None:
    if request.status != "active":
        reading.refuse(NOT_SUPPORTED, "Only active requests are taken.", f"{path}.status")
    for coding, place in codings(request.category, f"{path}.category"):
        if coding.system == systems.MESSAGE_CATEGORIES and coding.code != "referral":
            reading.refuse(NOT_SUPPORTED, "Only the category referral is taken.", place)


def _pathway(request: ServiceRequest, path: str, reading: Reading) -> Key:
    key = key_in(request.identifier, f"{path}.identifier", reading)
    if key is None:
        reading.refuse(
            REQUIRED,
            "A UBRN, or a patient pathway identifier with its assigner, is needed.",
            f"{path}.identifier",
        )
    return key or {}


def organisations(request: ServiceRequest, path: str, reading: Reading) -> dict[str, Any]:
    return {
        "responsible_provider": _provider(request, path, reading),
        "referring_organisation": _referrer(request, path, reading),
    }


def _provider(request: ServiceRequest, path: str, reading: Reading) -> str | None:
    for number, reference in enumerate(request.performer):
        found = reading.organisation(reference, f"{path}.performer[{number}]")
        if found is not None:
            code, reading.places["/responsible_provider"] = found
            return code
    reading.refuse(
        REQUIRED,
        "The provider that the patient is referred to is needed, by its ODS code.",
        f"{path}.performer",
    )
    return None


def _referrer(request: ServiceRequest, path: str, reading: Reading) -> str | None:
    found = reading.organisation(request.requester, f"{path}.requester")
    if found is None:
        reading.warn("No ODS code of the referring organisation was found.", f"{path}.requester")
        return None
    code, place = found
    if not fits(_ods, code):
        reading.warn("This is no ODS code and is left out.", place, "value")
        return None
    reading.places["/referring_organisation"] = place
    return code


# ---- treatment, priority, dates


def clinical(request: ServiceRequest, path: str, reading: Reading) -> dict[str, Any]:
    priority, urgent = _priority(request, path, reading)
    circumstances = [
        extension.value_code
        for extension, _ in extensions(request.extension, systems.EXT_CIRCUMSTANCE, path)
    ]
    return {
        "treatment_function": _treatment_function(request, path, reading),
        "priority": priority,
        "circumstances": [*circumstances, *urgent],
        "received_on": _received_on(request, path, reading),
        "source_of_referral": _source(request, path, reading),
    }


def _treatment_function(request: ServiceRequest, path: str, reading: Reading) -> str | None:
    found = list(_treatment_functions(request, path, reading))
    if not found:
        reading.refuse(
            REQUIRED,
            "A TREATMENT FUNCTION CODE is needed, in orderDetail, category or the extension.",
            f"{path}.orderDetail",
        )
        return None
    code, reading.places["/treatment_function"] = found[0]
    for other, place in found[1:]:
        if other != code:
            reading.refuse(INVALID, "Two different treatment functions are given.", place)
    return code


def _treatment_functions(
    request: ServiceRequest, path: str, reading: Reading
) -> Iterator[tuple[str, str]]:
    for extension, place in extensions(request.extension, systems.EXT_TREATMENT_FUNCTION, path):
        if extension.value_code is not None:
            yield extension.value_code, f"{place}.valueCode"
    concepts = [
        *codings(request.order_detail, f"{path}.orderDetail"),
        *codings(request.category, f"{path}.category"),
        *codings([request.code] if request.code else [], f"{path}.code"),
        *_specialties(request, reading),
    ]
    for coding, place in concepts:
        if coding.system in systems.TREATMENT_FUNCTIONS and coding.code is not None:
            yield coding.code, f"{place.replace('.code[0]', '.code')}.code"


def _specialties(request: ServiceRequest, reading: Reading) -> Iterator[Any]:
    """Of the HealthcareService that is asked to perform."""
    for reference in request.performer:
        node = reading.find(reference.reference)
        if node is not None and node.type == "HealthcareService":
            service = reading.parse(node, HealthcareService)
            if service is not None:
                yield from codings(service.specialty, f"{node.path}.specialty")


def _priority(request: ServiceRequest, path: str, reading: Reading) -> tuple[str | None, list[str]]:
    """PRIORITY TYPE, and the circumstance that a request to be seen at once implies."""
    for code, place in _e_rs_priorities(request, path):
        reading.places["/priority"] = place
        if code not in _E_RS_PRIORITIES:
            reading.refuse(INVALID, "This is no priority of e-RS.", place)
            return None, []
        return _E_RS_PRIORITIES[code], []
    if request.priority is None:
        return None, []
    if request.priority == "stat":
        reading.warn("Taken as urgent or emergency care.", f"{path}.priority")
        return "2", ["urgent_or_emergency"]
    if request.priority == "asap":
        reading.warn("Taken as urgent.", f"{path}.priority")
    return _PRIORITIES[request.priority], []


def _e_rs_priorities(request: ServiceRequest, path: str) -> Iterator[tuple[str | None, str]]:
    for extension, place in extensions(request.extension, systems.E_RS_PRIORITY, path):
        concept = extension.value_codeable_concept
        for coding, _ in codings([concept] if concept else [], ""):
            yield coding.code, f"{place}.valueCodeableConcept.coding.code"
    for coding, place in codings(request.category, f"{path}.category"):
        if coding.system in systems.E_RS_PRIORITIES:
            yield coding.code, f"{place}.code"


def _received_on(request: ServiceRequest, path: str, reading: Reading) -> str | None:
    """The day the clock starts: as told, when e-RS converted the UBRN, else when it was written.

    A request that is sent electronically reaches the provider on the day it is written (DERIVED).
    """
    told = [
        *(
            (extension.value_date, f"{place}.valueDate")
            for extension, place in extensions(request.extension, systems.EXT_RECEIVED_ON, path)
        ),
        *(
            (extension.value_instant, f"{place}.valueInstant")
            for extension, place in extensions(request.extension, systems.E_RS_PATHWAY_START, path)
        ),
        (request.authored_on, f"{path}.authoredOn"),
    ]
    text, place = next(((text, place) for text, place in told if text), (None, told[-1][1]))
    reading.places["/received_on"] = place
    if text is None:
        reading.refuse(REQUIRED, "The day the referral was received is needed.", place)
        return None
    day = london_day(text)
    if day is None:
        reading.refuse(INVALID, "A full date is needed.", place)
    return day


def _source(request: ServiceRequest, path: str, reading: Reading) -> str | None:
    for extension, place in extensions(request.extension, systems.EXT_SOURCE, path):
        code = extension.value_code or ""
        if code.isascii() and code.isdigit() and len(code) <= 2:
            reading.places["/source_of_referral"] = f"{place}.valueCode"
            return code
        reading.warn("This is no source of referral and is left out.", place, "value")
    for extension, place in extensions(request.extension, systems.SOURCE_OF_SERVICE_REQUEST, path):
        concept = extension.value_codeable_concept
        for coding, _ in codings([concept] if concept else [], ""):
            source = sources_by_snomed().get(coding.code or "")
            if coding.system == systems.SNOMED and source is not None:
                reading.places["/source_of_referral"] = place
                return source
        reading.warn("No source of referral is known for this concept.", place, "code-invalid")
    return None


def told_by_extensions(request: ServiceRequest, path: str, reading: Reading) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for url, name, value in (
        (systems.EXT_CATEGORY, "administrative_category", "value_code"),
        (systems.EXT_COMMISSIONER, "commissioner", "value_code"),
        (systems.EXT_TRAVEL_LIMIT, "travel_limit_miles", "value_positive_int"),
        (systems.EXT_CIRCUMSTANCE, "", ""),
    ):
        for extension, place in extensions(request.extension, url, path):
            reading.places[f"/{name or 'circumstances'}"] = place
            if name:
                fields[name] = getattr(extension, value)
    return fields


# ---- the patient


def _patient(request: ServiceRequest, path: str, reading: Reading) -> dict[str, Any] | None:
    node = reading.find(request.subject.reference)
    if node is None or node.type != "Patient":
        place = f"{path}.subject"
        told = "The Patient is needed in the body: contained, or an entry of the Bundle."
        reading.refuse(REQUIRED, told, place)
        return None
    patient = reading.parse(node, Patient)
    if patient is None:
        reading.places["/patient"] = node.path
        return None
    return person_in(patient, node.path, reading)
