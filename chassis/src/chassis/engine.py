"""The batch engine: the outcome of every record, decided in one place.

For each batch: decode once, read what the handlers need, run the handlers in order over one unit
of work, commit states, marks, outbox and dead letters in one transaction, send, and only then let
the caller commit the offsets. A record ends done, rejected, dead, parked or is waited for; never
lost, never applied twice.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import structlog
from aiokafka import ConsumerRecord

from chassis import parking
from chassis.brake import Brake
from chassis.clock import Clock
from chassis.dead_letters import bury
from chassis.errors import NotYet, Rejected, TransientError, VersionConflict
from chassis.handlers import Handlers
from chassis.kill_points import reached
from chassis.messages import (
    Authenticate,
    Received,
    Recorded,
    RefusedSubmission,
    UnknownEvent,
    decode_event,
    decode_submission,
    position,
)
from chassis.outbox import Chunk, Outbox
from chassis.work import Row, Slot, Work
from contracts.event import Envelope, Event, Unreadable
from contracts.submissions import TYPES
from contracts.topics import BY_NAME, SUBMISSION, Service

log = structlog.get_logger()

CONFLICT_TRIES = 8


@dataclass(frozen=True, slots=True)
class Declaration:
    """What the engine has to know of a service.

    `streams` maps each topic it writes to the collection whose documents count what was said;
    `keyed_by` maps each topic it reads to the collection whose documents mark what was seen.
    """

    name: Service
    handlers: Handlers
    streams: Mapping[str, str]
    keyed_by: Mapping[str, str]
    wrap: Callable[[Work], Any]


Observe: TypeAlias = Callable[[Sequence[Envelope], int, int], None]
"""Told of every batch: the envelopes of its events, how many records, begun at (ns)."""

Trace: TypeAlias = Callable[[str, str], str]
"""The traceparent of a story, from the one its sender gave and from the story's own name."""


def _unobserved(envelopes: Sequence[Envelope], records: int, started: int) -> None:
    return None


def _untraced(traceparent: str, story: str) -> str:
    return traceparent


Message: TypeAlias = Event | UnknownEvent | Received[Any] | RefusedSubmission


@dataclass(slots=True)
class Item:
    """One record of a batch and what became of decoding it."""

    record: ConsumerRecord[Any, Any]
    message: Message | None = None
    key: str = ""
    unreadable: str = ""


