"""What the HTTP edge shows: sessions, providers, and a shortlist with the reason for every site."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from itertools import groupby
from typing import Final

from pydantic import BaseModel

from contracts.identifiers import CapacityId, OdsCode, TreatmentFunctionCode
from matching.directory import Entry
from matching.domain.capacity import Session
from matching.domain.evidence import Evidence, replayed, stored
from matching.domain.shortlist import (
    STRAIGHT_LINE,
    Catalogue,
    Exclusion,
    Option,
    Rule,
    SectorCode,
    Shortlist,
    Wait,
)

# ---- capacity and directory


class CapacityView(BaseModel):
    """A session and its places. Who has them is for the pathways' own trusts."""

    session: CapacityId
    site: OdsCode
    treatment_function: TreatmentFunctionCode
    local_start: datetime
    starts_at: datetime
    places: int
    free: int
    held: int
    used: int

    @classmethod
    def of(cls, session: Session) -> "CapacityView":
        return cls(
            session=session.session_id,
            site=session.site,
            treatment_function=session.treatment_function,
            local_start=session.local_start,
            starts_at=session.starts_at,
            places=session.places,
            free=session.free,
            held=len(session.held),
            used=len(session.used),
        )


class SiteView(BaseModel):
    """A hospital site. The position is in metres on the British National Grid."""

    site: OdsCode
    name: str
    sector: SectorCode
    postcode: str
    easting: int
    northing: int


class ProviderView(BaseModel):
    """A provider with its sites."""

    provider: OdsCode
    name: str
    sites: list[SiteView]


def provider_views(entries: Iterable[Entry]) -> list[ProviderView]:
    """Every provider with its sites, by code."""
    by_provider = sorted(entries, key=lambda entry: (entry.provider, entry.site))
    return [
        _provider(provider, list(sites))
        for provider, sites in groupby(by_provider, key=lambda entry: entry.provider)
    ]


def _provider(provider: OdsCode, entries: list[Entry]) -> ProviderView:
    sites = [
        SiteView(
            site=entry.site,
            name=entry.name,
            sector=entry.sector,
            postcode=entry.postcode,
            easting=entry.position.easting,
            northing=entry.position.northing,
        )
        for entry in entries
    ]
    return ProviderView(provider=provider, name=entries[0].provider_name, sites=sites)


# ---- shortlists


@dataclass(frozen=True, slots=True)
class Seen:
    """A stored shortlist with what it takes to show it. `entries` are the sites by code."""

    evidence: Evidence
    catalogue: Catalogue
    entries: Mapping[OdsCode, Entry]

    def name(self, site: OdsCode) -> str:
        """The name of a site; its code when the directory no longer has it."""
        return self.entries[site].name if site in self.entries else site


class WaitView(BaseModel):
    """A wait in weeks with its statistic, the number of people behind it and its date."""

    weeks: float
    statistic: str
    n: int
    as_at: date
    source: str


class OptionView(BaseModel):
    """A line of the list. What is not known is null and never zero."""

    provider: OdsCode
    site: OdsCode
    site_name: str
    sector: SectorCode
    wait: WaitView | None
    wait_p92: WaitView | None
    distance_miles: float | None
    next_place_on: date | None


class ReasonView(BaseModel):
    """A rule that kept a site off, with what was found."""

    rule: Rule
    evidence: str


class ExcludedView(BaseModel):
    """A site that is not on the list, with everything that kept it off."""

    provider: OdsCode
    site: OdsCode
    site_name: str
    reasons: list[ReasonView]


class ShortlistView(BaseModel):
    """A shortlist as it was made, and its ledger: every candidate is in one or the other."""

    shortlist_id: str
    pathway_id: str
    made_on: date
    rule_set: str
    inputs_hash: str
    candidates: int
    shortfall: int
    shortfall_reason: str | None
    distance: str = STRAIGHT_LINE
    options: list[OptionView]
    excluded: list[ExcludedView]


class ReplayView(BaseModel):
    """Whether a list made again is the same to the byte, and the SHA-256 of both."""

    shortlist_id: str
    identical: bool
    stored_sha256: str
    replayed_sha256: str


class SiteExplained(BaseModel):
    """Why a site is on a list or not. `only_reason` is the rule that alone kept it off."""

    provider: OdsCode
    site: OdsCode
    site_name: str
    listed: bool
    only_reason: Rule | None
    words: list[str]


def shortlist_view(seen: Seen) -> ShortlistView:
    """The list in full."""
    made, evidence = stored(seen.evidence), seen.evidence
    return ShortlistView(
        shortlist_id=evidence.shortlist_id,
        pathway_id=evidence.pathway_id,
        made_on=evidence.made_on,
        rule_set=made.rule_set,
        inputs_hash=made.inputs_hash,
        candidates=made.candidates,
        shortfall=made.shortfall,
        shortfall_reason=made.shortfall_reason,
        options=[_option(option, seen) for option in made.options],
        excluded=[_excluded(reasons, seen) for reasons in _by_site(made.excluded)],
    )


