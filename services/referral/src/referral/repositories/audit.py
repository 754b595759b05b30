"""Who read what, as documents."""

from dataclasses import asdict, dataclass
from datetime import datetime

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


class AuditTrail:
    """One entry for every read of patient data; found by pathway, for whoever asks who looked."""

    def __init__(self, work: Work) -> None:
        self._documents = work.documents(AUDIT)

    async def note(self, entry: Read) -> None:
        state = {**asdict(entry), "pathway_ids": list(entry.pathway_ids)}
        state["at"] = entry.at.isoformat()
        await self._documents.put(digest(*map(str, state.values())), state)