class Engine:
    """Applies batches of one service."""

    def __init__(
        self,
        declaration: Declaration,
        store: Any,
        outbox: Outbox,
        clock: Clock,
        authenticate: Authenticate,
    ) -> None:
        self.declaration = declaration
        self.outbox = outbox
        self.brake = Brake()
        self.observe: Observe = _unobserved
        self.trace: Trace = _untraced
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self._store = store
        self._clock = clock
        self._authenticate = authenticate
        self._drained: set[int] = set()
        self._one_at_a_time = asyncio.Lock()

    def begin(self, traceparent: str = "") -> Work:
        """A new unit of work of this service."""
        return Work(
            self._store,
            service=self.declaration.name,
            streams=self.declaration.streams,
            now=self._clock.now(),
            traceparent=traceparent,
        )

    def forget(self, partitions: Iterable[int]) -> None:
        """Partitions taken away: whatever their next owner leaves is drained before we go on."""
        self._drained.difference_update(partitions)

    async def drain(self, partitions: Iterable[int]) -> None:
        """Send what a former owner of these partitions had committed and not yet sent."""
        async with self._one_at_a_time:
            await self._drain(partitions)

    async def _drain(self, partitions: Iterable[int]) -> None:
        for partition in sorted(set(partitions) - self._drained):
            await self.outbox.drain(partition)
            self._drained.add(partition)

    async def sweep(self, partitions: Iterable[int]) -> None:
        """Drain these partitions again. No batch of ours is under way meanwhile."""
        async with self._one_at_a_time:
            for partition in sorted(partitions):
                await self.outbox.drain(partition)

    async def handle(self, records: Sequence[ConsumerRecord[Any, Any]]) -> None:
        """Apply a batch. When this returns, its offsets may be committed.

        Raises `TransientError` when the batch has to be handed over again, and `BrakeTripped`.
        """
        reached("after-fetch")
        started = time.time_ns()
        partitions = {record.partition for record in records}
        items = [self._decode(record) for record in records]
        async with self._one_at_a_time:
            await self._drain(partitions)
            try:
                await self.outbox.send(await self._apply(items))
            except BaseException:
                # What was committed and not sent is drained before these partitions go on.
                self.forget(partitions)
                raise
        envelopes = [one.message.envelope for one in items if isinstance(one.message, Event)]
        self.observe(envelopes, len(records), started)
        reached("before-offset")

    def _decode(self, record: ConsumerRecord[Any, Any]) -> Item:
        try:
            if record.topic == SUBMISSION.name:
                submission = decode_submission(record, self._authenticate)
                return Item(record, submission, self._submission_key(submission))
            event = decode_event(record)
            return Item(record, event, event.envelope.subject)
        except Unreadable as error:
            return Item(record, unreadable=str(error))

    def _submission_key(self, message: Received[Any] | RefusedSubmission) -> str:
        """The key whose order the submission keeps; empty where it is another reader's business."""
        handlers = self.declaration.handlers
        if isinstance(message, RefusedSubmission):
            return message.message_id if TYPES[message.type] in handlers.events else ""
        if type(message.submission) not in handlers.events or handlers.key_of is None:
            return ""
        return handlers.key_of(message.submission)

    async def _apply(self, items: Sequence[Item]) -> list[Chunk]:
        for attempt in range(CONFLICT_TRIES):
            run = Run(self)
            try:
                await run.load(items)
                chunks = await run.all(items)
                reached("before-commit")
                await self._store.commit(run.work, chunks)
            except VersionConflict:
                await asyncio.sleep(random.uniform(0, 0.02 * 2**attempt))
                continue
            reached("after-commit")
            self.brake = run.brake
            self.outcomes.update(run.outcomes)
            return chunks
        raise TransientError("documents of this batch keep being changed by others")

    async def retry(self, collection: str, key: str, now: datetime, work: Work) -> None:
        """Try the parked records of one key again, in order, as their time has come."""
        run = Run(self, work)
        await run.retry(await work.documents(collection).slot(key), collection, now)
        self.outcomes.update(run.outcomes)


