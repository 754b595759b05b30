"""A Patient as the person of a submission."""

from dataclasses import replace
from typing import Any, Final

from pydantic import TypeAdapter

from chassis.faults import INVALID
from contracts.identifiers import Postcode
from referral.domain.pathway import Pathway
from referral.domain.problems import Problem, ProblemCode
from referral.edges.fhir import systems
from referral.edges.fhir.models import Address, HumanName, Patient, Reference
from referral.edges.fhir.reading import Reading, fits, london_day
from referral.faults import fault_of

_GENDERS: Final = {"male": "1", "female": "2", "other": "9", "unknown": "9"}

_postcode: TypeAdapter[str] = TypeAdapter(Postcode)


def person_in(patient: Patient, path: str, reading: Reading) -> dict[str, Any]:
    places = reading.places
    places["/patient"] = path
    places["/patient/sex"] = f"{path}.gender"
    places["/patient/birth_date"] = f"{path}.birthDate"
    fields = {
        "nhs_number": _nhs_number(patient, path, reading),
        "birth_date": _birth_date(patient, path, reading),
        "sex": _sex(patient, path, reading),
        **_name(patient, path, reading),
        **_address(patient, path, reading),
        **_contact(patient, path, reading),
        "language": _language(patient, path, reading),
    }
    return {name: value for name, value in fields.items() if value is not None}


def check_patient(
    reference: Reference | None, pathway: Pathway | None, path: str, reading: Reading
) -> None:
    """Refuses a body about a pathway that names another patient than the pathway is of."""
    found = _number_of(reference, path, reading)
    if found is None:
        reading.warn("No patient is named, so that none could be compared.", path)
        return
    number, place = found
    if pathway is not None and number.replace(" ", "") != pathway.person.nhs_number:
        differs = fault_of(Problem(ProblemCode.PATHWAY_DIFFERS, ""))
        reading.faults.append(replace(differs, expression=place))


def _number_of(reference: Reference | None, path: str, reading: Reading) -> tuple[str, str] | None:
    if reference is None:
        return None
    identifier = reference.identifier
    if identifier is not None and identifier.system == systems.NHS_NUMBER and identifier.value:
        return identifier.value, f"{path}.identifier.value"
    node = reading.find(reference.reference)
    patient = reading.lenient(node, Patient) if node is not None else None
    if node is None or patient is None:
        return None
    for number, one in enumerate(patient.identifier):
        if one.system == systems.NHS_NUMBER and one.value:
            return one.value, f"{node.path}.identifier[{number}].value"
    return None


def _nhs_number(patient: Patient, path: str, reading: Reading) -> str | None:
    reading.places["/patient/nhs_number"] = f"{path}.identifier"
    for number, identifier in enumerate(patient.identifier):
        if identifier.system == systems.NHS_NUMBER:
            reading.places["/patient/nhs_number"] = f"{path}.identifier[{number}].value"
            return identifier.value
    return None


def _birth_date(patient: Patient, path: str, reading: Reading) -> str | None:
    text = patient.birth_date
    if text is None or (len(text) == 10 and london_day(text)):
        return text
    reading.refuse(INVALID, "The full date of birth is needed.", f"{path}.birthDate")
    return None


def _sex(patient: Patient, path: str, reading: Reading) -> str:
    if patient.gender not in {"male", "female"}:
        reading.warn("Kept as indeterminate (9).", f"{path}.gender")
    return _GENDERS[patient.gender or "unknown"]


def _name(patient: Patient, path: str, reading: Reading) -> dict[str, Any]:
    index, name = _preferred(patient.name)
    place = f"{path}.name[{index}]" if patient.name else f"{path}.name"
    reading.places["/patient/given_name"] = f"{place}.given"
    reading.places["/patient/family_name"] = f"{place}.family"
    if name is None:
        return {}
    return {"given_name": " ".join(name.given) or None, "family_name": name.family}


def _preferred(names: list[HumanName]) -> tuple[int, HumanName | None]:
    order = {"official": 0, "usual": 1, None: 2}
    ranked = sorted(enumerate(names), key=lambda one: (order.get(one[1].use, 3), one[0]))
    return ranked[0] if ranked else (0, None)


def _address(patient: Patient, path: str, reading: Reading) -> dict[str, Any]:
    ranked = sorted(enumerate(patient.address), key=lambda one: (one[1].use != "home", one[0]))
    if not ranked:
        return {}
    index, address = ranked[0]
    place = f"{path}.address[{index}]"
    reading.places["/patient/address"] = place
    postcode = address.postal_code
    if postcode is not None and not fits(_postcode, postcode):
        reading.warn("This is no postcode and is left out.", f"{place}.postalCode", "value")
        postcode = None
    return {"postcode": postcode, "address": _lines(address)}


def _lines(address: Address) -> list[str]:
    lines = [*address.line, address.city, address.district]
    return [line[:100] for line in lines if line][:5]


def _contact(patient: Patient, path: str, reading: Reading) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    points = sorted(enumerate(patient.telecom), key=lambda one: (one[1].use != "mobile", one[0]))
    for number, point in points:
        name = {"phone": "phone", "sms": "phone", "email": "email"}.get(point.system or "")
        if name is None or not point.value or name in fields:
            continue
        if len(point.value) > (20 if name == "phone" else 254):
            place = f"{path}.telecom[{number}].value"
            reading.warn("Too long, and left out.", place, "too-long")
            continue
        fields[name] = point.value
    return fields


def _language(patient: Patient, path: str, reading: Reading) -> str | None:
    ranked = sorted(patient.communication, key=lambda one: not one.preferred)
    for communication in ranked:
        for coding in communication.language.coding:
            code = (coding.code or "")[:2].lower()
            if len(code) == 2 and code.isascii() and code.isalpha():
                return code
        reading.warn("This language is not known and is left out.", f"{path}.communication")
    return None
