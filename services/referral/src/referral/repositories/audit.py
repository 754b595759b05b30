"""Who read what, as documents."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from chassis.work import Work
from referral.domain.names import digest
from referral.repositories.indexes import AUDIT


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


_read: TypeAdapter[Read] = TypeAdapter(Read)


class AuditTrail:
    """One entry for every read of patient data; found by pathway, for whoever asks who looked."""

    def __init__(self, work: Work) -> None:
        self._documents = work.documents(AUDIT)

    async def note(self, entry: Read) -> None:
        state: dict[str, Any] = _read.dump_python(entry, mode="json")
        id = digest(*map(str, state.values()))
        await self._documents.put(id, {**state, "place": f"{entry.at.isoformat()}|{id}"})

    async def of_pathway(
        self, pathway_id: str, *, before: str, limit: int
    ) -> list[tuple[Read, str]]:
        """Who looked, the newest first, each with its place; from the place `before` on."""
        where: dict[str, Any] = {"pathway_ids": pathway_id}
        if before:
            where["place"] = {"$lt": before}
        found = await self._documents.query(where, sort=(("place", -1),), limit=limit)
        return [(_read.validate_python(dict(state)), state["place"]) for _, state in found]
