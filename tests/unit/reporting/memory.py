"""Reporting without servers: its handlers and releases over documents in memory."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from chassis.messages import Recorded
from chassis.testing import MemoryStore
from chassis.work import Work
from contracts.event import Event
from reporting.domain.ledger import Entry
from reporting.handlers import record_batch
from reporting.work import STREAMS, ReportingWork
from tests.unit.reporting.stories import entry_of

R = TypeVar("R")

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)


class MemoryUnits:
    """Units of work over a store in memory."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.now = NOW
        self.published: list[Event] = []

    async def run(self, function: Callable[..., Awaitable[R]], *arguments: Any) -> R:
        work = self._begin()
        result = await function(*arguments, ReportingWork.over(work))
        await self.store.commit(work)
        self.published += work.published
        return result

    async def read(self, function: Callable[..., Awaitable[R]], *arguments: Any) -> R:
        return await function(*arguments, ReportingWork.over(self._begin()))

    def _begin(self) -> Work:
        return Work(self.store, service="reporting", streams=STREAMS, now=self.now)


def recorded(event: Event, offset: int) -> Recorded:
    entry: Entry = entry_of(event, offset)
    headers = tuple((name, value or b"") for name, value in entry.headers)
    return Recorded(
        entry.topic, entry.partition, offset, entry.key, entry.value or b"", headers, event
    )


async def consume(units: MemoryUnits, events: Iterable[Event], batch: int = 50) -> None:
    """Takes the events as the consumer would, in batches."""
    all_recorded = [recorded(event, offset) for offset, event in enumerate(events)]
    for start in range(0, len(all_recorded), batch):
        taken: Sequence[Recorded] = all_recorded[start : start + batch]
        await units.run(record_batch, taken)
