"""Finding one's way in a body: resources by reference, and what is wrong or odd by its place."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from chassis.clock import london_date
from chassis.faults import Fault, Kind, of_validation
from referral.edges.fhir.models import (
    Bundle,
    CodeableConcept,
    Coding,
    Element,
    Extension,
    HealthcareService,
    Identifier,
    Location,
    Organization,
    PractitionerRole,
    Reference,
)
from referral.edges.fhir.systems import ODS, ODS_SITE

M = TypeVar("M", bound=Element)

NOT_SUPPORTED: Final = Kind("not_supported", 422, "This is not taken here.", "not-supported")
DEEPEST: Final = 4  # references from one to the next: role, organisation, and nothing circular


@dataclass(frozen=True, slots=True)
class Node:
    """A resource as it stands in the body, and the FHIRPath to it."""

    raw: Mapping[str, Any]
    path: str

    @property
    def type(self) -> str:
        return str(self.raw.get("resourceType", ""))


@dataclass(slots=True)
class Reading:
    """What we found while reading one body. `places` maps pointers of the submission to FHIRPaths."""

    nodes: list[Node] = field(default_factory=list)
    by_name: dict[str, Node] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)

    def refuse(self, kind: Kind, message: str, expression: str) -> None:
        self.faults.append(kind.fault(message, expression=expression))

    def warn(self, message: str, expression: str, fhir_code: str = "informational") -> None:
        self.warnings.append(
            Fault("warning", 200, message, fhir_code=fhir_code, expression=expression)
        )

    def parse(self, node: Node, model: type[M]) -> M | None:
        """The resource as one of our models; what it lacks is a fault."""
        try:
            return model.model_validate(node.raw)
        except ValidationError as error:
            self.faults += [located(fault, node.path) for fault in of_validation(error)]
            return None

    def expect(self, path: str, places: Mapping[str, str]) -> None:
        """Say where fields would stand that are not there, relative to a resource."""
        for pointer, place in places.items():
            self.places.setdefault(pointer, f"{path}{place}")

    def lenient(self, node: Node, model: type[M]) -> M | None:
        """The resource as one of our models; None for one that is none, and no fault."""
        return _lenient(node, model)

    def enter(self, bundle: Bundle) -> None:
        """Make the entries of a bundle known to `find`."""
        for number, entry in enumerate(bundle.entry):
            if entry.resource is not None:
                node = Node(entry.resource, f"Bundle.entry[{number}].resource")
                self._add(entry.full_url or "", node)

    def contain(self, node: Node, contained: list[dict[str, Any]]) -> None:
        """Make contained resources known to `find`."""
        for number, raw in enumerate(contained):
            path = f"{node.path}.contained[{number}]"
            self._add(f"#{raw.get('id', '')}", Node(raw, path))

    def _add(self, url: str, node: Node) -> None:
        self.nodes.append(node)
        names = [url] if url.startswith("#") else [url, f"{node.type}/{node.raw.get('id', '')}"]
        for name in names:
            self.by_name.setdefault(name, node)  # of two with one name the first is meant

    def find(self, reference: str | None) -> Node | None:
        """The resource in this body that a reference points at: by its url, or by type and id."""
        if not reference:
            return None
        found = self.by_name.get(reference)
        if found is not None or reference.startswith(("#", "urn:")):
            return found
        return self.by_name.get("/".join(reference.split("/")[-2:]))

    def of_type(self, resource_type: str) -> list[Node]:
        return [node for node in self.nodes if node.type == resource_type]

    # ---- organisations

    def organisation(self, reference: Reference | None, path: str) -> tuple[str, str] | None:
        """ODS code and place of the organisation a reference leads to, through roles and services."""
        for _ in range(DEEPEST):
            if reference is None:
                return None
            code = ods_code([reference.identifier] if reference.identifier else [])
            if code is not None:
                return code[0], f"{path}.identifier.value"
            node = self.find(reference.reference)
            if node is None:
                return None
            step = self._step(node)
            if isinstance(step, tuple):
                return step
            reference, path = step, node.path
        return None

    def site(self, reference: Reference, path: str) -> tuple[str, str] | None:
        """ODS code and place of a site: its own, else that of the organisation it belongs to."""
        own = ods_code([reference.identifier] if reference.identifier else [], _OF_SITES)
        if own is not None:
            return own[0], f"{path}.identifier.value"
        node = self.find(reference.reference)
        location = _lenient(node, Location) if node is not None else None
        code = ods_code(location.identifier, _OF_SITES) if location else None
        if node is not None and code is not None:
            return code[0], f"{node.path}.identifier[{code[1]}].value"
        return self.organisation(reference, path)

    def _step(self, node: Node) -> tuple[str, str] | Reference | None:
        """The code of an organisation, or the reference from another resource to its one."""
        match node.type:
            case "Organization":
                organisation = _lenient(node, Organization)
                code = ods_code(organisation.identifier) if organisation else None
                return (code[0], f"{node.path}.identifier[{code[1]}].value") if code else None
            case "PractitionerRole":
                role = _lenient(node, PractitionerRole)
                return role.organization if role else None
            case "HealthcareService":
                service = _lenient(node, HealthcareService)
                return service.provided_by if service else None
            case "Location":
                location = _lenient(node, Location)
                return location.managing_organization if location else None
            case _:
                return None


def _lenient(node: Node, model: type[M]) -> M | None:
    try:
        return model.model_validate(node.raw)
    except ValidationError:
        return None


def located(fault: Fault, path: str) -> Fault:
    """The fault of a resource, its JSON Pointer turned into the FHIRPath from the body's root."""
    return replace(fault, expression=f"{path}{fhirpath(fault.pointer)}", pointer="")


