"""Which pathway a body is about: told by its identifier, or by an address of ours."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from pydantic import Field

from contracts.identifiers import E_REFERRAL_SERVICE
from referral.edges.fhir import systems
from referral.edges.fhir.models import Brought, Element, Identifier, Reference
from referral.edges.fhir.reading import Reading


@dataclass(frozen=True, slots=True)
class Address:
    """A resource of ours, by its type and id."""

    type: str
    id: str


Key: TypeAlias = dict[str, Any]
"""The key of a pathway, as a submission has it."""

_ADDRESS: Final = re.compile(
    r"(?:.*/)?(?P<type>ServiceRequest|Appointment|Task)/(?P<id>[0-9a-f]{32}(?:\.[0-9a-f]{1,31})?)"
    r"(?:/_history/[0-9]+)?"
)


def address_in(reference: str | None) -> Address | None:
    """The resource of ours that a reference points at, relative or absolute."""
    found = _ADDRESS.fullmatch(reference or "")
    return Address(found["type"], found["id"]) if found else None


def key_in(identifiers: Sequence[Identifier], path: str, reading: Reading) -> Key | None:
    """The UBRN, or the pathway identifier with its assigner, among identifiers."""
    for number, identifier in enumerate(identifiers):
        place = f"{path}[{number}]"
        if identifier.system == systems.UBRN:
            reading.places["/pathway"] = f"{place}.value"
            return _key(identifier.value, E_REFERRAL_SERVICE)
        if identifier.system == systems.OWN_PATHWAY:
            reading.places["/pathway"] = f"{place}.value"
            reading.places["/pathway/issuer"] = f"{place}.assigner"
            issuer = reading.organisation(identifier.assigner, f"{place}.assigner")
            return _key(identifier.value, issuer[0] if issuer else None)
    return None


def _key(identifier: str | None, issuer: str | None) -> Key:
    parts = {"identifier": identifier, "issuer": issuer}
    return {name: value for name, value in parts.items() if value is not None}


def named_by(references: Iterable[tuple[Reference, str]], reading: Reading) -> Key | Address | None:
    """What the first of these references, each with its place, names that we can follow."""
    found = (_named(reference, place, reading) for reference, place in references)
    return next((one for one in found if one is not None), None)


def _named(reference: Reference, place: str, reading: Reading) -> Key | Address | None:
    if reference.identifier is not None:
        key = key_in([reference.identifier], f"{place}.identifier", reading)
        if key is not None:
            _without_index(f"{place}.identifier", reading)
            return key
    reading.places["/pathway"] = f"{place}.reference"
    node = reading.find(reference.reference)
    if node is not None and node.type == "ServiceRequest":
        request = reading.lenient(node, _Identified)
        key = key_in(request.identifier if request else [], f"{node.path}.identifier", reading)
        if key is not None:
            return key
    return address_in(reference.reference)


class _Identified(Element):
    """A ServiceRequest that comes along so that it can be referred to."""

    identifier: list[Identifier] = Field(default=[], max_length=50)


def _without_index(path: str, reading: Reading) -> None:
    """A reference has one identifier: its place has no number."""
    for pointer in ("/pathway", "/pathway/issuer"):
        if pointer in reading.places:
            reading.places[pointer] = reading.places[pointer].replace(f"{path}[0]", path)


# ---- the sender's own name of a thing

_REFERENCE: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z/._:^-]{0,63}")


def own_name(resource: Brought, system: str, path: str, reading: Reading) -> str | None:
    """The identifier in this system of ours, else the first that can be used as one."""
    ranked = sorted(
        enumerate(resource.identifier), key=lambda one: (one[1].system != system, one[0])
    )
    for number, identifier in ranked:
        if _REFERENCE.fullmatch(identifier.value or ""):
            reading.places["/reference"] = f"{path}.identifier[{number}].value"
            return identifier.value
    for number, _ in ranked:
        reading.warn(
            "This is no identifier that can be kept and is left out.",
            f"{path}.identifier[{number}].value",
            "value",
        )
    return None
