"""The directory: the reference world and the dated facts, asked by treatment function and day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from contracts.codes import UnknownCode, rtt_group_of
from contracts.identifiers import OdsCode, TreatmentFunctionCode
from matching.directory.facts import EVERY, Fact, ServiceRule, Standing, service_rules, standings
from matching.reference import Position, ReferenceWorld, Sector, Site, Wait, load

SectorCode: TypeAlias = Literal["NHS", "IS"]

_SECTORS: Mapping[Sector, SectorCode] = {Sector.NHS: "NHS", Sector.INDEPENDENT: "IS"}
_EVERY_SEX = frozenset("129")
_EVERY_PRIORITY = frozenset("123")
_OLDEST = 130


@dataclass(frozen=True, slots=True)
class Entry:
    """A site as patients and other services are told of it, under its provider of the day."""

    site: OdsCode
    name: str
    provider: OdsCode
    provider_name: str
    sector: SectorCode
    postcode: str
    position: Position


@dataclass(frozen=True, slots=True)
class ServiceAt:
    """What is known of one treatment function at one site on one day.

    `reported` is whether the provider publishes people waiting for it. Without a wait none is
    known; it is not zero. Ages are completed years, both included.
    """

    entry: Entry
    reported: bool
    wait: Wait | None
    age_from: int
    age_to: int
    sexes: frozenset[str]
    priorities: frozenset[str]
    has_contract: bool
    is_registered: bool


class Directory:
    """Every site of the country that we know, and what it does. It does not change while we run."""

    def __init__(
        self,
        world: ReferenceWorld,
        rules: Iterable[ServiceRule],
        facts: Iterable[Standing],
    ) -> None:
        self._world = world
        self._rules = tuple(rules)
        self._facts = tuple(facts)
        self._sites = {site.code: site for site in world.sites}
        self._names = {site.provider: site.provider_name for site in world.sites}
        self._day = date.min
        self._services: dict[TreatmentFunctionCode, tuple[ServiceAt, ...]] = {}

    @classmethod
    def of_this_package(cls) -> Directory:
        """The directory over the data that is built into this package."""
        return cls(load(), service_rules(), standings())

    @property
    def version(self) -> str:
        return self._world.version

    @property
    def waits_as_at(self) -> date:
        return self._world.as_at

    def entries(self, on: date) -> list[Entry]:
        """All sites, by code."""
        return [self._entry(self._sites[code], on) for code in sorted(self._sites)]

    def entry(self, site: OdsCode, on: date) -> Entry:
        """The site as it is on this day; `KeyError` for one that we do not know."""
        return self._entry(self._sites[site], on)

    def provider_of(self, site: OdsCode, on: date) -> OdsCode | None:
        """The provider that runs this site on this day; None for a site we do not know."""
        found = self._sites.get(site)
        return None if found is None else self._world.provider_on(found.provider, on)

    def position(self, outward: str | None) -> Position | None:
        """About where a patient lives; None where that is not known."""
        return None if outward is None else self._world.position(outward)

    def services(self, function: TreatmentFunctionCode, on: date) -> tuple[ServiceAt, ...]:
        """Every site with what it does of this treatment function, by site code.

        The same object for the same day, so that what was derived from it can be kept.
        """
        if on != self._day:
            self._day, self._services = on, {}
        found = self._services.get(function)
        if found is None:
            found = self._services[function] = self._look_up(function, on)
        return found

    def _look_up(self, function: TreatmentFunctionCode, on: date) -> tuple[ServiceAt, ...]:
        group = _group(function, on)
        held = {fact: self._holders(fact, on) for fact in Fact}
        return tuple(
            self._service(self._sites[code], function, group, held, on)
            for code in sorted(self._sites)
        )

    def _service(
        self,
        site: Site,
        function: TreatmentFunctionCode,
        group: str,
        held: Mapping[Fact, frozenset[str]],
        on: date,
    ) -> ServiceAt:
        rules = [rule for rule in self._rules if rule.fits(site.sector, function, group, on)]
        wait = self._world.wait(site, group)
        return ServiceAt(
            entry=self._entry(site, on),
            reported=wait is not None,
            wait=wait,
            age_from=max((rule.age_from for rule in rules), default=0),
            age_to=min((rule.age_to for rule in rules), default=_OLDEST),
            sexes=_EVERY_SEX.intersection(*(rule.sexes for rule in rules)),
            priorities=_EVERY_PRIORITY.intersection(*(rule.priorities for rule in rules)),
            has_contract=site.code in held[Fact.CONTRACT],
            is_registered=site.code in held[Fact.REGISTRATION],
        )

    def _holders(self, fact: Fact, on: date) -> frozenset[str]:
        """The sites at which a fact is in force. A row of their own overrules the one for all."""
        rows = [row for row in self._facts if row.fact is fact]
        own = {row.site for row in rows if row.site != EVERY}
        valid = {row.site for row in rows if row.is_valid(on)}
        if EVERY not in valid:
            return frozenset(valid)
        return frozenset(set(self._sites) - own | valid - {EVERY})

    def _entry(self, site: Site, on: date) -> Entry:
        provider = self._world.provider_on(site.provider, on)
        return Entry(
            site=site.code,
            name=site.name,
            provider=provider,
            provider_name=self._names.get(provider, site.provider_name),
            sector=_SECTORS[site.sector],
            postcode=site.postcode,
            position=site.position,
        )


def _group(function: TreatmentFunctionCode, on: date) -> str:
    """The RTT group of a function; none for one that is in no group, so that nobody matches it."""
    try:
        return rtt_group_of(function, on).code
    except UnknownCode:
        return ""
