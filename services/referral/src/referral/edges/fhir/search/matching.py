"""Which resources of a pathway answer a search, and how the pathways are found."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from referral.edges.fhir.answers import resources
from referral.edges.fhir.reading import instant_in
from referral.edges.fhir.search.asked import Asked, Token
from referral.edges.fhir.search.dates import midnight
from referral.handlers.finding import Wanted
from referral.repositories import Edition
from referral.repositories.finding import holding, involving, named, on_day, text_of

_DATES: Final = {"ServiceRequest": "authoredOn", "Appointment": "start", "Task": "authoredOn"}


def wanted(asked: Asked, organisation: str) -> Wanted:
    """The pathways to look at, by the term that finds the fewest, and what to take of each."""

    def select(edition: Edition) -> Sequence[dict[str, Any]]:
        if not all(one.holds(edition.changed_at) for one in asked.updated):
            return []
        found = resources(asked.type, edition)
        return [one for one in found if _matches(one, asked, edition)]

    first = [one.first for one in asked.updated if one.first]
    end = [one.end for one in asked.updated if one.end]
    return Wanted(
        term=_term(asked, organisation),
        select=select,
        count=asked.count,
        after=asked.after,
        since=text_of(max(first)) if first else "",
        before=text_of(min(end)) if end else "",
        nhs_number=asked.nhs_number,
        same_person_as=asked.same_person_as,
    )


def _term(asked: Asked, organisation: str) -> str:
    if asked.type == "Appointment" and len(asked.ids) == 1:
        return holding(next(iter(asked.ids)))
    if asked.type != "Task" and len(asked.identifiers) == 1:
        return named(asked.identifiers[0].value)
    if asked.type == "ServiceRequest":
        return involving(organisation)
    day = next((one.day for one in asked.dates if one.day), None)
    if asked.type == "Appointment" and day is not None:
        return on_day(organisation, day)
    return involving(organisation, asked.type)


def _matches(resource: dict[str, Any], asked: Asked, edition: Edition) -> bool:
    dates = asked.dates
    return (
        (not asked.ids or resource["id"] in asked.ids)
        and (not asked.statuses or resource["status"] in asked.statuses)
        and (not asked.identifiers or _is_named(resource, asked.identifiers))
        and (not asked.based_on or edition.pathway.id == asked.based_on)
        and (not dates or _is_dated(resource.get(_DATES[asked.type]), asked))
    )


def _is_named(resource: dict[str, Any], tokens: list[Token]) -> bool:
    known = {(one["system"], one["value"]) for one in resource.get("identifier", [])}
    return any(
        value == token.value and token.system in {None, system}
        for system, value in known
        for token in tokens
    )


def _is_dated(text: str | None, asked: Asked) -> bool:
    instant = _instant(text) if text else None
    return instant is not None and all(one.holds(instant) for one in asked.dates)


def _instant(text: str) -> datetime | None:
    """The instant of an element; a day is told by its first instant in London."""
    return midnight(date.fromisoformat(text)) if len(text) == 10 else instant_in(text)