class Run:
    """One attempt at a batch: everything here is thrown away on a conflict."""

    def __init__(self, engine: Engine, work: Work | None = None) -> None:
        self.declaration = engine.declaration
        self.handlers = engine.declaration.handlers
        self.work = work or engine.begin()
        self.wrapped = engine.declaration.wrap(self.work)
        self.brake = engine.brake.fork()
        self._trace = engine.trace
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self._applied: list[Item] = []
        self._rows: dict[int, list[Row]] = defaultdict(list)

    async def load(self, items: Sequence[Item]) -> None:
        """Read the key documents of all items, then whatever the service's loaders ask for."""
        wanted: dict[str, dict[str, None]] = defaultdict(dict)
        for item in items:
            if item.key and not isinstance(item.message, RefusedSubmission):
                wanted[self._collection(item)][item.key] = None
        for collection, keys in wanted.items():
            await self.work.documents(collection).load(keys)
        unheard = (UnknownEvent, type(None))
        messages = [item.message for item in items if not isinstance(item.message, unheard)]
        for loader in self.handlers.loaders:
            await loader(messages, self.wrapped)

    async def all(self, items: Sequence[Item]) -> list[Chunk]:
        """Take every item in order; the outbox chunks of the batch, one per source partition."""
        for item in items:
            await self._take(item)
        await self._end_of_batch()
        reached("after-handlers")
        return [Chunk.of(partition, rows) for partition, rows in self._rows.items() if rows]

    async def _take(self, item: Item) -> None:
        before = len(self.work.rows)
        if item.unreadable:
            await self._bury(item, item.unreadable)
        elif isinstance(item.message, Event | UnknownEvent):
            await self._event(item, item.message.envelope.sequence)
        else:
            await self._submission(item)
        if len(self.work.rows) > before:
            self._rows[item.record.partition].extend(self.work.rows[before:])

    async def _event(self, item: Item, sequence: int) -> None:
        topic = item.record.topic
        slot = await self._slot(item)
        last = slot.seen.get(topic, 0)
        if sequence <= last:
            self._count(item, "repeat")
        elif slot.blocked:
            await self._park(item, slot, parking.BLOCKED)
        elif sequence > last + 1:
            await self._park(item, slot, parking.GAP)
        else:
            await self._try_or_park(item, slot)

    async def _submission(self, item: Item) -> None:
        if not item.key:
            self._count(item, "of_another_reader")
            return
        if isinstance(item.message, RefusedSubmission):
            if self.handlers.refused is not None:
                await self.handlers.refused(item.message, self.wrapped)
            self._count(item, "rejected")
            return
        slot = await self._slot(item)
        if slot.blocked or await parking.waits(self.work, slot, item.record.topic):
            await self._park(item, slot, parking.BLOCKED)
        else:
            await self._try_or_park(item, slot)

    async def _try_or_park(self, item: Item, slot: Slot) -> None:
        failure = await self._attempt(item, slot)
        if failure is None:
            self.brake.done()
            await self._unpark(slot, self._collection(item))
        elif isinstance(failure, NotYet):
            await self._park(item, slot, parking.NOT_YET)
        else:
            self.brake.set_aside()
            await self._park(item, slot, parking.ERROR, failure)

    async def _attempt(self, item: Item, slot: Slot) -> Exception | None:
        """Handle one item. On failure only its own changes are taken back, and why is returned."""
        savepoint = self.work.savepoint()
        try:
            await self._handle(item, slot)
        except TransientError:
            raise
        except Exception as error:
            self.work.undo(savepoint)
            return error
        return None

    async def _handle(self, item: Item, slot: Slot) -> None:
        message = item.message
        if isinstance(message, Received):
            story = f"{message.publisher}:{message.message_id}"
            self.work.traceparent = self._trace(message.traceparent, story)
            refusal = await receive(message, self.handlers, self.work, self.wrapped)
            self._count(item, "rejected" if refusal else "done")
            return
        assert isinstance(message, Event | UnknownEvent)
        handler = self.handlers.events.get(type(message))
        if handler is not None:
            await handler(message, self.wrapped)
        topic = item.record.topic
        self.work.change(slot, "seen", {**slot.seen, topic: message.envelope.sequence})
        if self.handlers.batch is not None:
            self._applied.append(item)
        self._count(item, "unknown_type" if isinstance(message, UnknownEvent) else "done")

    async def _end_of_batch(self) -> None:
        """Hand everything new to the service's batch reader, in the same transaction."""
        if self.handlers.batch is None or not self._applied:
            return
        before = len(self.work.rows)
        await self.handlers.batch([_recorded(item) for item in self._applied], self.wrapped)
        if len(self.work.rows) > before:
            partition = self._applied[0].record.partition
            self._rows[partition].extend(self.work.rows[before:])

    async def _park(
        self, item: Item, slot: Slot, reason: str, error: Exception | None = None
    ) -> None:
        message = item.message
        parked = await parking.park(
            self.work,
            slot,
            item.record,
            collection=self._collection(item),
            sequence=_sequence(message),
            publisher=message.publisher if isinstance(message, Received) else None,
            reason=reason,
            error=error,
        )
        if parked:
            self._count(item, f"parked_{reason}")
            parking.report(item.record, slot.id, reason, error)

    async def _unpark(self, slot: Slot, collection: str) -> None:
        """After progress on a key: try what had parked behind it, until nothing moves."""
        while slot.parked and not slot.blocked and await self._unpark_once(slot, collection):
            continue

    async def _unpark_once(self, slot: Slot, collection: str) -> bool:
        moved = False
        stuck: set[str] = set()
        for parked_id, state in await parking.of_key(self.work, slot.id):
            topic = state["topic"]
            if topic in stuck:
                continue
            item = self._restored(state)
            settled = await self._settle(item, slot, state)
            if settled:
                await parking.release(self.work, slot, parked_id)
                moved = True
            else:
                stuck.add(topic)
        return moved

    async def _settle(self, item: Item, slot: Slot, state: Mapping[str, Any]) -> bool:
        """True when a parked record is done, now or before."""
        if isinstance(item.message, Event | UnknownEvent):
            last = slot.seen.get(item.record.topic, 0)
            if item.message.envelope.sequence <= last:
                return True
            if item.message.envelope.sequence > last + 1 or state["reason"] == parking.ERROR:
                return False
        elif state["reason"] == parking.ERROR:
            return False
        return await self._attempt(item, slot) is None

    async def retry(self, slot: Slot, collection: str, now: datetime) -> None:
        """Try the first failed record of a key again; after its last try the key is blocked."""
        for parked_id, state in await parking.of_key(self.work, slot.id):
            if state["reason"] != parking.ERROR or state["next_try"] > now:
                continue
            item = self._restored(state)
            failure = await self._attempt(item, slot)
            if failure is None:
                await parking.release(self.work, slot, parked_id)
                await self._unpark(slot, collection)
            else:
                await parking.failed_again(self.work, slot, parked_id, state, failure, now)
            break  # what parked behind it has its own time
        await self._end_of_batch()

    def _restored(self, state: Mapping[str, Any]) -> Item:
        record = parking.record_of(state)
        if record.topic != SUBMISSION.name:
            return Item(record, decode_event(record), state["key"])
        # Its token was verified when it came and may have expired since.
        received = decode_submission(record, lambda token, at, scope: str(state["publisher"]))
        return Item(record, received, state["key"])

    async def _bury(self, item: Item, reason: str) -> None:
        reader = self.declaration.name
        topic = BY_NAME[item.record.topic].dead_letters(reader)
        row = await bury(self.work, item.record, topic, reason)
        if row is not None:
            self.brake.set_aside()
            self.work.rows.append(row)
            self._count(item, "dead")
            log.error("record.dead", position=position(item.record), reason=reason)

    async def _slot(self, item: Item) -> Slot:
        return await self.work.documents(self._collection(item)).slot(item.key)

    def _collection(self, item: Item) -> str:
        return self.declaration.keyed_by[item.record.topic]

    def _count(self, item: Item, outcome: str) -> None:
        self.outcomes[item.record.topic, outcome] += 1


async def receive(
    received: Received[Any], handlers: Handlers, work: Work, wrapped: Any
) -> Rejected | None:
    """Handle one submission, from whichever way in. A refusal is recorded by the service's own
    hook in place of what the handler had begun, and returned.
    """
    savepoint = work.savepoint()
    try:
        await handlers.events[type(received.submission)](received, wrapped)
    except Rejected as refusal:
        if handlers.rejected is None:
            raise
        work.undo(savepoint)
        await handlers.rejected(received, refusal.faults, wrapped)
        return refusal
    return None


def _sequence(message: Message | None) -> int:
    """The place of an event in its stream; submissions have none."""
    return message.envelope.sequence if isinstance(message, Event | UnknownEvent) else 0


def _recorded(item: Item) -> Recorded:
    record, message = item.record, item.message
    return Recorded(
        record.topic,
        record.partition,
        record.offset,
        record.key,
        record.value,
        tuple(record.headers),
        message if isinstance(message, Event) else None,
    )


__all__ = ["Declaration", "Engine", "receive"]
