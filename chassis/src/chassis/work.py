"""The unit of work: what one batch, request or timer reads, changes and publishes, all or nothing.

A document holds everything a service keeps of one key:

    {_id, v, seen: {topic: n}, said: {topic: n}, parked, blocked, state: {...}}

`state` belongs to the service's repository. The rest is the engine's: `v` guards against lost
updates, `seen` is the last sequence applied of each topic (so a repeat is known for ever), `said`
the last one published (so sequences have no gaps).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol, TypeAlias

from chassis.clock import london_date
from contracts.event import Event, Header, write

Document: TypeAlias = dict[str, Any]
State: TypeAlias = Mapping[str, Any]
Sort: TypeAlias = Sequence[tuple[str, int]]
Counts: TypeAlias = dict[tuple[Any, ...], int]

TIMERS = "timers"


class Store(Protocol):
    """Where documents are read from. Writing is the business of whoever commits the work."""

    async def load(self, collection: str, ids: Sequence[str]) -> list[Document]: ...

    async def query(
        self, collection: str, where: Mapping[str, Any], sort: Sort, limit: int
    ) -> list[Document]: ...

    async def count(
        self, collection: str, where: Mapping[str, Any], by: Sequence[str], each: str
    ) -> Counts: ...


class Changed(Protocol):
    """The changed documents of one collection."""

    @property
    def name(self) -> str: ...
    def changed(self) -> list[Slot]: ...


class Changes(Protocol):
    """What a store commits: one unit of work, or several that share no document."""

    @property
    def collections(self) -> Mapping[str, Changed]: ...


class Row(NamedTuple):
    """One Kafka record to be sent, ready as bytes."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: list[Header]


@dataclass(slots=True)
class Slot:
    """One document as this work sees it. Values are replaced and never changed in place."""

    id: str
    version: int = 0
    seen: Mapping[str, int] = field(default_factory=dict)
    said: Mapping[str, int] = field(default_factory=dict)
    parked: int = 0
    blocked: bool = False
    state: State | None = None
    dirty: bool = False
    blind: bool = False

    @classmethod
    def of(cls, document: Document) -> Slot:
        return cls(
            document["_id"],
            document["v"],
            document.get("seen") or {},
            document.get("said") or {},
            document.get("parked", 0),
            document.get("blocked", False),
            document.get("state"),
        )

    @property
    def empty(self) -> bool:
        return self.state is None and not (self.seen or self.said or self.parked)

    def document(self, version: int) -> Document:
        document: Document = {"_id": self.id, "v": version, "state": self.state}
        if self.seen:
            document["seen"] = self.seen
        if self.said:
            document["said"] = self.said
        if self.parked:
            document["parked"] = self.parked
            document["blocked"] = self.blocked
        return document


Journal: TypeAlias = list[tuple[Slot, str, Any]]
"""What was there before each change. A list and no method: a cycle of objects for every batch
would be left to the garbage collector, which costs more than handling does."""


def change(journal: Journal, slot: Slot, attribute: str, value: Any) -> None:
    journal.append((slot, attribute, getattr(slot, attribute)))
    setattr(slot, attribute, value)
    if not slot.dirty:
        journal.append((slot, "dirty", False))
        slot.dirty = True


class Savepoint(NamedTuple):
    changes: int
    rows: int


class Work:
    """One unit of work. Nothing leaves it before it is committed as a whole.

    `now` and `today` (London) are fixed when it begins, so that everything in it has one date.
    """

    def __init__(
        self,
        store: Store,
        *,
        service: str,
        streams: Mapping[str, str],
        now: datetime,
        traceparent: str = "",
    ) -> None:
        self.now = now
        self.today: date = london_date(now)
        self.traceparent = traceparent
        self.source = f"urn:fairwait:{service}"
        self.published: list[Event] = []
        self.rows: list[Row] = []
        self._store = store
        self._streams = streams
        self._collections: dict[str, Documents] = {}
        self._journal: Journal = []

    def documents(self, collection: str) -> Documents:
        """The documents of one collection, each read once and seen the same by everybody here."""
        found = self._collections.get(collection)
        if found is None:
            found = Documents(collection, self._store, self._journal)
            self._collections[collection] = found
        return found

    @property
    def collections(self) -> Mapping[str, Documents]:
        return self._collections

    @property
    def changes(self) -> set[tuple[str, str]]:
        """Collection and id of every document that is changed."""
        collections = self._collections.items()
        return {(name, slot.id) for name, one in collections for slot in one.changed()}

    async def publish(self, event: Event) -> None:
        """Number the event and send it with this work. Its key's document keeps the number."""
        topic = event.topic.name
        slot = await self.documents(self._streams[topic]).slot(event.subject)
        sequence = slot.said.get(topic, 0) + 1
        self.change(slot, "said", {**slot.said, topic: sequence})
        event = event.published(
            sequence=sequence, source=self.source, now=self.now, traceparent=self.traceparent
        )
        self.published.append(event)
        self.rows.append(Row(topic, *write(event)))

    def set_timer(self, name: str, subject: str, due_at: datetime) -> None:
        """Call the timer's handler once, at or soon after `due_at`. Setting it again moves it."""
        self.documents(TIMERS).overwrite(
            f"{name}:{subject}",
            {"name": name, "subject": subject, "due_at": due_at, "armed": True},
        )

    def cancel_timer(self, name: str, subject: str) -> None:
        """Forget a timer, whether or not it was set."""
        self.documents(TIMERS).discard(f"{name}:{subject}")

    def change(self, slot: Slot, attribute: str, value: Any) -> None:
        """Change a slot of the engine's so that `undo` can take it back."""
        change(self._journal, slot, attribute, value)

    def savepoint(self) -> Savepoint:
        return Savepoint(len(self._journal), len(self.rows))

    def undo(self, savepoint: Savepoint) -> None:
        """Take back everything since `savepoint`, and nothing before it."""
        while len(self._journal) > savepoint.changes:
            slot, attribute, value = self._journal.pop()
            setattr(slot, attribute, value)
        kept = savepoint.rows - len(self.rows)
        if kept:
            del self.rows[savepoint.rows :]
            del self.published[savepoint.rows :]