def fhirpath(pointer: str) -> str:
    """`/name/0/family` as `.name[0].family`."""
    parts = pointer.split("/")[1:]
    return "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in parts)


_OF_ORGANISATIONS: Final = frozenset([ODS.casefold()])
_OF_SITES: Final = frozenset([ODS.casefold(), ODS_SITE.casefold()])


def ods_code(
    identifiers: list[Identifier], systems: frozenset[str] = _OF_ORGANISATIONS
) -> tuple[str, int] | None:
    """The first ODS code and its index. Senders differ in the case of the system's name."""
    for number, identifier in enumerate(identifiers):
        if (identifier.system or "").casefold() in systems and identifier.value:
            return identifier.value, number
    return None


def codings(concepts: list[CodeableConcept], path: str) -> Iterator[tuple[Coding, str]]:
    """All codings of a list of concepts, each with its place."""
    for number, concept in enumerate(concepts):
        for index, coding in enumerate(concept.coding):
            yield coding, f"{path}[{number}].coding[{index}]"


def extensions(extensions: list[Extension], url: str, path: str) -> Iterator[tuple[Extension, str]]:
    """The extensions with this url, each with its place."""
    for number, extension in enumerate(extensions):
        if extension.url == url:
            yield extension, f"{path}.extension[{number}]"


def coded(
    found: list[Extension], url: str, path: str, pointer: str, reading: Reading
) -> str | None:
    """The code of the first extension with this url, as a field of the submission."""
    for extension, place in extensions(found, url, path):
        reading.places[pointer] = f"{place}.valueCode"
        return extension.value_code
    return None


def dated(
    found: list[Extension], url: str, path: str, pointer: str, reading: Reading
) -> str | None:
    """The date of the first extension with this url, as a field of the submission."""
    for extension, place in extensions(found, url, path):
        reading.places[pointer] = f"{place}.valueDate"
        return extension.value_date
    return None


def fits(adapter: TypeAdapter[Any], value: object) -> bool:
    """Whether a value would be taken by a field of the submission."""
    try:
        adapter.validate_python(value)
    except ValidationError:
        return False
    return True


def instant_in(text: str) -> datetime | None:
    """A FHIR instant or dateTime with its offset; None for anything less exact."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if instant.tzinfo is None else instant


def london_day(text: str) -> str | None:
    """The date of a FHIR date or dateTime as it was in London; None for anything less exact."""
    try:
        if len(text) == 10:
            return date.fromisoformat(text).isoformat()
        instant = datetime.fromisoformat(text)
        return None if instant.tzinfo is None else london_date(instant).isoformat()
    except (ValueError, OverflowError):
        return None
