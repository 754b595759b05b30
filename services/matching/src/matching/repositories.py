"""How cases, sessions, diaries and shortlists are kept, each as one document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, assert_never

from chassis.work import Documents, State
from contracts.identifiers import CapacityId, OdsCode, PathwayId, TreatmentFunctionCode
from matching.domain.capacity import Diary, Opening, Session, changes_diary, noted, without_past
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

MATCHES = "matches"
SESSIONS = "sessions"
DIARIES = "diaries"
SHORTLISTS = "shortlists"
CATALOGUES = "catalogues"


# ---- cases


class Cases:
    """The case of each pathway."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def load(self, pathways: Iterable[PathwayId]) -> None:
        await self._documents.load(pathways)

    async def get(self, pathway: PathwayId) -> Case | None:
        state = await self._documents.get(pathway)
        return None if state is None else _case(pathway, state)

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
        "lists": case.lists,
        "trail": [case.trail.event_id, case.trail.correlation_id, case.trail.traceparent],
    }


def _match(state: Mapping[str, Any] | None) -> Match | None:
    match state:
        case None:
            return None
        case {"is": "no_choice", "reason": reason}:
            return NoChoice(reason)
        case {"is": "shortlisted", "shortlist_id": id, "respond_by": by, "options": options}:
            return Shortlisted(id, date.fromisoformat(by), _options(options))
        case {"is": "lapsed", "shortlist_id": id, "respond_by": by, "options": options}:
            return Lapsed(id, date.fromisoformat(by), _options(options))
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
        case Shortlisted(shortlist_id, respond_by, options):
            return {"is": "shortlisted", **_list_state(shortlist_id, respond_by, options)}
        case Lapsed(shortlist_id, respond_by, options):
            return {"is": "lapsed", **_list_state(shortlist_id, respond_by, options)}
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


def _options(pairs: Iterable[tuple[OdsCode, OdsCode]]) -> tuple[Option, ...]:
    return tuple(Option(provider, site) for provider, site in pairs)


def _list_state(id: str, respond_by: date, options: tuple[Option, ...]) -> dict[str, Any]:
    pairs = [[option.provider, option.site] for option in options]
    return {"shortlist_id": id, "respond_by": respond_by.isoformat(), "options": pairs}


# ---- sessions and diaries


class Sessions:
    """Declared sessions, and for each site and treatment function the diary of those with room."""

    def __init__(self, sessions: Documents, diaries: Documents) -> None:
        self._sessions = sessions
        self._diaries = diaries
        self._sites: dict[TreatmentFunctionCode, tuple[str, ...]] = {}

    async def load(self, session_ids: Iterable[CapacityId]) -> None:
        await self._sessions.load(session_ids)

    async def load_diaries(self, slots: Iterable[tuple[OdsCode, TreatmentFunctionCode]]) -> None:
        await self._diaries.load(_diary_id(site, function) for site, function in slots)

    async def get(self, session_id: CapacityId) -> Session | None:
        state = await self._sessions.get(session_id)
        return None if state is None else _session(session_id, state)

    async def diary(self, site: OdsCode, function: TreatmentFunctionCode) -> Diary | None:
        state = await self._diaries.get(_diary_id(site, function))
        return None if state is None else _diary(state)

    async def diaries(self, function: TreatmentFunctionCode) -> list[State]:
        """The diaries of all sites for one treatment function, as they are kept.

        Read once for all the events of a batch; a state that is the same object has not changed.
        """
        ids = self._sites.get(function)
        if ids is None:
            found = await self._diaries.query({"treatment_function": function})
            ids = self._sites[function] = tuple(sorted(id for id, _ in found))
        states = [await self._diaries.get(id) for id in ids]
        return [state for state in states if state is not None]

    async def of(self, provider: OdsCode) -> list[Session]:
        """All sessions of a provider, by start and id."""
        found = await self._sessions.query({"provider": provider})
        sessions = (_session(id, state) for id, state in found)
        return sorted(sessions, key=lambda one: (one.local_start, one.session_id))

    async def save(self, after: Session, *, before: Session | None, today: date) -> None:
        """Keep a session as it is now, and its diary when it began or ceased to have room."""
        await self._sessions.put(after.session_id, _session_state(after))
        if changes_diary(before, after):
            await self._note(after, today)

    async def _note(self, session: Session, today: date) -> None:
        id = _diary_id(session.site, session.treatment_function)
        state = await self._diaries.get(id)
        diary = (
            Diary(session.site, session.provider, session.treatment_function)
            if state is None
            else _diary(state)
        )
        await self._diaries.put(id, _diary_state(without_past(noted(diary, session), today)))


def _diary_id(site: OdsCode, function: TreatmentFunctionCode) -> str:
    return f"{site}|{function}"


def _session(session_id: CapacityId, state: State) -> Session:
    return Session(
        session_id=session_id,
        provider=state["provider"],
        site=state["site"],
        treatment_function=state["treatment_function"],
        local_start=datetime.fromisoformat(state["local_start"]),
        starts_at=state["starts_at"],
        places=state["places"],
        held=frozenset(state["held"]),
        used=frozenset(state["used"]),
    )


def _session_state(session: Session) -> State:
    return {
        "kind": "session",
        "provider": session.provider,
        "site": session.site,
        "treatment_function": session.treatment_function,
        "local_start": session.local_start.isoformat(),
        "starts_at": session.starts_at,
        "places": session.places,
        "held": sorted(session.held),
        "used": sorted(session.used),
    }


def _diary(state: State) -> Diary:
    openings = (
        Opening(datetime.fromisoformat(local_start), session_id)
        for local_start, session_id in state["openings"]
    )
    return Diary(state["site"], state["provider"], state["treatment_function"], tuple(openings))


def _diary_state(diary: Diary) -> State:
    return {
        "site": diary.site,
        "provider": diary.provider,
        "treatment_function": diary.treatment_function,
        "openings": [
            [opening.local_start.isoformat(), opening.session_id] for opening in diary.openings
        ],
    }


# ---- refusals


class Refusals:
    """Which refused declarations have been told to their sender, so that each is told once."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def known(self, subject: str) -> bool:
        return await self._documents.get(subject) is not None

    async def save(self, subject: str, publisher: OdsCode) -> None:
        await self._documents.put(subject, {"kind": "refusal", "publisher": publisher})
