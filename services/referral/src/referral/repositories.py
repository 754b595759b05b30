"""Pathways, what came in and who read what, as documents."""

from collections.abc import Iterable, Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from datetime import datetime
from itertools import chain
from typing import Any, Final, Literal

from pydantic import TypeAdapter

from chassis.errors import NotYet
from chassis.faults import Fault
from chassis.mongo import Index, Mongo, translated
from chassis.work import State, Work
from contracts.events.referral import WayIn
from referral.domain import clock as rtt
from referral.domain.admissions import Admission
from referral.domain.appointments import Appointment
from referral.domain.choice import RightDecision, Shortlist, Waiver
from referral.domain.names import digest, patient_key
from referral.domain.pathway import Pathway, Person, Referral
from referral.domain.records import Cancellation, Custody, Death, IdentityChange, RightToMove
from referral.domain.transfers import Transfer

PATHWAYS: Final = "pathways"
INTAKE: Final = "intake"
AUDIT: Final = "audit"
FACTS: Final = "facts"

PAGE: Final = 64  # facts; few pathways ever have so many

INDEXES: Final = (
    Index(PATHWAYS, ("provider", "place")),
    Index(PATHWAYS, ("provider", "status", "place")),
    Index(PATHWAYS, ("status",)),
    Index(PATHWAYS, ("patient",)),
    Index(INTAKE, ("verdict", "publisher", "day")),
    Index(INTAKE, ("day",)),
    Index(AUDIT, ("pathway_ids",)),
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
    admissions: tuple[Admission, ...] = ()
    custody: tuple[Custody, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    waiver: Waiver | None = None
    moves: tuple[RightToMove, ...] = ()
    cancellation: Cancellation | None = None
    death: Death | None = None
    identity: tuple[IdentityChange, ...] = ()
    sensitive: bool = False
    practice: str | None = None


_NAMES: Final = tuple(one.name for one in fields(_Kept))
# Empty for most pathways, so left out of their documents.
_RARE: Final = frozenset(one.name for one in fields(_Kept) if one.default is not MISSING)

_kept: TypeAdapter[_Kept] = TypeAdapter(_Kept)
_facts: TypeAdapter[tuple[rtt.Fact, ...]] = TypeAdapter(tuple[rtt.Fact, ...])


class Pathways:
    """Pathways by id, and by the person they are about.

    The first facts of a pathway with many are kept in pages of their own, so that no document grows
    without end. A person is found by a keyed digest of the NHS number, so that no query and no slow
    query log holds the number.
    """

    def __init__(self, work: Work, secret: str) -> None:
        self._documents = work.documents(PATHWAYS)
        self._pages = work.documents(FACTS)
        self._secret = secret

    async def get(self, pathway_id: str) -> Pathway | None:
        state = await self._documents.get(pathway_id)
        return None if state is None else await self._read(pathway_id, state)

    async def known(self, pathway_id: str) -> Pathway:
        """The pathway an event is about. It waits when its referral has not come yet."""
        pathway = await self.get(pathway_id)
        if pathway is None:
            raise NotYet("the referral of this pathway is not here yet")
        return pathway

    async def save(self, pathway: Pathway) -> None:
        pages = max(len(pathway.facts) - PAGE, 0) // PAGE
        for number in range(pages):
            await self._save_page(pathway, number)
        facts = pathway.facts[pages * PAGE :]
        patient = patient_key(pathway.person.nhs_number, self._secret)
        await self._documents.put(pathway.id, _written(pathway, facts, pages, patient))

    async def load(self, pathway_ids: Iterable[str]) -> None:
        await self._documents.load(pathway_ids)

    async def of_person(self, nhs_number: str) -> list[Pathway]:
        """All pathways of a person, those that this very work has changed or opened included."""
        patient = patient_key(nhs_number, self._secret)
        found = dict(await self._documents.query({"patient": patient}))
        changed = ((slot.id, slot.state) for slot in self._documents.changed())
        found |= {id: state for id, state in changed if state is not None}
        return [
            await self._read(pathway_id, state)
            for pathway_id, state in sorted(found.items())
            if state.get("patient") == patient
        ]

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
        return [await self._read(pathway_id, state) for pathway_id, state in found]

    async def _read(self, pathway_id: str, state: State) -> Pathway:
        pages = state.get("pages", 0)
        if not pages:
            return _read_pathway(pathway_id, state, ())
        ids = [_page(pathway_id, number) for number in range(pages)]
        await self._pages.load(ids)
        kept = [await self._pages.get(id) for id in ids]
        earlier = (_facts.validate_python(one["facts"]) for one in kept if one is not None)
        return _read_pathway(pathway_id, state, tuple(chain.from_iterable(earlier)))

    async def _save_page(self, pathway: Pathway, number: int) -> None:
        page = _page(pathway.id, number)
        facts = pathway.facts[number * PAGE : (number + 1) * PAGE]
        written = {"facts": _facts.dump_python(facts, mode="json")}
        if await self._pages.get(page) != written:
            await self._pages.put(page, written)


def _page(pathway_id: str, number: int) -> str:
    return f"{pathway_id}.{number}"


def place_of(pathway: Pathway) -> str:
    """Where a pathway stands in a list: by the start of its wait, then by id."""
    return f"{pathway.started_on.isoformat()}|{pathway.id}"


def _written(pathway: Pathway, facts: tuple[rtt.Fact, ...], pages: int, patient: str) -> State:
    told = {name: getattr(pathway, name) for name in _NAMES}
    kept: dict[str, Any] = _kept.dump_python(_Kept(**{**told, "facts": facts}), mode="json")
    listed = {
        "provider": pathway.provider,
        "status": pathway.status.value,
        "place": place_of(pathway),
        "patient": patient,
        **({"pages": pages} if pages else {}),
    }
    known = {name: value for name, value in kept.items() if value or name not in _RARE}
    return {**listed, **known}


def _read_pathway(pathway_id: str, state: State, earlier: tuple[rtt.Fact, ...]) -> Pathway:
    kept = _kept.validate_python(dict(state))
    told = {name: getattr(kept, name) for name in _NAMES}
    facts = (*earlier, *kept.facts)
    return Pathway(**{**told, "id": pathway_id, "facts": facts, "history": rtt.rebuild(facts)})


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


@dataclass(frozen=True, slots=True)
class Read:
    """One read of patient data: who asked what of whom and why, and whether it was given.

    A read of a list is one entry with all its pathways, also when there were none. A long file is
    read part by part, with an entry for each before it goes out; `part` counts them.
    """

    organisation: str
    subject: str
    reason: str
    what: str
    pathway_ids: tuple[str, ...]
    request_id: str
    given: bool
    at: datetime
    part: int = 0


class AuditTrail:
    """One entry for every read of patient data; found by pathway, for whoever asks who looked."""

    def __init__(self, work: Work) -> None:
        self._documents = work.documents(AUDIT)

    async def note(self, entry: Read) -> None:
        state = {**asdict(entry), "pathway_ids": list(entry.pathway_ids)}
        state["at"] = entry.at.isoformat()
        await self._documents.put(digest(*map(str, state.values())), state)


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
