"""Pathways, what came in and who read what, as documents."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, Literal

from pydantic import TypeAdapter

from chassis.errors import NotYet
from chassis.faults import Fault
from chassis.mongo import Index, Mongo, translated
from chassis.work import State, Work
from contracts.events.referral import WayIn
from referral.domain import clock as rtt
from referral.domain.appointments import Appointment
from referral.domain.choice import RightDecision, Shortlist
from referral.domain.names import digest
from referral.domain.pathway import Pathway, Person, Referral

PATHWAYS: Final = "pathways"
INTAKE: Final = "intake"
AUDIT: Final = "audit"

INDEXES: Final = (
    Index(PATHWAYS, ("provider", "place")),
    Index(PATHWAYS, ("provider", "status", "place")),
    Index(PATHWAYS, ("status",)),
    Index(INTAKE, ("verdict", "publisher", "day")),
    Index(INTAKE, ("day",)),
    Index(AUDIT, ("pathway_id",)),
)


# ---- pathways


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a pathway is rebuilt from. Its clock follows from the facts."""

    person: Person
    referral: Referral
    right: RightDecision
    facts: tuple[rtt.Fact, ...]
    shortlists: tuple[Shortlist, ...]
    appointments: tuple[Appointment, ...]


_kept: TypeAdapter[_Kept] = TypeAdapter(_Kept)


class Pathways:
    """Pathways by id."""

    def __init__(self, work: Work) -> None:
        self._documents = work.documents(PATHWAYS)

    async def get(self, pathway_id: str) -> Pathway | None:
        state = await self._documents.get(pathway_id)
        return None if state is None else _read_pathway(pathway_id, state)

    async def known(self, pathway_id: str) -> Pathway:
        """The pathway an event is about. It waits when its referral has not come yet."""
        pathway = await self.get(pathway_id)
        if pathway is None:
            raise NotYet("the referral of this pathway is not here yet")
        return pathway

    async def save(self, pathway: Pathway) -> None:
        await self._documents.put(pathway.id, _written(pathway))

    async def load(self, pathway_ids: Iterable[str]) -> None:
        await self._documents.load(pathway_ids)

    async def of_provider(
        self, provider: str, *, status: str | None, after: str, limit: int
    ) -> list[Pathway]:
        """The provider's pathways in order of their place, the longest waits first."""
        where: dict[str, Any] = {"provider": provider}
        if status is not None:
            where["status"] = status
        if after:
            where["place"] = {"$gt": after}
        found = await self._documents.query(where, sort=(("place", 1),), limit=limit)
        return [_read_pathway(pathway_id, state) for pathway_id, state in found]


def place_of(pathway: Pathway) -> str:
    """Where a pathway stands in a list: by the start of its wait, then by id."""
    period = pathway.history.periods[-1]
    return f"{period.started_on.isoformat()}|{pathway.id}"


def _written(pathway: Pathway) -> State:
    kept = _Kept(
        pathway.person,
        pathway.referral,
        pathway.right,
        pathway.facts,
        pathway.shortlists,
        pathway.appointments,
    )
    listed = {
        "provider": pathway.provider,
        "status": pathway.status.value,
        "place": place_of(pathway),
    }
    return {**listed, **_kept.dump_python(kept, mode="json")}


def _read_pathway(pathway_id: str, state: State) -> Pathway:
    kept = _kept.validate_python(dict(state))
    history = rtt.history_of(kept.facts)
    if isinstance(history, rtt.Refusal):
        raise ValueError(f"the facts of a pathway no longer fit together: {history.value}")
    return Pathway(
        pathway_id,
        kept.person,
        kept.referral,
        kept.right,
        kept.facts,
        history,
        kept.shortlists,
        kept.appointments,
    )


# ---- what came in

Verdict = Literal["accepted", "rejected"]


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one message of one publisher."""

    publisher: str
    message_id: str
    body_hash: str
    way_in: WayIn
    type: str
    day: str
    received_at: datetime
    verdict: Verdict
    pathway_id: str | None = None
    faults: tuple[Fault, ...] = ()


_entry: TypeAdapter[Entry] = TypeAdapter(Entry)


class Intake:
    """Every message that came in, by publisher and the publisher's own id."""

    def __init__(self, work: Work) -> None:
        self._documents = work.documents(INTAKE)

    async def get(self, publisher: str, message_id: str) -> Entry | None:
        """The first message under this id."""
        return await self._at(entry_id(publisher, message_id))

    async def reuse(self, publisher: str, message_id: str, body_hash: str) -> Entry | None:
        """A later message with another body under an id that was taken."""
        return await self._at(entry_id(publisher, message_id, body_hash))

    async def save(self, entry: Entry) -> None:
        await self._put(entry_id(entry.publisher, entry.message_id), entry)

    async def save_reuse(self, entry: Entry) -> None:
        await self._put(entry_id(entry.publisher, entry.message_id, entry.body_hash), entry)

    async def load(self, messages: Iterable[tuple[str, str]]) -> None:
        await self._documents.load(entry_id(*message) for message in messages)

    async def _at(self, id: str) -> Entry | None:
        state = await self._documents.get(id)
        return None if state is None else _entry.validate_python(dict(state))

    async def _put(self, id: str, entry: Entry) -> None:
        await self._documents.put(id, _entry.dump_python(entry, mode="json"))


def entry_id(*parts: str) -> str:
    return digest(*parts)


# ---- who read what


class AuditTrail:
    """One entry for every read of patient data: who, whom, why, when, and whether it was given."""

    def __init__(self, work: Work) -> None:
        self._documents = work.documents(AUDIT)

    async def note(self, entry: "Read") -> None:
        state = {**asdict(entry), "at": entry.at.isoformat()}
        await self._documents.put(digest(*map(str, state.values())), state)


@dataclass(frozen=True, slots=True)
class Read:
    """A read of patient data."""

    organisation: str
    subject: str
    reason: str
    pathway_id: str
    request_id: str
    given: bool
    at: datetime


# ---- counts


async def verdicts(mongo: Mongo, day: str | None) -> list[tuple[str, str, int]]:
    """(publisher, verdict, how many) of one day or of all days, counted where they are kept.

    Counting the entries themselves can never disagree with them, and no two requests wait for
    each other over a counter.
    """
    where = {"state.day": day} if day else {"state.verdict": {"$in": ["accepted", "rejected"]}}
    found = await _grouped(mongo, INTAKE, where, {"p": "$state.publisher", "v": "$state.verdict"})
    return sorted((one["_id"]["p"], one["_id"]["v"], one["n"]) for one in found)


async def statuses(mongo: Mongo, names: Sequence[str]) -> dict[str, int]:
    """How many pathways are in each state. Every pathway is in exactly one."""
    where = {"state.status": {"$in": list(names)}}
    found = await _grouped(mongo, PATHWAYS, where, "$state.status")
    return {name: next((one["n"] for one in found if one["_id"] == name), 0) for name in names}


async def _grouped(
    mongo: Mongo, collection: str, where: dict[str, Any], by: object
) -> list[dict[str, Any]]:
    pipeline = [{"$match": where}, {"$group": {"_id": by, "n": {"$sum": 1}}}]
    with translated():
        return await mongo.db[collection].aggregate(pipeline).to_list(None)  # type: ignore[no-any-return]