def replay_view(seen: Seen) -> ReplayView:
    """The comparison of the stored list with the one made again."""
    again = replayed(seen.evidence, seen.catalogue).to_bytes()
    return ReplayView(
        shortlist_id=seen.evidence.shortlist_id,
        identical=again == seen.evidence.result,
        stored_sha256=sha256(seen.evidence.result).hexdigest(),
        replayed_sha256=sha256(again).hexdigest(),
    )


def explained_sites(seen: Seen) -> Iterator[SiteExplained]:
    """Every site of the catalogue, in plain words."""
    made = stored(seen.evidence)
    for number, option in enumerate(made.options, start=1):
        yield _explained_option(number, option, made, seen)
    for reasons in _by_site(made.excluded):
        yield _explained_exclusion(reasons, seen)


def _by_site(excluded: Iterable[Exclusion]) -> Iterator[list[Exclusion]]:
    for _, reasons in groupby(excluded, key=lambda exclusion: exclusion.site):
        yield list(reasons)


def _option(option: Option, seen: Seen) -> OptionView:
    return OptionView(
        provider=option.provider,
        site=option.site,
        site_name=seen.name(option.site),
        sector=option.sector,
        wait=_wait(option.wait),
        wait_p92=_wait(option.wait_p92),
        distance_miles=option.distance_miles,
        next_place_on=None if option.places is None else option.places.next_on,
    )


def _wait(wait: Wait | None) -> WaitView | None:
    if wait is None:
        return None
    return WaitView(
        weeks=wait.weeks, statistic=wait.statistic, n=wait.n, as_at=wait.as_at, source=wait.source
    )


def _excluded(reasons: list[Exclusion], seen: Seen) -> ExcludedView:
    first = reasons[0]
    return ExcludedView(
        provider=first.provider,
        site=first.site,
        site_name=seen.name(first.site),
        reasons=[ReasonView(rule=one.rule, evidence=one.evidence) for one in reasons],
    )


# ---- plain words

WORDS: Final[Mapping[Rule, str]] = {
    Rule.TFC_MISMATCH: "This hospital does not offer the treatment the patient was referred for.",
    Rule.NOT_PUBLISHED: "This service is not open to referrals for choice.",
    Rule.SERVICE_CLOSED: "This service has closed.",
    Rule.NO_QUALIFYING_CONTRACT: "This hospital had no NHS contract in force on that day.",
    Rule.CQC_NOT_REGISTERED: "This hospital is not registered with the Care Quality Commission.",
    Rule.AGE_OUT_OF_RANGE: "This service does not see patients of this age.",
    Rule.SEX_NOT_TREATED: "This service does not treat patients of this sex.",
    Rule.PRIORITY_NOT_ACCEPTED: "This service does not take referrals of this urgency.",
    Rule.NEED_NOT_SUPPORTED: "This hospital cannot meet a need the patient has.",
    Rule.BEYOND_TRAVEL_LIMIT: "This hospital is further away than the patient can travel.",
    Rule.NO_NET_CAPACITY: "This hospital had no free place to offer.",
    Rule.PATIENT_REFUSED_PROVIDER: "The patient does not want to go to this provider.",
    Rule.CURRENT_PROVIDER: "The patient is with this provider already and may stay there.",
    Rule.OTHER_SITE_LISTED: "Another hospital of the same provider is on the list.",
    Rule.AFTER_THE_LAST_LINE: "The list was full with hospitals that have a shorter wait.",
}


def _explained_option(number: int, option: Option, made: Shortlist, seen: Seen) -> SiteExplained:
    words = [f"Number {number} of {len(made.options)} on the list, which is in order of wait."]
    if option.wait is None:
        words.append("How long people wait here is not known, so it comes after the others.")
    else:
        words.append(_wait_words(option.wait))
    if option.distance_miles is not None:
        words.append(f"It is {option.distance_miles} miles away: {STRAIGHT_LINE}.")
    if option.places is not None and option.places.next_on is not None:
        words.append(f"The next place was on {_day(option.places.next_on)}.")
    return SiteExplained(
        provider=option.provider,
        site=option.site,
        site_name=seen.name(option.site),
        listed=True,
        only_reason=None,
        words=words,
    )


def _explained_exclusion(reasons: list[Exclusion], seen: Seen) -> SiteExplained:
    first = reasons[0]
    words = [f"{WORDS[one.rule]} ({one.evidence})" for one in reasons]
    if len(reasons) == 1:
        words.append("This is the only reason it was left out.")
    return SiteExplained(
        provider=first.provider,
        site=first.site,
        site_name=seen.name(first.site),
        listed=False,
        only_reason=first.rule if len(reasons) == 1 else None,
        words=words,
    )


def _wait_words(wait: Wait) -> str:
    share = "Half" if wait.statistic == "median" else "92 in 100"
    return (
        f"{share} of the {wait.n} people on the list here on {_day(wait.as_at)} "
        f"had waited {wait.weeks} weeks or less."
    )


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
