"""Every message that came in, as a document."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, TypeAlias

from pydantic import TypeAdapter

from chassis.faults import Fault
from chassis.work import Counts, State, Work
from contracts.events.referral import WayIn
from referral.domain.names import digest
from referral.domain.telling import Said, Verdict
from referral.repositories.indexes import INTAKE


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one message of one publisher.

    `about` are the pathways that it speaks of, as far as it could be read; `said` what was told
    onwards because of it. `lacking` are the items that an accepted referral left out.
    """

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
    about: tuple[str, ...] = ()
    effective_on: date | None = None
    said: tuple[Said, ...] = ()
    lacking: tuple[str, ...] = ()

    @property
    def codes(self) -> list[str]:
        """Why it was rejected, each reason once."""
        return sorted({fault.code for fault in self.faults})


Listed: TypeAlias = tuple[Entry, str]
"""A message and its place in the list."""

Days: TypeAlias = tuple[date, date]

# Empty for most messages, so left out of their documents.
_RARE: Final = frozenset(["about", "effective_on", "said", "lacking"])

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

    async def about(self, pathway_id: str) -> list[Entry]:
        """Every message about a pathway, accepted and rejected, in the order in which they came."""
        found = await self._documents.query({"about": pathway_id})
        entries = [_entry.validate_python(dict(state)) for _, state in found]
        return sorted(entries, key=lambda one: (one.received_at, one.message_id))

    async def rejected(self, publisher: str, days: Days, after: str, limit: int) -> list[Listed]:
        """A publisher's rejected messages of some days, the newest first, from a place on."""
        places = _places(days)
        if after:
            places["$lt"] = min(after, places["$lt"])
        where = {"verdict": "rejected", "publisher": publisher, "place": places}
        found = await self._documents.query(where, sort=(("place", -1),), limit=limit)
        return [(_entry.validate_python(dict(state)), state["place"]) for _, state in found]

    async def count(
        self, verdict: Verdict, publisher: str, days: Days, *, by: Sequence[str], each: str = ""
    ) -> Counts:
        """A publisher's messages of some days, by the values of some names."""
        where = {"verdict": verdict, "publisher": publisher, "place": _places(days)}
        return await self._documents.count(where, by=by, each=each)

    async def totals(self, day: str | None) -> Counts:
        """Messages by publisher and verdict, of one day or of all.

        Counting the entries themselves can never disagree with them, and no two requests wait for
        each other over a counter.
        """
        where = {"day": day} if day else {"verdict": {"$in": ["accepted", "rejected"]}}
        return await self._documents.count(where, by=("publisher", "verdict"))

    async def _at(self, id: str) -> Entry | None:
        state = await self._documents.get(id)
        return None if state is None else _entry.validate_python(dict(state))

    async def _put(self, id: str, entry: Entry) -> None:
        await self._documents.put(id, _written(id, entry))


def _written(id: str, entry: Entry) -> State:
    kept: dict[str, Any] = _entry.dump_python(entry, mode="json")
    known = {name: value for name, value in kept.items() if value or name not in _RARE}
    listed = {"place": f"{entry.day}|{entry.received_at.isoformat()}|{id}"}
    return {**known, **listed, **({"codes": entry.codes} if entry.faults else {})}


def _places(days: Days) -> dict[str, str]:
    """The places of some days, both ends included."""
    first, last = days
    return {"$gte": f"{first.isoformat()}|", "$lt": f"{last.isoformat()}}}"}


def entry_id(*parts: str) -> str:
    return digest(*parts)
