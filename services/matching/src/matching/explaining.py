"""Why a hospital is on a patient's list or not, in words for the patient and the clinician."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from pydantic import BaseModel

from contracts.identifiers import OdsCode
from matching.domain.evidence import stored
from matching.domain.shortlist import STRAIGHT_LINE, Exclusion, Option, Rule, Shortlist, Wait
from matching.views import Seen, by_site

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


class SiteExplained(BaseModel):
    """Why a site is on a list or not. `only_reason` is the rule that alone kept it off."""

    provider: OdsCode
    site: OdsCode
    site_name: str
    listed: bool
    only_reason: Rule | None
    words: list[str]


def explained_sites(seen: Seen) -> Iterator[SiteExplained]:
    """Every site of the catalogue, in plain words."""
    made = stored(seen.evidence)
    for number, option in enumerate(made.options, start=1):
        yield _explained_option(number, option, made, seen)
    for reasons in by_site(made.excluded):
        yield _explained_exclusion(reasons, seen)


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
