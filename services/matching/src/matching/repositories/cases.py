"""The case of each pathway as a document."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, assert_never

from chassis.work import Documents, State
from contracts.identifiers import PathwayId
from matching.domain.capacity import Slot, slot_id
from matching.domain.cases import Case, Referral, Trail
from matching.domain.offers import (
    Booked,
    Held,
    Lapsed,
    Match,
    NoChoice,
    Option,
    Shortlisted,
    Stayed,
)


class Cases:
    """The case of each pathway."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def load(self, pathways: Iterable[PathwayId]) -> None:
        await self._documents.load(pathways)

    async def get(self, pathway: PathwayId) -> Case | None:
        state = await self._documents.get(pathway)
        return None if state is None else _case(pathway, state)

    async def offered(self, slot: Slot, *, places_from: date | None, limit: int) -> list[Case]:
        """Cases with an open list that names this slot, of those that count from after that day."""
        where: dict[str, Any] = {"offered": slot_id(slot)}
        if places_from is not None:
            where["match.places_from"] = {"$gt": places_from.isoformat()}
        found = await self._documents.query(where, limit=limit)
        cases = [_case(pathway, state) for pathway, state in found]
        return [case for case in cases if slot_id(slot) in _offered(case)]

    async def save(self, case: Case) -> None:
        await self._documents.put(case.pathway_id, _case_state(case))


def _case(pathway: PathwayId, state: State) -> Case:
    referral = dict(state["referral"])
    referral["received_on"] = date.fromisoformat(referral["received_on"])
    match_, trail = _match(state["match"]), Trail(*state["trail"])
    return Case(pathway, Referral(**referral), match_, state["lists"], trail)


def _case_state(case: Case) -> State:
    referral = case.referral
    return {
        "referral": {
            "publisher": referral.publisher,
            "responsible_provider": referral.responsible_provider,
            "referring_organisation": referral.referring_organisation,
            "treatment_function": referral.treatment_function,
            "priority": referral.priority,
            "received_on": referral.received_on.isoformat(),
            "age": referral.age,
            "sex": referral.sex,
            "outward": referral.outward,
            "travel_limit_miles": referral.travel_limit_miles,
        },
        "match": None if case.match is None else _match_state(case.match),
        "offered": _offered(case),
        "lists": case.lists,
        "trail": [case.trail.event_id, case.trail.correlation_id, case.trail.traceparent],
    }


def _offered(case: Case) -> list[str]:
    """The slots that an open list names, to be found by when their provider withdraws."""
    if not isinstance(case.match, Shortlisted):
        return []
    function = case.referral.treatment_function
    return [slot_id((option.site, function)) for option in case.match.options]


def _match(state: Mapping[str, Any] | None) -> Match | None:
    match state:
        case None:
            return None
        case {"is": "no_choice", "reason": reason}:
            return NoChoice(reason)
        case {"is": "shortlisted", "shortlist_id": id}:
            return Shortlisted(id, *_list(state))
        case {"is": "lapsed", "shortlist_id": id}:
            return Lapsed(id, *_list(state))
        case {"is": "held", "shortlist_id": id, "provider": by, "session": session, "until": until}:
            return Held(id, by, session, until)
        case {"is": "booked", "shortlist_id": id, "provider": by, "session": session, "as": name}:
            return Booked(id, by, session, name)
        case {"is": "stayed", "shortlist_id": id}:
            return Stayed(id)
        case _:
            raise ValueError("no state of a match that is known here")


def _match_state(match_: Match) -> dict[str, Any]:
    match match_:
        case NoChoice(reason):
            return {"is": "no_choice", "reason": reason}
        case Shortlisted():
            return {"is": "shortlisted", **_list_state(match_)}
        case Lapsed():
            return {"is": "lapsed", **_list_state(match_)}
        case Held(shortlist_id, provider, session, until):
            place = {"provider": provider, "session": session, "until": until}
            return {"is": "held", "shortlist_id": shortlist_id, **place}
        case Booked(shortlist_id, provider, session, appointment):
            place = {"provider": provider, "session": session, "as": appointment}
            return {"is": "booked", "shortlist_id": shortlist_id, **place}
        case Stayed(shortlist_id):
            return {"is": "stayed", "shortlist_id": shortlist_id}
        case _:
            assert_never(match_)


def _list(state: Mapping[str, Any]) -> tuple[date, date, tuple[Option, ...]]:
    options = tuple(Option(provider, site) for provider, site in state["options"])
    respond_by, places_from = state["respond_by"], state["places_from"]
    return date.fromisoformat(respond_by), date.fromisoformat(places_from), options


def _list_state(match_: Shortlisted | Lapsed) -> dict[str, Any]:
    return {
        "shortlist_id": match_.shortlist_id,
        "respond_by": match_.respond_by.isoformat(),
        "places_from": match_.places_from.isoformat(),
        "options": [[option.provider, option.site] for option in match_.options],
    }
