"""How cases, sessions, diaries and shortlists are kept, each as one document."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, assert_never

from chassis.mongo import Mongo, translated
from chassis.work import Documents, State
from contracts.identifiers import CapacityId, OdsCode, PathwayId, TreatmentFunctionCode
from matching.directory import NextDays
from matching.domain.capacity import Diary, Opening, Session, changes_diary, noted, without_past
from matching.domain.cases import Case, Referral, Trail
from matching.domain.evidence import Evidence
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
from matching.domain.shortlist import Catalogue, Patient, Places

MATCHES = "matches"
SESSIONS = "sessions"
DIARIES = "diaries"
SHORTLISTS = "shortlists"
CATALOGUES = "catalogues"
INTAKE = "intake"

# zlib's lowest level: a ledger of 340 sites becomes a seventh of its size in 0.06 ms.
FAST = 1


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


# ---- sessions and diaries


class Sessions:
    """Declared sessions, and for each site and treatment function the diary of those with room."""

    def __init__(self, sessions: Documents, diaries: Documents) -> None:
        self._sessions = sessions
        self._diaries = diaries
        self._sites: dict[TreatmentFunctionCode, tuple[OdsCode, ...]] = {}

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

    async def load_functions(self, functions: Iterable[TreatmentFunctionCode]) -> None:
        """Read the diaries of all sites for these treatment functions."""
        for function in functions:
            await self._sites_of(function)

    async def next_days(self, function: TreatmentFunctionCode, earliest: date) -> NextDays:
        """Every site with sessions for this function, and its first day with room from `earliest`.

        Which sites there are is read once for all the events of a batch.
        """
        states = [
            await self._diaries.get(_diary_id(site, function))
            for site in await self._sites_of(function)
        ]
        since = earliest.isoformat()
        return tuple(
            (state["site"], _first_day(state, since)) for state in states if state is not None
        )

    async def _sites_of(self, function: TreatmentFunctionCode) -> tuple[OdsCode, ...]:
        sites = self._sites.get(function)
        if sites is None:
            found = await self._diaries.query({"treatment_function": function})
            sites = self._sites[function] = tuple(sorted(state["site"] for _, state in found))
        return sites

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


def _first_day(state: State, since: str) -> date | None:
    """As `Diary.next_on`, without making a value of every diary for every patient."""
    for local_start, _ in state["openings"]:
        if local_start >= since:
            return date.fromisoformat(local_start[:10])
    return None


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


# ---- shortlists


class Shortlists:
    """Every shortlist with its ledger, and the catalogues they were made from, each kept once."""

    def __init__(self, shortlists: Documents, catalogues: Documents) -> None:
        self._shortlists = shortlists
        self._catalogues = catalogues

    async def load(self, shortlist_ids: Iterable[str]) -> None:
        await self._shortlists.load(shortlist_ids)

    async def get(self, shortlist_id: str) -> Evidence | None:
        state = await self._shortlists.get(shortlist_id)
        return None if state is None else _evidence(shortlist_id, state)

    async def catalogue(self, digest: str) -> Catalogue:
        """The catalogue with this digest; `KeyError` for one that no shortlist was made from."""
        variable = await self._catalogues.get(digest)
        if variable is None:
            raise KeyError(digest)
        static = await self._catalogues.get(variable["static"])
        if static is None:
            raise KeyError(variable["static"])
        return _catalogue(static, variable)

    async def save(self, evidence: Evidence, catalogue: Catalogue) -> None:
        await self._shortlists.put(evidence.shortlist_id, _evidence_state(evidence))
        if await self._catalogues.get(catalogue.digest) is None:
            await self._catalogues.put(catalogue.digest, _variable_state(catalogue))
        if await self._catalogues.get(catalogue.static_digest) is None:
            await self._catalogues.put(catalogue.static_digest, _static_state(catalogue))


def _evidence(shortlist_id: str, state: State) -> Evidence:
    return Evidence(
        shortlist_id=shortlist_id,
        pathway_id=state["pathway_id"],
        made_on=date.fromisoformat(state["made_on"]),
        rule_set=state["rule_set"],
        patient=_patient(state["patient"]),
        catalogue=state["catalogue"],
        result=zlib.decompress(state["result"]),
    )


def _evidence_state(evidence: Evidence) -> State:
    return {
        "pathway_id": evidence.pathway_id,
        "made_on": evidence.made_on.isoformat(),
        "rule_set": evidence.rule_set,
        "patient": _patient_state(evidence.patient),
        "catalogue": evidence.catalogue,
        "result": zlib.compress(evidence.result, FAST),
    }


def _patient(state: Mapping[str, Any]) -> Patient:
    position = state["position"]
    return Patient(
        age=state["age"],
        sex=state["sex"],
        treatment_function=state["treatment_function"],
        priority=state["priority"],
        position=None if position is None else (position[0], position[1]),
        travel_limit_miles=state["travel_limit_miles"],
        refused=frozenset(state["refused"]),
        needs=frozenset(state["needs"]),
    )


def _patient_state(patient: Patient) -> dict[str, Any]:
    return {
        "age": patient.age,
        "sex": patient.sex,
        "treatment_function": patient.treatment_function,
        "priority": patient.priority,
        "position": None if patient.position is None else list(patient.position),
        "travel_limit_miles": patient.travel_limit_miles,
        "refused": sorted(patient.refused),
        "needs": sorted(patient.needs),
    }


def _catalogue(static: State, variable: State) -> Catalogue:
    places = json.loads(zlib.decompress(variable["places"]))
    return Catalogue.from_bytes(zlib.decompress(static["candidates"])).with_places(
        {
            site: Places(free, None if next_on is None else date.fromisoformat(next_on))
            for site, (free, next_on) in places.items()
        }
    )


def _static_state(catalogue: Catalogue) -> State:
    return {"candidates": zlib.compress(catalogue.to_bytes())}


def _variable_state(catalogue: Catalogue) -> State:
    places = {site: left.state() for site, left in catalogue.places.items()}
    return {
        "static": catalogue.static_digest,
        "places": zlib.compress(json.dumps(places).encode()),
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


# ---- counts


async def counts(mongo: Mongo) -> dict[str, Any]:
    """What there is in all, for whoever checks that everything adds up. Reads every document."""
    sessions = [
        {"$match": {"state.kind": "session"}},
        {
            "$group": {
                "_id": None,
                "sessions": {"$sum": 1},
                "places": {"$sum": "$state.places"},
                "held": {"$sum": {"$size": "$state.held"}},
                "used": {"$sum": {"$size": "$state.used"}},
            }
        },
    ]
    matches = [{"$group": {"_id": "$state.match.is", "n": {"$sum": 1}}}]
    with translated():
        totals = await mongo.db[SESSIONS].aggregate(sessions).to_list(None)
        states = await mongo.db[MATCHES].aggregate(matches).to_list(None)
        shortlists = await mongo.db[SHORTLISTS].estimated_document_count()

    found = totals[0] if totals else {}
    return {
        **{name: found.get(name, 0) for name in ("sessions", "places", "held", "used")},
        "shortlists": shortlists,
        "matches": {one["_id"] or "undecided": one["n"] for one in states},
    }