class Documents:
    """One collection within a unit of work: an identity map over its documents."""

    def __init__(self, name: str, store: Store, journal: Journal) -> None:
        self.name = name
        self._store = store
        self._journal = journal
        self._slots: dict[str, Slot] = {}

    async def get(self, id: str) -> State | None:
        """The state kept under `id`, to be read and not changed; None where there is none."""
        slot = self._slots.get(id)
        if slot is None:
            slot = await self.slot(id)
        return slot.state

    async def put(self, id: str, state: State) -> None:
        """Keep `state` under `id` from now on, unless somebody else changed it since it was read."""
        slot = self._slots.get(id)
        if slot is None:
            slot = await self.slot(id)
        change(self._journal, slot, "state", state)

    async def delete(self, id: str) -> None:
        """Let go of the state under `id`."""
        change(self._journal, await self.slot(id), "state", None)

    def overwrite(self, id: str, state: State) -> None:
        """Keep `state` under `id` whatever is there; no read, no guard. Engine documents only."""
        change(self._journal, self._blind(id), "state", state)

    def discard(self, id: str) -> None:
        """Remove whatever is under `id`; no read, no guard."""
        change(self._journal, self._blind(id), "state", None)

    async def load(self, ids: Iterable[str]) -> None:
        """Read many documents at once, so that `get` finds them without another read."""
        missing = [id for id in dict.fromkeys(ids) if id not in self._slots]
        if not missing:
            return
        for document in await self._store.load(self.name, missing):
            self._slots[document["_id"]] = Slot.of(document)
        for id in missing:
            if id not in self._slots:
                self._slots[id] = Slot(id)

    async def query(
        self, where: Mapping[str, Any], *, sort: Sort = (), limit: int = 0
    ) -> list[tuple[str, State]]:
        """States that match, as this work sees them; names are relative to the state.

        Begins with equality on an indexed name. What this work has already changed is shown as
        changed (and left out when deleted) but is not matched anew.
        """
        found = await self._store.query(
            self.name,
            {f"state.{name}": value for name, value in where.items()},
            [(f"state.{name}", direction) for name, direction in sort],
            limit,
        )
        slots = [self._slots.setdefault(one["_id"], Slot.of(one)) for one in found]
        return [(slot.id, slot.state) for slot in slots if slot.state is not None]

    async def count(
        self, where: Mapping[str, Any], *, by: Sequence[str] = (), each: str = ""
    ) -> Counts:
        """How many committed states match, by the values of some names, counted where they are kept.

        `each` names a list, the parts of which are counted one by one. Begins like `query` with
        equality on an indexed name.
        """
        return await self._store.count(
            self.name,
            {f"state.{name}": value for name, value in where.items()},
            [f"state.{name}" for name in by],
            f"state.{each}" if each else "",
        )

    async def slot(self, id: str) -> Slot:
        """The whole document, for the engine."""
        if id not in self._slots:
            await self.load((id,))
        return self._slots[id]

    def changed(self) -> list[Slot]:
        return [slot for slot in self._slots.values() if slot.dirty]

    def _blind(self, id: str) -> Slot:
        slot = self._slots.get(id)
        if slot is None:
            slot = self._slots[id] = Slot(id, blind=True)
        return slot


class Merged:
    """The changes of several units of work that share no document."""

    def __init__(self, works: Iterable[Work]) -> None:
        slots: dict[str, list[Slot]] = defaultdict(list)
        for work in works:
            for name, documents in work.collections.items():
                slots[name] += documents.changed()
        self.collections = {name: _Slots(name, changed) for name, changed in slots.items()}


@dataclass(frozen=True, slots=True)
class _Slots:
    name: str
    slots: list[Slot]

    def changed(self) -> list[Slot]:
        return self.slots
