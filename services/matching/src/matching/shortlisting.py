"""Making a shortlist for a case from what is known today: directory, waits and places."""

from dataclasses import dataclass
from datetime import date

from contracts.events.offer import ShortlistOption
from contracts.events.offer import Wait as ToldWait
from matching.domain.cases import Case
from matching.domain.evidence import Evidence, evidence_of
from matching.domain.shortlist import (
    Catalogue,
    Option,
    Patient,
    Shortlist,
    Wait,
    build_shortlist,
    rules_on,
)
from matching.work import MatchingWork


@dataclass(frozen=True, slots=True)
class Made:
    """A new shortlist, with what it was made from and its lines as they are told."""

    shortlist: Shortlist
    evidence: Evidence
    catalogue: Catalogue
    options: tuple[ShortlistOption, ...]
    places_from: date

    @property
    def shortlist_id(self) -> str:
        return self.evidence.shortlist_id

    @property
    def excluded(self) -> dict[str, int]:
        """How many sites each rule kept off."""
        return {str(rule): sites for rule, sites in self.shortlist.excluded_sites().items()}


async def make(case: Case, work: MatchingWork) -> Made:
    """The next shortlist of this case."""
    function, today = case.referral.treatment_function, work.today
    places_from = today + work.rules.notice
    next_days = await work.sessions.next_days(function, places_from)
    catalogue = work.directory.catalogue(function, today, next_days)
    patient = _patient(case, work)

    made = build_shortlist(patient, catalogue, rules_on(today), today)
    evidence = evidence_of(
        case.next_shortlist_id(), case.pathway_id, patient=patient, catalogue=catalogue, made=made
    )
    told = tuple(_told(option, work) for option in made.options)
    return Made(made, evidence, catalogue, told, places_from)


def _patient(case: Case, work: MatchingWork) -> Patient:
    referral, directory = case.referral, work.directory
    return Patient(
        age=referral.age,
        sex=referral.sex,
        treatment_function=referral.treatment_function,
        priority=referral.priority,
        position=directory.position(referral.outward),
        travel_limit_miles=referral.travel_limit_miles or work.rules.travel_limit_miles,
        current=directory.provider_on(referral.responsible_provider, work.today),
    )


def _told(option: Option, work: MatchingWork) -> ShortlistOption:
    entry = work.directory.entry(option.site, work.today)
    return ShortlistOption(
        provider=option.provider,
        provider_name=entry.provider_name,
        site=option.site,
        site_name=entry.name,
        sector=option.sector,
        wait=_told_wait(option.wait),
        wait_p92=_told_wait(option.wait_p92),
        distance_miles=option.distance_miles,
        next_place_on=None if option.places is None else option.places.next_on,
    )


def _told_wait(wait: Wait | None) -> ToldWait | None:
    if wait is None:
        return None
    return ToldWait.model_validate(wait, from_attributes=True)
