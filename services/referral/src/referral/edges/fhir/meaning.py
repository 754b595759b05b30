"""From a body that was read to the submission it is: about which pathway, and by which mapping."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final, TypeAlias

from pydantic import TypeAdapter, ValidationError

from chassis.faults import INVALID, NOT_FOUND, REQUIRED
from contracts.submissions import PathwayKey
from referral.domain.pathway import Pathway
from referral.domain.problems import Problem, ProblemCode
from referral.edges.fhir.about import Address, Key, key_in, named_by
from referral.edges.fhir.appointment import appointment_in
from referral.edges.fhir.bodies import Content
from referral.edges.fhir.changes import change_in
from referral.edges.fhir.mapped import Arriving, Mapped, Subject
from referral.edges.fhir.models import Appointment, ServiceRequest, Task
from referral.edges.fhir.reading import Reading
from referral.edges.fhir.request import referral_in
from referral.edges.fhir.task import task_in
from referral.edges.fhir.tasks import pathway_of
from referral.edges.refused import Refused
from referral.faults import fault_of
from referral.handlers.finding import Lookup
from referral.repositories import Edition

Find: TypeAlias = Callable[[Lookup], Awaitable[Edition | None]]
"""Looks for a pathway that the sender may have something to tell of."""

_key: TypeAdapter[PathwayKey] = TypeAdapter(PathwayKey)
_ID: Final = re.compile(r"[0-9a-f]{32}")


async def map_content(
    content: Content, arriving: Arriving, to: Address | None, find: Find
) -> Mapped:
    """The submission; `Refused` with everything that keeps it from being one."""
    resource, node, reading = content.resource, content.node, content.reading
    if isinstance(resource, ServiceRequest) and _is_new(resource, content, arriving):
        return referral_in(resource, node, reading)
    subject = await (_addressed(content, to, find) if to else _named(content, find))
    match resource:
        case ServiceRequest():
            return change_in(resource, node, reading, subject, arriving)
        case Appointment():
            return appointment_in(resource, node, reading, subject, arriving)
        case Task():
            return task_in(resource, node, reading, subject, arriving)


def _is_new(request: ServiceRequest, content: Content, arriving: Arriving) -> bool:
    """A referral that is posted is new; so is one in a message, unless that calls it off."""
    ends = content.message is not None and request.status in {"revoked", "entered-in-error"}
    return not arriving.update and not ends


# ---- sent to an address of ours


def lookup_of(address: Address) -> Lookup:
    match address.type:
        case "Appointment":
            return Lookup(appointment_id=address.id)
        case "Task":
            return Lookup(pathway_id=pathway_of(address.id))
        case _:
            return Lookup(pathway_id=address.id)


async def _addressed(content: Content, to: Address, find: Find) -> Subject:
    edition = await find(lookup_of(to))
    if edition is None:
        raise Refused([NOT_FOUND.fault(expression=content.node.path)])
    if content.resource.id not in {None, to.id}:
        told = "The id is not that of the address."
        content.reading.refuse(INVALID, told, f"{content.node.path}.id")
    pathway = edition.pathway
    named = _told(content)
    if named is not None and not _is(named, pathway):
        place = content.reading.places["/pathway"]
        differs = fault_of(Problem(ProblemCode.PATHWAY_DIFFERS, ""))
        content.reading.faults.append(replace(differs, expression=place))
    return Subject(_key_of(pathway), pathway, None if to.type == "ServiceRequest" else to.id)


def _is(named: Key | Address, pathway: Pathway) -> bool:
    if not isinstance(named, Address):
        return named == _key_of(pathway)
    if named.type == "Appointment":
        return any(one.id == named.id for one in pathway.appointments)
    return named.id == pathway.id


def _key_of(pathway: Pathway) -> Key:
    return {"identifier": pathway.referral.identifier, "issuer": pathway.referral.issuer}


# ---- named in the body


async def _named(content: Content, find: Find) -> Subject:
    named = _told(content)
    if named is None:
        place = {"Appointment": ".basedOn", "Task": ".focus"}.get(content.kind, ".identifier")
        told = "The referral is needed: a UBRN, a pathway identifier, or our address of it."
        content.reading.refuse(REQUIRED, told, f"{content.node.path}{place}")
        raise Refused(content.reading.faults)
    if isinstance(named, Address):
        return await _found(named, content, find)
    edition = await _by_key(named, find)
    return Subject(named, edition.pathway if edition else None, _part(content, edition))


async def _found(named: Address, content: Content, find: Find) -> Subject:
    edition = await find(lookup_of(named))
    if edition is None:
        unknown = fault_of(Problem(ProblemCode.UNKNOWN_PATHWAY, ""))
        place = content.reading.places.get("/pathway", content.node.path)
        raise Refused([*content.reading.faults, replace(unknown, expression=place)])
    return Subject(_key_of(edition.pathway), edition.pathway, _part(content, edition))


async def _by_key(key: Key, find: Find) -> Edition | None:
    try:
        return await find(Lookup(key=_key.validate_python(key)))
    except ValidationError:
        return None  # the submission says what is wrong with it


def _part(content: Content, edition: Edition | None) -> str | None:
    """The appointment of ours that a message is about: BaRS keeps the id of what it updates."""
    if edition is None or not isinstance(content.resource, Appointment):
        return None
    known = (one.id for one in edition.pathway.appointments)
    return next((one for one in known if one == content.resource.id), None)


def _told(content: Content) -> Key | Address | None:
    """What a body says of the pathway it is about."""
    resource, path, reading = content.resource, content.node.path, content.reading
    match resource:
        case ServiceRequest():
            key = key_in(resource.identifier, f"{path}.identifier", reading)
            return key or _own("ServiceRequest", resource.id, path, reading)
        case Appointment():
            based_on = ((one, f"{path}.basedOn[{n}]") for n, one in enumerate(resource.based_on))
            found = named_by(based_on, reading)
            return found or _own("Appointment", resource.id, path, reading)
        case Task():
            focus = [(resource.focus, f"{path}.focus")] if resource.focus else []
            based_on = ((one, f"{path}.basedOn[{n}]") for n, one in enumerate(resource.based_on))
            return named_by([*focus, *based_on], reading)


def _own(type: str, id: str | None, path: str, reading: Reading) -> Address | None:
    """The resource itself, when its id is one of ours."""
    if _ID.fullmatch(id or "") is None:
        return None
    reading.places["/pathway"] = f"{path}.id"
    return Address(type, id or "")
