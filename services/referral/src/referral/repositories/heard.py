"""What was heard of a pathway from other parts of the system, as documents."""

from pydantic import TypeAdapter

from chassis.work import Work
from referral.domain.telling import Heard
from referral.repositories.indexes import HEARD

_heard: TypeAdapter[Heard] = TypeAdapter(Heard)


class HeardOf:
    """Every event and every timer that changed a pathway. Those of trusts are in the intake."""

    def __init__(self, work: Work) -> None:
        self._documents = work.documents(HEARD)

    async def save(self, heard: Heard) -> None:
        await self._documents.put(heard.id, _heard.dump_python(heard, mode="json"))

    async def of_pathway(self, pathway_id: str) -> list[Heard]:
        """In the order in which it became known."""
        found = await self._documents.query({"pathway_id": pathway_id})
        heard = [_heard.validate_python(dict(state)) for _, state in found]
        return sorted(heard, key=lambda one: (one.recorded_at, one.id))
