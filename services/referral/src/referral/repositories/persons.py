"""What is known of persons, as documents. Found by a keyed digest, never by the NHS number."""

from collections.abc import Iterable
from typing import Any, Final

from pydantic import TypeAdapter

from chassis.work import Work
from referral.domain.names import patient_key
from referral.domain.persons import PersonRecord

PERSONS: Final = "persons"

_record: TypeAdapter[PersonRecord] = TypeAdapter(PersonRecord)


class Persons:
    """One document a number that anything was told of; most numbers have none."""

    def __init__(self, work: Work, secret: str) -> None:
        self._documents = work.documents(PERSONS)
        self._secret = secret

    async def around(self, *numbers: str) -> dict[str, PersonRecord]:
        """The records of these numbers, and of all that any change ever connected with them."""
        found: dict[str, PersonRecord] = {}
        wanted = set(numbers)
        while wanted:
            await self.load(wanted)
            found |= {number: await self._get(number) for number in wanted}
            named = {
                number
                for record in found.values()
                for change in record.changes
                for number in (change.former, change.current)
            }
            wanted = named - found.keys()
        return found

    async def save(self, record: PersonRecord) -> None:
        kept: dict[str, Any] = _record.dump_python(record, mode="json", exclude_defaults=True)
        await self._documents.put(self._key(record.nhs_number), kept)

    async def load(self, numbers: Iterable[str]) -> None:
        await self._documents.load(self._key(number) for number in numbers)

    async def number_of(self, key: str) -> str | None:
        """The number that a digest stands for, where anything is known of it."""
        state = await self._documents.get(key)
        return None if state is None else str(state["nhs_number"])

    async def _get(self, number: str) -> PersonRecord:
        state = await self._documents.get(self._key(number))
        if state is None:
            return PersonRecord(number)
        return _record.validate_python(dict(state))

    def _key(self, number: str) -> str:
        return patient_key(number, self._secret)
