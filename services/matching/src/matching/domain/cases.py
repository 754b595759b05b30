"""A case: one pathway as matching sees it, from its referral to its booked place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from contracts.identifiers import OdsCode, PathwayId, TreatmentFunctionCode
from matching.domain.offers import Match


@dataclass(frozen=True, slots=True)
class Referral:
    """What may decide who can treat the patient, and nothing that names them.

    `outward` is the first half of the postcode, None where it stands for no place.
    """

    publisher: OdsCode
    responsible_provider: OdsCode
    referring_organisation: OdsCode | None
    treatment_function: TreatmentFunctionCode
    priority: str
    received_on: date
    age: int
    sex: str
    outward: str | None
    travel_limit_miles: int | None

    def may_be_seen_by(self, organisation: OdsCode) -> bool:
        """Whether this organisation refers, sent or treats the patient."""
        parties = (self.publisher, self.responsible_provider, self.referring_organisation)
        return organisation in parties


@dataclass(frozen=True, slots=True)
class Trail:
    """The event that last moved a case, for what a timer does to it later."""

    event_id: str = ""
    correlation_id: str = ""
    traceparent: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """A pathway's referral and its match; `lists` counts the shortlists made for it so far.

    `match` is None until it has been decided whether the patient has a choice.
    """

    pathway_id: PathwayId
    referral: Referral
    match: Match | None = None
    lists: int = 0
    trail: Trail = Trail()

    def next_shortlist_id(self) -> str:
        """The name of the shortlist that is made next."""
        return shortlist_name(self.pathway_id, self.lists + 1)


def shortlist_name(pathway: PathwayId, number: int) -> str:
    """The name of a pathway's shortlist, counted from 1: a replay gives the same one."""
    return f"{pathway}-{number}"
