"""Every message that came in, as a document."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import TypeAdapter

from chassis.faults import Fault
from chassis.work import Work
from contracts.events.referral import WayIn
from referral.domain.names import digest
from referral.repositories.indexes import INTAKE

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
