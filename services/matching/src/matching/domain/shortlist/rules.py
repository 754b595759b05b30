"""What keeps a site off a shortlist, and since when."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from contracts.identifiers import OdsCode, TreatmentFunctionCode
from matching.domain.shortlist.catalogue import Position


class Rule(StrEnum):
    """Why a site is not on the list, in the order in which a ledger gives the reasons.

    The last two keep off a site that would fit: its provider is there with another site, or comes
    after the last line.
    """

    TFC_MISMATCH = "TFC_MISMATCH"
    NOT_PUBLISHED = "NOT_PUBLISHED"
    SERVICE_CLOSED = "SERVICE_CLOSED"
    NO_QUALIFYING_CONTRACT = "NO_QUALIFYING_CONTRACT"
    CQC_NOT_REGISTERED = "CQC_NOT_REGISTERED"
    AGE_OUT_OF_RANGE = "AGE_OUT_OF_RANGE"
    SEX_NOT_TREATED = "SEX_NOT_TREATED"
    PRIORITY_NOT_ACCEPTED = "PRIORITY_NOT_ACCEPTED"
    NEED_NOT_SUPPORTED = "NEED_NOT_SUPPORTED"
    BEYOND_TRAVEL_LIMIT = "BEYOND_TRAVEL_LIMIT"
    NO_NET_CAPACITY = "NO_NET_CAPACITY"
    PATIENT_REFUSED_PROVIDER = "PATIENT_REFUSED_PROVIDER"
    CURRENT_PROVIDER = "CURRENT_PROVIDER"
    OTHER_SITE_LISTED = "OTHER_SITE_LISTED"
    AFTER_THE_LAST_LINE = "AFTER_THE_LAST_LINE"


class Exclusion(NamedTuple):
    """A rule that kept a site off the list, with what was found."""

    site: OdsCode
    provider: OdsCode
    rule: Rule
    evidence: str


@dataclass(frozen=True, slots=True)
class Rules:
    """A named set of rules, from the first to the last day on which it decides."""

    name: str
    valid_from: date
    valid_to: date | None = None
    at_least: int = 5
    cap: int = 20


RULE_SETS: Final = (
    # SI 2012/2996 part 8 as in force from 1 January 2024: a qualifying contract with any body.
    Rules(name="shortlist-2024-01", valid_from=date(2024, 1, 1)),
)


def rules_on(on: date) -> Rules:
    """The rules of this day; `LookupError` before there were any."""
    for rules in RULE_SETS:
        if rules.valid_from <= on and (rules.valid_to is None or on <= rules.valid_to):
            return rules
    raise LookupError(f"no rules for a shortlist on {on.isoformat()}")


def rules_named(name: str) -> Rules:
    """The rules under which an old list was made; `LookupError` for a name that never was."""
    for rules in RULE_SETS:
        if rules.name == name:
            return rules
    raise LookupError("no rules for a shortlist under this name")


@dataclass(frozen=True, slots=True)
class Patient:
    """What decides which sites suit a patient, and nothing that names them.

    Without a `position` no distance is known. `refused` are providers the patient will not go to,
    `current` is the one that has the patient: the list is of others, and staying needs no line.
    """

    age: int
    sex: str
    treatment_function: TreatmentFunctionCode
    priority: str
    position: Position | None = None
    travel_limit_miles: int | None = None
    refused: frozenset[OdsCode] = frozenset()
    current: OdsCode | None = None
    needs: frozenset[str] = frozenset()
