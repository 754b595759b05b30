"""Which pathway and which organisations a message is about."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from contracts.identifiers import E_REFERRAL_SERVICE
from referral.edges.hl7v2.er7 import Segment
from referral.edges.hl7v2.reading import Reading, is_ods, need

_UBRN_NAMES: Final = frozenset(["UBRN", "ERS", "E-RS", E_REFERRAL_SERVICE])
_UBRN_LENGTH: Final = 12
_ODS_TYPES: Final = frozenset(["ODS", "NHSODS", "NHS", "ORG"])


def pathway_of_referral(reading: Reading) -> dict[str, Any] | None:
    """RF1-6, the originating referral identifier, else RF1-11: a UBRN, or a pathway identifier
    (PPI) with the ODS code of its issuer as namespace.
    """
    return _pathway(reading, [(reading.segment("RF1"), 6), (reading.segment("RF1"), 11)], 2)


def pathway_of_visit(reading: Reading) -> dict[str, Any] | None:
    """PV1-50, the alternate visit id: a UBRN, or a PPI with its issuer as assigning authority."""
    return _pathway(reading, [(reading.segment("PV1"), 50)], 4)


def pathway_of_appointment(reading: Reading) -> dict[str, Any] | None:
    """PV1-50 as for a visit, else the order of the appointment: SCH-26, SCH-27."""
    visit, schedule = reading.message.first("PV1"), reading.segment("SCH")
    if visit is not None and visit.text(50):
        return pathway_of_visit(reading)
    return _pathway(reading, [(schedule, 26), (schedule, 27)], 2)


def _pathway(
    reading: Reading, fields: list[tuple[Segment, int]], issuer: int
) -> dict[str, Any] | None:
    segment, number = next((one for one in fields if one[0].text(one[1])), fields[0])
    identifier = reading.text("/pathway/identifier", segment, number)
    reading.places["/pathway"] = segment.place(number)
    if identifier is None:
        told = "The pathway is needed: a UBRN, or a pathway identifier with its issuer."
        need(reading, segment.place(number), told)
        return None
    namespace = (reading.text("/pathway/issuer", segment, number, issuer) or "").upper()
    is_ubrn = identifier.isdigit() and len(identifier) == _UBRN_LENGTH
    if namespace in _UBRN_NAMES or (is_ubrn and not namespace):
        return {"identifier": identifier, "issuer": E_REFERRAL_SERVICE}
    if not namespace:
        need(reading, segment.place(number, issuer), "The organisation that issued it is needed.")
        return None
    return {"identifier": identifier, "issuer": namespace}


# ---- organisations


def organisation_in_role(reading: Reading, role: str, pointer: str) -> str | None:
    """The ODS code of the PRD with this role (table 0286): RP refers, RT is referred to.

    Systems differ in where they put it: PRD-10 (organisation), PRD-7 (identifiers), PRD-8, PRD-4.
    """
    provider = next(
        (one for one in reading.message.all("PRD") if role in _roles(one)),
        None,
    )
    if provider is None:
        return None
    reading.places[pointer] = provider.place(10)
    for field, component in _codes(provider):
        code = provider.text(field, component).upper()
        if _looks_like_ods(code) or ((field, component) in _IDENTIFIERS and is_ods(code)):
            reading.places[pointer] = provider.place(field, component)
            return code
    return None


def _roles(provider: Segment) -> set[str]:
    return {provider.text(1, 1, number).upper() for number in provider.repetitions(1)}


def _codes(provider: Segment) -> Iterator[tuple[int, int]]:
    yield from ((10, 10), (10, 3), (10, 1))
    # Identifiers of people stand in PRD-7 too: only what says that it is an ODS code is one.
    if provider.text(7, 2).upper() in _ODS_TYPES:
        yield (7, 1)
    yield from ((8, 1), (4, 4))


# What stands there is never a name, so that trusts of three letters (RYJ) are known as well.
_IDENTIFIERS: Final = frozenset([(10, 10), (10, 3), (7, 1)])


def _looks_like_ods(code: str) -> bool:
    """A name in capitals has the shape of a code as well; a code has letters and digits."""
    return is_ods(code) and any(map(str.isdigit, code)) and any(map(str.isalpha, code))


def site_of(reading: Reading, locations: Iterable[tuple[Segment, int]]) -> str | None:
    """The ODS code of a site in a location (PL): its facility, PL-4."""
    for segment, field in locations:
        code = segment.text(field, 4).upper()
        if _looks_like_ods(code):
            reading.places["/site"] = segment.place(field, 4)
            return code
    return None
