"""Six mistakes that are easy to make, each put into a service from outside, for one process.

No product code knows of them. Each breaks one promise when the process dies at the wrong moment,
and the oracle has to see it.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from aiokafka import TopicPartition

from chassis import mongo
from chassis.engine import Item, Run
from chassis.kafka import Subscription
from chassis.kill_points import reached
from chassis.mongo import MongoStore
from chassis.outbox import Chunk, Outbox
from chassis.work import Changes, Slot
from notifications.domain.message import Claimed, Message
from notifications.repositories import Claims, _read_message
from notifications.sender import Sender

BETWEEN: Final = "before-hand-over"  # a name that the planted service does not use itself


def offset_before_commit() -> None:
    """The offset of a batch is committed first, then the batch is handled."""
    consume = Subscription._consume

    async def planted(self: Subscription, records: Sequence[Any]) -> None:
        offsets: dict[TopicPartition, int] = {}
        for record in records:
            place = TopicPartition(record.topic, record.partition)
            offsets[place] = max(offsets.get(place, 0), record.offset + 1)
        await self._subscriber.consumer.commit(offsets)
        await consume(self, records)

    Subscription._consume = planted  # type: ignore[method-assign]


def marks_outside_the_transaction() -> None:
    """What was seen is marked by itself, and the states follow in a transaction of their own."""
    commit = MongoStore.commit

    async def mark(store: MongoStore, collection: str, slot: Slot) -> None:
        marks = {"$set": {"seen": slot.seen}, "$setOnInsert": {"v": 1, "state": None}}
        await store.mongo.db[collection].update_one({"_id": slot.id}, marks, upsert=True)
        slot.version = slot.version or 1

    async def planted(self: MongoStore, work: Changes, chunks: Sequence[Chunk] = ()) -> None:
        seen = [
            (documents.name, slot)
            for documents in work.collections.values()
            for slot in documents.changed()
            if slot.seen
        ]
        for collection, slot in seen:
            await mark(self, collection, slot)
        if seen:
            reached(BETWEEN)
        await commit(self, work, chunks)

    MongoStore.commit = planted  # type: ignore[method-assign]


def relay_marks_before_the_answer() -> None:
    """What is to be sent is let go of first, and then sent."""

    async def planted(self: Outbox, chunks: Sequence[Chunk]) -> None:
        if not chunks:
            return
        await self._collection.delete_many({"_id": {"$in": [chunk.id for chunk in chunks]}})
        reached("before-send")
        await self._producer.send(row for chunk in chunks for row in chunk.rows)
        reached("after-send")

    Outbox.send = planted  # type: ignore[method-assign]


def ignored_version_conflict() -> None:
    """A document is written whatever somebody else has made of it since it was read."""
    run = mongo._Write.run

    async def planted(self: mongo._Write, db: Any, session: Any) -> None:
        for operation in self.operations:
            operation.get("q", {}).pop("v", None)
        await run(replace(self, guarded=False), db, session)

    mongo._Write.run = planted  # type: ignore[method-assign]


def dead_letter_skipped() -> None:
    """A record that cannot be read is passed over."""

    async def planted(self: Run, item: Item, reason: str) -> None:
        self._count(item, "dead")

    Run._bury = planted  # type: ignore[method-assign]


def claim_after_send() -> None:
    """A message is handed over first and claimed when that is done."""
    record = Sender._record

    async def due(
        self: Claims,
        claim: str,
        *,
        now: datetime,
        wall: datetime,
        lease_until: datetime,
        limit: int,
    ) -> list[Message]:
        ripe = {
            "state.status": "intended",
            "state.due_at": {"$lte": now},
            "state.rested_until": {"$lte": wall},
        }
        # The database keeps milliseconds, and a claim is known by all it says.
        until = lease_until.replace(microsecond=lease_until.microsecond // 1000 * 1000)
        found = await self._messages.find(ripe, limit=limit).to_list(None)
        read = [_read_message(one["_id"], one["state"]) for one in found]
        return [replace(one, status=Claimed(claim, until)) for one in read]

    async def claim_then_record(self: Sender, messages: Sequence[Message], outcomes: Any) -> None:
        for message in messages:
            if isinstance(message.status, Claimed):
                await self.claims._messages.update_one(
                    {"_id": message.message_id, "state.status": "intended"},
                    _claimed(message.status),
                )
        await record(self, messages, outcomes)

    Claims.due = due  # type: ignore[method-assign]
    Sender._record = claim_then_record  # type: ignore[method-assign]


def _claimed(status: Claimed) -> dict[str, Any]:
    claim = {"status": "claimed", "claim": status.claim, "lease_until": status.lease_until}
    return {"$set": {f"state.{name}": text for name, text in claim.items()}, "$inc": {"v": 1}}


BUGS: Final[dict[str, Callable[[], None]]] = {
    "offset-before-commit": offset_before_commit,
    "marks-outside-the-transaction": marks_outside_the_transaction,
    "relay-marks-before-the-answer": relay_marks_before_the_answer,
    "ignored-version-conflict": ignored_version_conflict,
    "dead-letter-skipped": dead_letter_skipped,
    "claim-after-send": claim_after_send,
}
