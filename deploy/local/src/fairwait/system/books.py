"""What every service has on its books: counted in their databases, without asking them.

Every document of a pathway says which events of it were published and which were applied. So
whether anything is still on its way is a sum, and needs no broker.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self, TypeAlias

from pymongo import AsyncMongoClient

from contracts import events
from contracts.event import Event
from contracts.topics import CAPACITY, TOPICS, Service

Document: TypeAlias = dict[str, Any]

# Where each service keeps what it said and heard of a pathway; a test holds it to their own.
PATHWAYS: Final[Mapping[Service, str]] = MappingProxyType(
    {"referral": "pathways", "matching": "matches", "notifications": "patients"}
)
LEDGER: Final = "chains"  # of reporting: counts every event in the transaction that keeps it
SERVICES: Final[tuple[Service, ...]] = (*PATHWAYS, "reporting")
# A session is said once and heard by reporting alone, so it is counted and not summed up.
PAIRS: Final = tuple(
    (topic.name, reader)
    for topic in TOPICS
    if topic.writer and topic is not CAPACITY
    for reader in topic.readers
)
_TOPIC_OF: Final = {
    cls.type: cls.topic.name
    for cls in (getattr(events, name) for name in events.__all__)
    if issubclass(cls, Event)
}


@dataclass(frozen=True, slots=True)
class Ahead:
    """How many events of each topic each reader has still to apply."""

    events: Mapping[tuple[str, Service], int]

    def of(self, service: Service) -> int:
        return sum(number for (_, reader), number in self.events.items() if reader == service)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Work that is due now and not done, by what it is. All zero: the system has settled."""

    work: Mapping[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return any(self.work.values())

    def __str__(self) -> str:
        return ", ".join(f"{number} {what}" for what, number in self.work.items() if number)


class Books:
    """Reads the databases of all services."""

    def __init__(self, uri: str, databases: Mapping[Service, str] | None = None) -> None:
        self._client: AsyncMongoClient[Document] = AsyncMongoClient(uri, tz_aware=True)
        names = databases or {service: f"fairwait_{service}" for service in SERVICES}
        self._databases = {service: self._client[names[service]] for service in SERVICES}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.close()

    # ---- what has happened

    async def events(self) -> Counter[str]:
        """Events by type, as far as reporting has them in its ledger."""
        counted: Counter[str] = Counter()
        async for chain in self._databases["reporting"][LEDGER].find({}, {"state.types": 1}):
            counted.update(dict(chain["state"]["types"]))
        return counted

    async def intake(self) -> int:
        """Submissions that referral has given a verdict on; a repeat has none of its own."""
        return await self._size("referral", "intake")

    async def sessions(self) -> int:
        """Sessions that matching has taken or turned down."""
        return await self._size("matching", "sessions")

    async def verdicts(self) -> Counter[str]:
        """Those submissions by verdict."""
        found = self._databases["referral"]["intake"]
        verdicts = ("accepted", "rejected")
        counts = [await found.count_documents({"state.verdict": one}) for one in verdicts]
        return Counter(dict(zip(verdicts, counts, strict=True)))

    # ---- what is still to be done

    async def due(self, now: datetime) -> Unfinished:
        """What is to be done now and costs little to find: nothing of it says not yet settled."""
        return Unfinished(await self._due(now))

    async def unfinished(self, now: datetime) -> Unfinished:
        """What is due and not done, and the events that somebody has still to apply.

        What was heard is read first and what was said last. When they agree, nothing was
        published in between that was not heard before; and whatever is due would be.
        """
        heard = await self._sums("seen")
        work = await self._due(now)
        unheard = await self.sessions() - heard["reporting", CAPACITY.name]
        said = await self._sums("said")
        return Unfinished({**work, "sessions for reporting": unheard, **_ahead(said, heard)})

    async def ahead(self) -> Ahead:
        """How far each reader is behind."""
        heard = await self._sums("seen")
        said = await self._sums("said")
        return Ahead(
            {
                (topic, reader): max(0, said[_writer(topic), topic] - heard[reader, topic])
                for topic, reader in PAIRS
            }
        )

    async def backlog(self, service: Service) -> dict[str, int]:
        """What of one service waits: to be sent, to be tried again, for a person."""
        outbox, parked, dead = await asyncio.gather(
            self._size(service, "outbox"),
            self._size(service, "parked"),
            self._databases[service]["dead_letters"].count_documents({"state.status": "open"}),
        )
        return {"outbox": outbox, "parked": parked, "dead letters": dead}

    async def _due(self, now: datetime) -> dict[str, int]:
        work: Counter[str] = Counter()
        for service in SERVICES:
            backlog = await self.backlog(service)
            work["batches not sent"] += backlog["outbox"]
            work["records parked"] += backlog["parked"]
            work["timers due"] += await self._due_timers(service, now)
        work["messages to hand over"] += await self._due_messages(now)
        return work

    async def _due_timers(self, service: Service, now: datetime) -> int:
        due = {"state.armed": True, "state.due_at": {"$lte": now}}
        return await self._databases[service]["timers"].count_documents(due)

    async def _due_messages(self, now: datetime) -> int:
        messages = self._databases["notifications"]["messages"]
        ripe = {"state.status": "intended", "state.due_at": {"$lte": now}}
        under_way = {"state.status": {"$in": ["claimed", "unknown"]}}
        return await messages.count_documents(ripe) + await messages.count_documents(under_way)

    async def messages(self) -> Counter[str]:
        """Messages to patients by what has become of them."""
        statuses = ("intended", "claimed", "unknown", "handed_over", "delivered", "failed")
        found = self._databases["notifications"]["messages"]
        counts = [await found.count_documents({"state.status": status}) for status in statuses]
        return Counter(dict(zip(statuses, counts, strict=True)))

    # ---- sums

    async def _sums(self, what: str) -> Counter[tuple[Service, str]]:
        sums: Counter[tuple[Service, str]] = Counter()
        for service, collection in PATHWAYS.items():
            found = self._databases[service][collection].find({}, {what: 1, "_id": 0})
            for topic, number in _added_up(await found.to_list(None), what).items():
                sums[service, topic] += number
        for event_type, number in (await self.events()).items():
            sums["reporting", _TOPIC_OF[event_type]] += number
        return sums

    async def _size(self, service: Service, collection: str) -> int:
        return await self._databases[service][collection].estimated_document_count()


def _added_up(documents: Iterable[Document], what: str) -> Counter[str]:
    added: Counter[str] = Counter()
    for document in documents:
        for topic, number in (document.get(what) or {}).items():
            added[topic] += number
    return added


def _ahead(
    said: Counter[tuple[Service, str]], heard: Counter[tuple[Service, str]]
) -> dict[str, int]:
    return {
        f"events of {topic} for {reader}": said[_writer(topic), topic] - heard[reader, topic]
        for topic, reader in PAIRS
    }


def _writer(name: str) -> Service:
    writer = next(topic.writer for topic in TOPICS if topic.name == name)
    assert writer is not None  # PAIRS holds our own topics only
    return writer
