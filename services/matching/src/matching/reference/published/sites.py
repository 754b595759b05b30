"""Which hospital sites go into the reference world, and what is said of each.

Sources: the hospital table of NHS.UK for names and places; NHS England's extract for the waits;
the ODS table of NHS trusts and NHS England's list of independent providers for the sector. The
sector column of the hospital table is not used: it calls Northwick Park Hospital independent.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from contracts.identifiers import parse_postcode
from matching.reference.published.grid import to_grid
from matching.reference.published.sources import Layout, Record, RecordRefused, Refusal
from matching.reference.published.waits import Provider
from matching.reference.world import Position, Sector, Site

HOSPITALS = Layout(
    columns=(
        "OrganisationCode",
        "SubType",
        "OrganisationName",
        "Postcode",
        "Latitude",
        "Longitude",
        "ParentODSCode",
        "ParentName",
    ),
    delimiter="~",
    encoding="cp1252",
    quoted=False,
)
TRUSTS = Layout(columns=("code", "name", "region", "icb"), header=False)
INDEPENDENT = Layout(columns=("provider_code", "provider_name"))
REVIEWED = Layout(columns=("code", "decision", "name", "reason"))

# Below this many pathways with a decision to admit, a trust sees outpatients and little else.
LEAST_DECISIONS_TO_ADMIT = 200
# A site further than this from the middle of its own postcode district is in the wrong place.
MOST_METRES_FROM_DISTRICT = 20_000
# Names of hospitals without theatres, where a trust's waits would mislead: their trust is listed
# through its other sites. Exceptions both ways are in reviewed_sites.csv.
SMALL_HOSPITAL = re.compile(
    r"\b(community|cottage|village|memorial|rehabilitation|mental|day hospital|health centre)\b",
    re.IGNORECASE,
)
NOT_IN_ENGLAND = frozenset(
    [
        "AB",
        "BT",
        "CF",
        "DD",
        "DG",
        "EH",
        "FK",
        "G",
        "GY",
        "HS",
        "IM",
        "IV",
        "JE",
        "KA",
        "KW",
        "KY",
        "LD",
        "LL",
        "ML",
        "NP",
        "PA",
        "PH",
        "SA",
        "ZE",
    ]
)
_AREA = re.compile(r"[A-Z]+")
_TRUST_IN_A_SITE_NAME = re.compile(r"\s*[-,]\s*[^-,]*\bNHS (?:Foundation )?Trust$|\s*\(HQ\)$")
_ALWAYS_CAPITALS = frozenset(["NHS", "UK", "CIC", "LLP", "ENT", "DHC", "HQ", "KIMS"])
_SMALL_WORDS = frozenset(["And", "At", "For", "In", "Of", "On"])
_NEVER_CAPITALS = frozenset(["and", "of", "the", "for", "in", "on", "upon", "at"])


class LeftOut(StrEnum):
    """Why a good record of the hospital table is no site of the reference world."""

    NOT_IN_ENGLAND = "not in England"
    NO_PUBLISHED_WAITS = "no waits are published for it or its provider"
    FEW_ADMISSIONS = "its trust decides on few admissions"
    SMALL_HOSPITAL = "small hospital of a trust that is listed through its other sites"
    REVIEWED = "left out by review"


@dataclass(frozen=True, slots=True)
class Hospital:
    """A site as NHS.UK has it."""

    record: Record
    code: str
    name: str
    is_hospital: bool
    postcode: str
    latitude: float
    longitude: float
    parent: str
    parent_name: str


@dataclass(frozen=True, slots=True)
class Review:
    """What a person decided about a site, over the rules; a name where the table cuts it short."""

    is_listed: bool
    name: str


@dataclass(frozen=True, slots=True)
class Registers:
    """What the other files know about providers. `successors` is by ended provider."""

    providers: Mapping[str, Provider]
    trusts: Mapping[str, str]
    independent: frozenset[str]
    successors: Mapping[str, str]
    reviewed: Mapping[str, Review]
    districts: Mapping[str, Position]

    def today(self, provider: str) -> str:
        """The provider that took over, through as many mergers as there were."""
        while provider in self.successors:
            provider = self.successors[provider]
        return provider


def hospital(record: Record) -> Hospital:
    """A record of the hospital table; refused when it has no code, postcode or place."""
    return Hospital(
        record=record,
        code=record.text("OrganisationCode"),
        name=record.text("OrganisationName"),
        is_hospital=record.text("SubType") == "Hospital",
        postcode=_postcode(record),
        latitude=record.number("Latitude", least=49, most=61),
        longitude=record.number("Longitude", least=-9, most=2),
        parent=record.text("ParentODSCode"),
        parent_name=record.text("ParentName"),
    )


def _postcode(record: Record) -> str:
    try:
        return parse_postcode(record.text("Postcode"))
    except ValueError:
        record.refuse("Postcode", "is not a postcode")


def choose(
    hospitals: Iterable[Hospital], registers: Registers
) -> tuple[list[Site], dict[str, LeftOut], list[Refusal]]:
    """The sites in order of their codes, the others with the reason, and what was wrong.

    Every hospital is in exactly one of the three.
    """
    refusals: list[Refusal] = []
    found = sorted(_distinct(hospitals, refusals), key=lambda each: each.code)
    reasons = {each.code: _reason_to_leave_out(each, registers) for each in found}
    listed = [each for each in found if reasons[each.code] is None]
    positions = to_grid([(each.latitude, each.longitude) for each in listed])

    sites = []
    for each, position in zip(listed, positions, strict=True):
        try:
            sites.append(_site(each, _checked(each, position, registers), registers))
        except RecordRefused as refused:
            refusals.append(refused.refusal)
    return sites, {code: reason for code, reason in reasons.items() if reason}, refusals


def _distinct(hospitals: Iterable[Hospital], refusals: list[Refusal]) -> Iterator[Hospital]:
    """Each code once, the first time."""
    seen: set[str] = set()
    for each in hospitals:
        if each.code in seen:
            place = each.record
            reason = "is in an earlier line"
            refusals.append(Refusal(place.file, place.line, "OrganisationCode", reason))
        else:
            seen.add(each.code)
            yield each


def _reason_to_leave_out(each: Hospital, registers: Registers) -> LeftOut | None:
    if _area(each.postcode) in NOT_IN_ENGLAND:
        return LeftOut.NOT_IN_ENGLAND
    publisher = _publisher(each, registers)
    if publisher is None:
        return LeftOut.NO_PUBLISHED_WAITS
    if each.code in registers.reviewed:
        return None if registers.reviewed[each.code].is_listed else LeftOut.REVIEWED
    if _sector(publisher.code, registers) is Sector.INDEPENDENT:
        return None
    if publisher.decided_to_admit < LEAST_DECISIONS_TO_ADMIT:
        return LeftOut.FEW_ADMISSIONS
    if SMALL_HOSPITAL.search(each.name) or not each.is_hospital:
        return LeftOut.SMALL_HOSPITAL
    return None


def _area(postcode: str) -> str:
    match = _AREA.match(postcode)
    return match[0] if match else ""


def _publisher(each: Hospital, registers: Registers) -> Provider | None:
    """The organisation under whose code the waits of this site are published."""
    for code in (each.code, registers.today(each.parent)):
        provider = registers.providers.get(code)
        if provider is not None and any(a_list.waiting for a_list in provider.lists.values()):
            return provider
    return None


def _sector(publisher: str, registers: Registers) -> Sector:
    """A trust of the ODS table is NHS, and so is what calls itself an NHS trust."""
    if publisher in registers.independent:
        return Sector.INDEPENDENT
    name = registers.providers[publisher].name.upper()
    is_trust = publisher in registers.trusts or name.endswith(("NHS TRUST", "FOUNDATION TRUST"))
    return Sector.NHS if is_trust else Sector.INDEPENDENT


def _checked(each: Hospital, position: Position | None, registers: Registers) -> Position:
    """The position, unless it disagrees with the postcode."""
    if position is None:
        each.record.refuse("Latitude", "is not on the national grid")
    district = registers.districts.get(each.postcode.partition(" ")[0])
    if district is None:
        return position

    east, north = position.easting - district.easting, position.northing - district.northing
    if east * east + north * north > MOST_METRES_FROM_DISTRICT**2:
        each.record.refuse("Latitude", "is far from the district of the postcode")
    return position


def _site(each: Hospital, position: Position, registers: Registers) -> Site:
    publisher = _publisher(each, registers)
    assert publisher is not None
    provider = registers.today(each.parent)

    return Site(
        code=each.code,
        name=_name(each, publisher, registers),
        provider=provider,
        provider_name=titled(registers.trusts.get(provider, "")) or each.parent_name,
        published_by=publisher.code,
        sector=_sector(publisher.code, registers),
        icb=publisher.icb,
        postcode=each.postcode,
        position=position,
        latitude=round(each.latitude, 5),
        longitude=round(each.longitude, 5),
    )


def _name(each: Hospital, publisher: Provider, registers: Registers) -> str:
    """What the site is called: as published with its waits if they are its own, the newer name."""
    review = registers.reviewed.get(each.code)
    if review is not None and review.name:
        return review.name
    return titled(publisher.name) if publisher.code == each.code else _short(each.name)


def _short(name: str) -> str:
    """The name of a site without that of its trust."""
    words = _TRUST_IN_A_SITE_NAME.sub("", name).split()
    return " ".join(word.lower() if word in _SMALL_WORDS else word for word in words)


def titled(name: str) -> str:
    """A name that is published in capitals, as people write it: Guy's and St Thomas'."""
    words = name.split()
    return " ".join(_word(word, first=not place) for place, word in enumerate(words))


def _word(word: str, *, first: bool) -> str:
    bare = word.strip("(),.")
    if bare.upper() in _ALWAYS_CAPITALS:
        return word.upper()
    if bare.lower() in _NEVER_CAPITALS and not first:
        return word.lower()
    return re.sub(r"(?<![A-Z'])[A-Z]+", lambda part: part[0].capitalize(), word.upper()).replace(
        "'S", "'s"
    )


def trust(record: Record) -> tuple[str, str]:
    """Code and name of an NHS trust."""
    return record.text("code"), record.text("name")


def independent(record: Record) -> str:
    """The code of an independent provider."""
    return record.text("provider_code")


def reviewed(record: Record) -> tuple[str, Review]:
    """A site, and whether it is listed whatever the rules say."""
    decision = record.text("decision")
    if decision not in ("list", "leave out"):
        record.refuse("decision", "is neither 'list' nor 'leave out'")
    return record.text("code"), Review(decision == "list", record.optional("name"))
