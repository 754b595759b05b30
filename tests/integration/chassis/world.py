"""A small service over the real machinery, and a publisher that writes what a writer would."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from chassis.clock import Clock, SystemClock
from chassis.engine import Declaration
from chassis.errors import NotYet
from chassis.handlers import Handlers
from chassis.machinery import Machinery, Servers
from chassis.outbox import partition_of
from chassis.testing import NOW
from chassis.work import Work
from contracts.event import Event, read, write
from contracts.events import ClockContinued, ClockStarted, OfferStayed, StayChosen
from fairwait.servers import Stack

PATIENCE = 40.0  # seconds; a group takes 3 s to form on the embedded broker


@dataclass
class Ledger:
    """What the handlers of the small service did, in memory, only to make them misbehave."""

    fail: set[str] = field(default_factory=set)
    needs: set[str] = field(default_factory=set)


def small_service(behaviour: Ledger) -> Declaration:
    """Counts clock events of a pathway and answers each with an `offer.stayed`."""
    handlers = Handlers()

    @handlers.on(ClockStarted, ClockContinued)
    async def count(event: Event, work: Work) -> None:
        if event.subject in behaviour.fail:
            raise RuntimeError("a bug")
        matches = work.documents("matches")
        state = await matches.get(event.subject) or {"seen": []}
        if event.subject in behaviour.needs and "answer" not in state:
            raise NotYet("answer")
        await matches.put(event.subject, {**state, "seen": [*state["seen"], event.sequence]})
        await work.publish(OfferStayed.after(event, shortlist_id="s", provider="RJ1"))

    @handlers.on(StayChosen)
    async def stay(event: StayChosen, work: Work) -> None:
        matches = work.documents("matches")
        state = await matches.get(event.subject) or {"seen": []}
        await matches.put(event.subject, {**state, "answer": event.shortlist_id})

    @handlers.on_timer("ring")
    async def ring(subject: str, work: Work) -> None:
        matches = work.documents("matches")
        state = await matches.get(subject) or {"seen": []}
        await matches.put(subject, {**state, "rang": state.get("rang", 0) + 1})

    return Declaration(
        name="matching",
        handlers=handlers,
        streams={"offer": "matches", "capacity": "sessions"},
        keyed_by={
            "referral": "matches",
            "appointment": "matches",
            "response": "matches",
            "submission": "matches",
        },
        wrap=lambda work: work,
    )


def servers_of(stack: Stack, database: str = "fairwait_small") -> Servers:
    return Servers(
        kafka=stack.kafka_bootstrap,
        mongo=stack.mongo_uri,
        database=database,
        idempotence=stack.idempotence,
        replication=1,
        session_ms=6_000,
    )


def no_tokens(token: str, at: object, scope: str) -> str:
    raise AssertionError("the small service reads no submissions")


@asynccontextmanager
async def running(
    stack: Stack, declaration: Declaration, *, clock: Clock | None = None
) -> AsyncIterator[Machinery]:
    machinery = Machinery(declaration, servers_of(stack), clock or SystemClock(), no_tokens)
    await machinery.prepare()
    await machinery.connect()
    machinery.jobs()
    try:
        yield machinery
    finally:
        await machinery.stop()


class Publisher:
    """Writes events of one topic as their one writer would, numbered per subject."""

    def __init__(self, stack: Stack) -> None:
        self._producer = AIOKafkaProducer(bootstrap_servers=stack.kafka_bootstrap)
        self._said: dict[tuple[str, str], int] = {}

    async def __aenter__(self) -> "Publisher":
        await self._producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._producer.stop()

    def number(self, event: Event) -> Event:
        key = event.topic.name, event.subject
        self._said[key] = self._said.get(key, 0) + 1
        return event.published(sequence=self._said[key], source="urn:test", now=NOW)

    async def send(self, events: Sequence[Event]) -> None:
        """Send events that are numbered, in the order given."""
        for event in events:
            key, value, headers = write(event)
            await self.raw(event.topic.name, key, value, headers)

    async def raw(self, topic: str, key: bytes, value: bytes, headers: list[Any]) -> None:
        await self._producer.send_and_wait(
            topic, value, key=key, headers=headers, partition=partition_of(key)
        )


async def everything(stack: Stack, topic: str) -> list[Any]:
    """All records of a topic, in the order of their partitions."""
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=stack.kafka_bootstrap, auto_offset_reset="earliest"
    )
    await consumer.start()
    records: list[Any] = []
    try:
        while batch := await consumer.getmany(timeout_ms=700):
            records += [record for part in batch.values() for record in part]
    finally:
        await consumer.stop()
    return records


def sequences(records: Sequence[Any]) -> dict[str, list[int]]:
    """The sequence numbers per subject, as they arrived."""
    found: dict[str, list[int]] = {}
    for record in records:
        event = read(record.value, record.headers)
        found.setdefault(event.subject, []).append(event.sequence)
    return found


async def until(condition: Callable[[], Any], patience: float = PATIENCE) -> None:
    """Wait for a condition, sync or async, looking ten times a second."""
    async with asyncio.timeout(patience):
        while True:
            found = condition()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return
            await asyncio.sleep(0.1)
