"""The directory: the reference world and the dated facts, asked by treatment function and day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, TypeAlias

from contracts.codes import UnknownCode, rtt_group_of
from contracts.identifiers import OdsCode, TreatmentFunctionCode
from matching.directory.facts import EVERY, Fact, ServiceRule, Standing, service_rules, standings
from matching.domain.shortlist import (
    Candidate,
    Catalogue,
    Contract,
    Places,
    SectorCode,
    Service,
    Wait,
)
from matching.domain.shortlist.catalogue import EVERY_PRIORITY, EVERY_SEX, OLDEST
from matching.reference import Position, ReferenceWorld, Sector, Site, load
from matching.reference import Wait as PublishedWait

SOURCE: Final = "NHS England, RTT waiting times, incomplete pathways"

_SECTORS: Final[Mapping[Sector, SectorCode]] = {Sector.NHS: "NHS", Sector.INDEPENDENT: "IS"}

NextDays: TypeAlias = tuple[tuple[OdsCode, date | None], ...]
"""The sites that have declared sessions, by code, with the first day on which each has room."""


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
        self._static: dict[tuple[TreatmentFunctionCode, frozenset[OdsCode]], Catalogue] = {}
        self._current: dict[TreatmentFunctionCode, tuple[NextDays, Catalogue]] = {}

    @classmethod
    def of_this_package(cls) -> "Directory":
        """The directory over the data that is built into this package."""
        return cls(load(), service_rules(), standings())

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

    def provider_on(self, provider: OdsCode, on: date) -> OdsCode:
        """The provider that answers on this day for one that may have merged into another."""
        return self._world.provider_on(provider, on)

    def position(self, outward: str | None) -> Position | None:
        """About where a patient lives; None where that is not known."""
        return None if outward is None else self._world.position(outward)

    def catalogue(
        self, function: TreatmentFunctionCode, on: date, next_days: NextDays
    ) -> Catalogue:
        """Every site with what it does of this function on this day, and whether it has room.

        A site does what its provider publishes waits for, and what it has declared sessions for.
        Without a session there is no room. The same object for the same question, so that what was
        derived from it can be kept.
        """
        if on != self._day:
            self._day, self._static, self._current = on, {}, {}
        asked, found = self._current.get(function, ((), None))
        if found is None or asked != next_days:
            found = self._with_places(function, on, next_days)
            self._current[function] = next_days, found
        return found

    def _with_places(
        self, function: TreatmentFunctionCode, on: date, next_days: NextDays
    ) -> Catalogue:
        declared = frozenset(site for site, _ in next_days)
        static = self._static.get((function, declared))
        if static is None:
            static = self._static[function, declared] = self._look_up(function, on, declared)

        days = dict(next_days)
        return static.with_places(
            {candidate.site: _places(days.get(candidate.site)) for candidate in static.candidates}
        )

    def _look_up(
        self, function: TreatmentFunctionCode, on: date, declared: frozenset[OdsCode]
    ) -> Catalogue:
        group = _group(function, on)
        return Catalogue.of(
            self._candidate(site, function, group, declared, on) for site in self._sites.values()
        )

    def _candidate(
        self,
        site: Site,
        function: TreatmentFunctionCode,
        group: str,
        declared: frozenset[OdsCode],
        on: date,
    ) -> Candidate:
        published = self._world.wait(site, group)
        does_it = published is not None or site.code in declared
        service = self._service(site, function, group, published, on)
        contract = self._fact(Fact.CONTRACT, site.code, on)
        registration = self._fact(Fact.REGISTRATION, site.code, on)

        return Candidate(
            site=site.code,
            provider=self._world.provider_on(site.provider, on),
            sector=_SECTORS[site.sector],
            position=site.position,
            services=(service,) if does_it else (),
            contract=None if contract is None else Contract(contract.valid_from, contract.valid_to),
            is_registered=registration is not None and registration.is_valid(on),
        )

    def _service(
        self,
        site: Site,
        function: TreatmentFunctionCode,
        group: str,
        published: PublishedWait | None,
        on: date,
    ) -> Service:
        rules = [rule for rule in self._rules if rule.fits(site.sector, function, group, on)]
        return Service(
            treatment_function=function,
            age_from=max((rule.age_from for rule in rules), default=0),
            age_to=min((rule.age_to for rule in rules), default=OLDEST),
            sexes=EVERY_SEX.intersection(*(rule.sexes for rule in rules)),
            priorities=EVERY_PRIORITY.intersection(*(rule.priorities for rule in rules)),
            wait=_wait(published, "median"),
            wait_p92=_wait(published, "p92"),
        )

    def _fact(self, fact: Fact, site: OdsCode, on: date) -> Standing | None:
        """The fact at this site: its own row before that for all, one in force before others."""
        rows = [row for row in self._facts if row.fact is fact and row.site in (EVERY, site)]
        return max(
            rows,
            key=lambda row: (row.site != EVERY, row.is_valid(on), row.valid_from),
            default=None,
        )

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


def _places(next_day: date | None) -> Places:
    """Whether there is room and from when; how many places there are changes too fast to say."""
    return Places(0) if next_day is None else Places(1, next_day)


def _wait(published: PublishedWait | None, statistic: Literal["median", "p92"]) -> Wait | None:
    if published is None:
        return None
    weeks = published.median_weeks if statistic == "median" else published.percentile_92_weeks
    if weeks is None:
        return None
    return Wait(weeks, statistic, published.waiting, published.as_at, SOURCE)


def _group(function: TreatmentFunctionCode, on: date) -> str:
    """The RTT group of a function; none for one that is in no group, so that nobody matches it."""
    try:
        return rtt_group_of(function, on).code
    except UnknownCode:
        return ""
