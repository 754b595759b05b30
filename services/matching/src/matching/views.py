"""What the HTTP edge shows: sessions, providers, and a shortlist with the reason for every site."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from itertools import groupby

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
    withdrawn: int

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
            withdrawn=session.withdrawn,
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
        excluded=[_excluded(reasons, seen) for reasons in by_site(made.excluded)],
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


def by_site(excluded: Iterable[Exclusion]) -> Iterator[list[Exclusion]]:
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
