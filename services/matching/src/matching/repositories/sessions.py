"""Sessions and diaries as documents, and the memory of what was refused."""

from collections.abc import Iterable
from datetime import date, datetime
from operator import is_

from chassis.work import Documents, State
from contracts.identifiers import CapacityId, OdsCode, TreatmentFunctionCode
from matching.directory import NextDays
from matching.domain.capacity import (
    Diary,
    Opening,
    Session,
    Slot,
    changes_diary,
    noted,
    slot_id,
    without_past,
)


class Sessions:
    """Declared sessions, and for each site and treatment function the diary of those with room."""

    def __init__(self, sessions: Documents, diaries: Documents) -> None:
        self._sessions = sessions
        self._diaries = diaries
        self._ids: dict[TreatmentFunctionCode, tuple[str, ...]] = {}
        self._next_days: dict[
            tuple[TreatmentFunctionCode, date], tuple[list[State | None], NextDays]
        ] = {}

    async def load(self, session_ids: Iterable[CapacityId]) -> None:
        await self._sessions.load(session_ids)

    async def load_diaries(self, slots: Iterable[Slot]) -> None:
        await self._diaries.load(slot_id((site, function)) for site, function in slots)

    async def get(self, session_id: CapacityId) -> Session | None:
        state = await self._sessions.get(session_id)
        return None if state is None else _session(session_id, state)

    async def diary(self, site: OdsCode, function: TreatmentFunctionCode) -> Diary | None:
        state = await self._diaries.get(slot_id((site, function)))
        return None if state is None else _diary(state)

    async def load_functions(self, functions: Iterable[TreatmentFunctionCode]) -> None:
        """Read the diaries of all sites for these treatment functions."""
        for function in functions:
            await self._diaries_of(function)

    async def next_days(self, function: TreatmentFunctionCode, earliest: date) -> NextDays:
        """Every site with sessions for this function, and its first day with room from `earliest`.

        Which sites there are is read once for all the events of a batch.
        """
        ids = await self._diaries_of(function)
        states = [await self._diaries.get(id) for id in ids]
        known, answer = self._next_days.get((function, earliest), ([], ()))
        # The same objects: nothing was written, or taken back, since the answer was worked out.
        if len(known) == len(states) and all(map(is_, known, states)):
            return answer

        answer = _next_days(states, earliest)
        self._next_days[function, earliest] = states, answer
        return answer

    async def _diaries_of(self, function: TreatmentFunctionCode) -> tuple[str, ...]:
        ids = self._ids.get(function)
        if ids is None:
            found = await self._diaries.query({"treatment_function": function})
            ids = self._ids[function] = tuple(sorted(id for id, _ in found))
        return ids

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
        id = slot_id((session.site, session.treatment_function))
        state = await self._diaries.get(id)
        diary = (
            Diary(session.site, session.provider, session.treatment_function)
            if state is None
            else _diary(state)
        )
        await self._diaries.put(id, _diary_state(without_past(noted(diary, session), today)))


def _next_days(states: Iterable[State | None], earliest: date) -> NextDays:
    since = earliest.isoformat()
    return tuple((state["site"], _first_day(state, since)) for state in states if state)


def _first_day(state: State, since: str) -> date | None:
    """As `Diary.next_on`, without making a value of every diary for every patient."""
    for local_start, _ in state["openings"]:
        if local_start >= since:
            return date.fromisoformat(local_start[:10])
    return None


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
        withdrawn=state["withdrawn"],
        withdrawals=frozenset(state["withdrawals"]),
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
        "withdrawn": session.withdrawn,
        "withdrawals": sorted(session.withdrawals),
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


class Refusals:
    """Which refused declarations have been told to their sender, so that each is told once."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def known(self, subject: str) -> bool:
        return await self._documents.get(subject) is not None

    async def save(self, subject: str, publisher: OdsCode) -> None:
        await self._documents.put(subject, {"kind": "refusal", "publisher": publisher})
