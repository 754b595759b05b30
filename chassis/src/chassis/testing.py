"""In-memory parts for tests of handlers, held to the real ones by the conformance suite."""

from __future__ import annotations

import copy
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from chassis.errors import VersionConflict
from chassis.outbox import Chunk
from chassis.work import TIMERS, Changes, Counts, Document, Slot, Sort, Work
from contracts.event import Event

W = TypeVar("W")

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


class MemoryStore:
    """Documents in dictionaries, with the version guards and the query forms the product uses."""

    def __init__(self) -> None:
        self.collections: dict[str, dict[str, Document]] = defaultdict(dict)
        self.outbox: list[Chunk] = []

    async def load(self, collection: str, ids: Sequence[str]) -> list[Document]:
        documents = self.collections[collection]
        return [copy.deepcopy(documents[id]) for id in ids if id in documents]

    async def query(
        self, collection: str, where: Mapping[str, Any], sort: Sort, limit: int
    ) -> list[Document]:
        found = [one for one in self.collections[collection].values() if _matches(one, where)]
        for name, direction in reversed(sort):
            found.sort(key=lambda one: _at(one, name), reverse=direction < 0)
        return copy.deepcopy(found[:limit] if limit else found)

    async def count(
        self, collection: str, where: Mapping[str, Any], by: Sequence[str], each: str
    ) -> Counts:
        found = [one for one in self.collections[collection].values() if _matches(one, where)]
        return Counter(key for one in found for key in _groups(one, by, each))

    async def commit(self, work: Changes, chunks: Sequence[Chunk] = ()) -> None:
        """All or nothing, as MongoDB does it; raises `VersionConflict`."""
        changed = [(name, slot) for name, one in work.collections.items() for slot in one.changed()]
        for name, slot in changed:
            kept = self.collections[name].get(slot.id)
            if not slot.blind and (kept["v"] if kept else 0) != slot.version:
                raise VersionConflict(name)
        for name, slot in changed:
            self._write(self.collections[name], slot)
        self.outbox += chunks

    def _write(self, documents: dict[str, Document], slot: Slot) -> None:
        if slot.empty:
            documents.pop(slot.id, None)
        else:
            documents[slot.id] = copy.deepcopy(slot.document(slot.version + 1))


def _matches(document: Document, where: Mapping[str, Any]) -> bool:
    return all(_satisfies(_at(document, name), wanted) for name, wanted in where.items())


def _groups(document: Document, by: Sequence[str], each: str) -> list[tuple[Any, ...]]:
    """What a document counts as: once, or once for every part of the list `each`."""
    if not each:
        return [tuple(_at(document, name) for name in by)]
    return [
        tuple(_of_part(part, document, name, each) for name in by)
        for part in _at(document, each) or ()
    ]


def _of_part(part: Any, document: Document, name: str, each: str) -> Any:
    if name == each:
        return part
    inner = name.removeprefix(f"{each}.")
    return _at(document, name) if inner == name else _at(part, inner)


def _at(document: Any, path: str) -> Any:
    for part in path.split("."):
        document = document.get(part) if isinstance(document, Mapping) else None
    return document


def _satisfies(value: Any, wanted: Any) -> bool:
    if not isinstance(wanted, Mapping):
        return bool(value == wanted or (isinstance(value, list) and wanted in value))
    return all(_compares(value, operator, other) for operator, other in wanted.items())


def _compares(value: Any, operator: str, other: Any) -> bool:
    if operator == "$in":
        return value in other
    if operator == "$exists":
        return (value is not None) is other
    if value is None:
        return False
    comparisons: dict[str, Callable[[Any, Any], bool]] = {
        "$lt": lambda a, b: a < b,
        "$lte": lambda a, b: a <= b,
        "$gt": lambda a, b: a > b,
        "$gte": lambda a, b: a >= b,
        "$ne": lambda a, b: a != b,
    }
    return comparisons[operator](value, other)


class InMemoryWork(Generic[W]):
    """A service's work over a `MemoryStore`: `await work.run(handler, event)`, then look.

    `streams` and `wrap` come from the service's own declaration.
    """

    def __init__(
        self,
        service: str,
        streams: Mapping[str, str],
        wrap: Callable[[Work], W],
        *,
        now: datetime = NOW,
        store: MemoryStore | None = None,
    ) -> None:
        self.store = store or MemoryStore()
        self.now = now
        self.published: list[Event] = []
        self._service = service
        self._streams = streams
        self._wrap = wrap

    async def run(self, handler: Callable[..., Any], *arguments: Any) -> Any:
        """One unit of work around one call; its events are appended to `published`."""
        work = Work(self.store, service=self._service, streams=self._streams, now=self.now)
        result = await handler(*arguments, self._wrap(work))
        await self.store.commit(work)
        self.published += work.published
        return result

    def timers(self) -> dict[str, datetime]:
        """The timers that are set, as `name:subject` → when they are due."""
        return {
            id: document["state"]["due_at"]
            for id, document in self.store.collections[TIMERS].items()
        }


def published(event: Event, sequence: int = 1, now: datetime = NOW) -> Event:
    """An event as a reader gets it, for tests that start from one."""
    return event.published(sequence=sequence, source="urn:fairwait:test", now=now)
