"""The parameters of a search, read and refused one by one."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from pydantic import TypeAdapter

from chassis.errors import Rejected
from chassis.faults import BAD_REQUEST, Fault
from contracts.identifiers import NhsNumber
from referral.edges.fhir import systems
from referral.edges.fhir.about import address_in
from referral.edges.fhir.reading import fits
from referral.edges.fhir.search.dates import Between, between
from referral.edges.fhir.search.pages import place_in
from referral.handlers.finding import Place

MOST: Final = 100
USUAL: Final = 20
LONGEST: Final = 1_000  # characters of a value
PAGE: Final = "_page"

_number: TypeAdapter[str] = TypeAdapter(NhsNumber)
_STATUS: Final = re.compile(r"[a-z-]{1,20}")
_ID: Final = re.compile(r"[A-Za-z0-9.-]{1,64}")
_COUNT: Final = re.compile(r"[0-9]{1,4}")

# By which name each type is asked for its date, and for whom and what it is about.
DATES: Final = {"ServiceRequest": "authored", "Appointment": "date", "Task": "authored-on"}
PATIENT: Final = frozenset(
    ["patient", "patient:identifier", "subject", "subject:identifier", "patient.identifier",
     "subject.identifier"]
)  # fmt: skip
BASED_ON: Final = {"Appointment": "based-on", "Task": "based-on"}


@dataclass(frozen=True, slots=True)
class Token:
    """A value with its system; None where any system will do."""

    value: str
    system: str | None = None


@dataclass(slots=True)
class Asked:
    """What is searched for. Of one parameter any value will do; all parameters have to be met."""

    type: str
    ids: set[str] = field(default_factory=set)
    identifiers: list[Token] = field(default_factory=list)
    statuses: set[str] = field(default_factory=set)
    nhs_number: str = ""
    based_on: str = ""
    dates: list[Between] = field(default_factory=list)
    updated: list[Between] = field(default_factory=list)
    count: int = USUAL
    after: Place = field(default_factory=Place)
    same_person_as: str = ""
    shown: list[tuple[str, str]] = field(default_factory=list)
    """The parameters as they may stand in an address: all but those that name a patient."""


def read_asked(type: str, given: Iterable[tuple[str, str]], *, in_address: bool = True) -> Asked:
    """The search that parameters ask for. Raises `Rejected` for what cannot be searched by.

    What is not known is refused and not passed over: without it more would be found than was
    asked for. An NHS number never stands in an address.
    """
    asked, faults = Asked(type), list[Fault]()
    for name, value in given:
        told = _read(asked, name, value, in_address)
        if told is None:
            if name not in PATIENT:
                asked.shown.append((name, value))
        else:
            faults.append(BAD_REQUEST.fault(told, header=_safe(name)))
    if faults:
        raise Rejected(faults)
    return asked


def _read(asked: Asked, name: str, value: str, in_address: bool) -> str | None:
    """Takes one parameter; what is wrong with it where something is."""
    if name in PATIENT:
        return _patient(asked, value, in_address)
    if len(value) > LONGEST:
        return "This value is too long."
    if in_address and systems.NHS_NUMBER in value:
        return _NEVER
    if name == DATES[asked.type]:
        return _date(asked.dates, value)
    if name == BASED_ON.get(asked.type):
        return _based_on(asked, value)
    match name:
        case "_id":
            return _each(asked.ids, value, _ID)
        case "identifier":
            return _identifier(asked, value, in_address)
        case "status":
            return _each(asked.statuses, value, _STATUS)
        case "_lastUpdated":
            return _date(asked.updated, value)
        case "_count":
            return _count(asked, value)
        case "_sort":
            return None if value == "_lastUpdated" else "Results are sorted by _lastUpdated."
        case "_format":
            return None if "json" in value else "Answers are in JSON."
        case _ if name == PAGE:
            return _page(asked, value)
        case _:
            return "This is no parameter of the search."


_NEVER: Final = "An NHS number is asked for by POST to _search, never in an address."


def _patient(asked: Asked, value: str, in_address: bool) -> str | None:
    if in_address:
        return _NEVER
    system, _, number = value.rpartition("|")
    if system not in {"", systems.NHS_NUMBER}:
        return "A patient is asked for by NHS number."
    if not _is_number(number):
        return "This is no NHS number."
    asked.nhs_number = str(_number.validate_python(number))
    return None


def _is_number(text: str) -> bool:
    return fits(_number, text)


def _each(found: set[str], value: str, form: re.Pattern[str]) -> str | None:
    values = value.split(",")
    if not all(form.fullmatch(one) for one in values):
        return "This is no value that this parameter has."
    found.update(values)
    return None


def _identifier(asked: Asked, value: str, in_address: bool) -> str | None:
    for one in value.split(","):
        system, bar, identifier = one.rpartition("|")
        if in_address and _is_number(identifier):
            return _NEVER
        if not identifier or len(identifier) > 64:
            return "An identifier is its system, a bar and its value, or the value alone."
        asked.identifiers.append(Token(identifier, system if bar else None))
    return None


def _date(found: list[Between], value: str) -> str | None:
    bounds = between(value)
    if bounds is None:
        return "This is no date: [eq|ge|gt|le|lt]YYYY[-MM[-DD[Thh:mm:ss+zz:zz]]]."
    found.append(bounds)
    return None


def _based_on(asked: Asked, value: str) -> str | None:
    address = address_in(value if "/" in value else f"ServiceRequest/{value}")
    if address is None or address.type != "ServiceRequest":
        return "This is no address of a ServiceRequest."
    asked.based_on = address.id
    return None


def _count(asked: Asked, value: str) -> str | None:
    if _COUNT.fullmatch(value) is None or int(value) == 0:
        return f"This is a number from 1 to {MOST}."
    asked.count = min(int(value), MOST)
    return None


def _page(asked: Asked, value: str) -> str | None:
    found = place_in(value)
    if found is None:
        return "This page is none of ours."
    asked.after, asked.same_person_as = found
    return None


# A name is the sender's own word: only what looks like one is shown.
def _safe(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_][A-Za-z_.:-]{0,39}", name) else "parameter"
