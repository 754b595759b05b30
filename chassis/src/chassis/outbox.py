"""The outbox: what has been decided and still has to be sent, stored with the decision itself.

One chunk for the events of a batch and partition, or of one edge request. A chunk is deleted after
the broker's answer and never before, so whoever finds one sends it (again).
"""

from __future__ import annotations

import asyncio
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from uuid_utils.compat import uuid7

from chassis.errors import TransientError
from chassis.kill_points import reached
from chassis.mongo import translated
from chassis.work import Row
from contracts.topics import PARTITIONS

log = structlog.get_logger()

EDGE = -1
"""The partition of chunks that were born at an edge or of a timer, sent by the relay."""

ANSWER_WITHIN = 30.0  # seconds; aiokafka itself never expires an idempotent batch
LARGEST_BATCH = 262_144  # bytes


def partition_of(key: bytes | None) -> int:
    """The partition of a key on every topic of ours."""
    return zlib.crc32(key or b"") % PARTITIONS


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows stored as one document. Ids rise with time, so that chunks are sent in order."""

    id: str
    partition: int
    rows: Sequence[Row]

    @classmethod
    def of(cls, partition: int, rows: Sequence[Row]) -> Chunk:
        return cls(str(uuid7()), partition, rows)

    @classmethod
    def read(cls, document: dict[str, Any]) -> Chunk:
        rows = [
            Row(topic, key, value, [(name, bytes(content)) for name, content in headers])
            for topic, key, value, headers in document["rows"]
        ]
        return cls(document["_id"], document["p"], rows)

    def document(self) -> dict[str, Any]:
        return {"_id": self.id, "p": self.partition, "k": keys_of([self]), "rows": self.rows}


def keys_of(chunks: Iterable[Chunk]) -> list[bytes]:
    """What the rows are about, each key once."""
    keys = {row.key: None for chunk in chunks for row in chunk.rows if row.key is not None}
    return list(keys)


def in_sequence(rows: Iterable[Row]) -> list[Row]:
    """The rows so that none is sent before an earlier one of its key."""
    return sorted(rows, key=_sequence)


def _sequence(row: Row) -> int:
    return next((int(text) for name, text in row.headers if name == "ce_sequence"), 0)


class Outbox:
    """Sends chunks and lets go of them."""

    def __init__(self, collection: Any, producer: Producer) -> None:
        self._collection = collection
        self._producer = producer

    async def send(self, chunks: Sequence[Chunk]) -> None:
        """Send the rows of all chunks in order, then delete the chunks.

        Edges and batches may have said things about the same key, and each has a sender of its
        own. Whatever is still stored about the keys of these chunks is sent with them, and what is
        stored about the keys of those, and so on.

        Raises `TransientError` when the broker does not take them, or the database does not let go
        of them; they stay in the outbox.
        """
        if not chunks:
            return
        alone = True
        while others := await self._of_the_same_keys(chunks):
            chunks, alone = [*others, *chunks], False
        rows = (row for chunk in chunks for row in chunk.rows)
        reached("before-send")
        await self._producer.send(rows if alone else in_sequence(rows))
        reached("after-send")
        with translated():
            await self._collection.delete_many({"_id": {"$in": [chunk.id for chunk in chunks]}})

    async def _of_the_same_keys(self, chunks: Sequence[Chunk]) -> list[Chunk]:
        """What other senders have stored about these keys. Hardly ever anything.

        A number is given after the one before it was stored, so an earlier event of a key that is
        not found here any more is with the broker already.
        """
        ids = [chunk.id for chunk in chunks]
        with translated():
            found = self._collection.find({"k": {"$in": keys_of(chunks)}, "_id": {"$nin": ids}})
            return [Chunk.read(one) for one in await found.to_list(None)]

    async def drain(self, partition: int, *, limit: int = 0) -> int:
        """Send what is stored for `partition`, oldest first; how many chunks that were."""
        with translated():
            found = self._collection.find({"p": partition}).sort("_id", 1).limit(limit)
            chunks = [Chunk.read(one) for one in await found.to_list(None)]
        await self.send(chunks)
        return len(chunks)

    async def waiting(self) -> int:
        """How many chunks wait to be sent, of edges and partitions together."""
        return int(await self._collection.estimated_document_count())


class Producer:
    """An aiokafka producer that sends record batches and replaces itself when it is broken."""

    def __init__(self, bootstrap: str, *, idempotence: bool, **security: Any) -> None:
        self._arguments: dict[str, Any] = {
            "bootstrap_servers": bootstrap,
            "enable_idempotence": idempotence,
            "acks": "all",
            "max_batch_size": LARGEST_BATCH,
            "max_request_size": 4 * LARGEST_BATCH,
            "compression_type": "zstd",
            "metadata_max_age_ms": 60_000,
            **security,
        }
        self._producer: AIOKafkaProducer | None = None
        self._lock = asyncio.Lock()
        self.broken_since: float | None = None

    async def stop(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    async def send(self, rows: Iterable[Row]) -> None:
        """Send rows in the order given, per topic and partition; returns after all answers."""
        producer = await self._started()
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                for answer in await self._hand_over(producer, rows):
                    await answer
        except (KafkaError, TimeoutError, OSError) as error:
            await self._replace(producer)
            raise TransientError(f"Kafka: {type(error).__name__}") from error
        self.broken_since = None

    async def _hand_over(self, producer: Any, rows: Iterable[Row]) -> list[Any]:
        by_target: dict[tuple[str, int], list[Row]] = defaultdict(list)
        for row in rows:
            by_target[row.topic, partition_of(row.key)].append(row)
        return [
            await producer.send_batch(batch, topic, partition=partition)
            for (topic, partition), target in by_target.items()
            for batch in _batches(producer, target)
        ]

    async def _started(self) -> AIOKafkaProducer:
        async with self._lock:
            if self._producer is None:
                producer = AIOKafkaProducer(**self._arguments)
                try:
                    await producer.start()
                except (KafkaError, OSError) as error:
                    await producer.stop()
                    self._mark_broken()
                    raise TransientError(f"Kafka: {type(error).__name__}") from error
                self._producer = producer
            return self._producer

    async def _replace(self, broken: AIOKafkaProducer) -> None:
        # After a sequence gap or a fence only a new producer sends again.
        async with self._lock:
            self._mark_broken()
            if self._producer is broken:
                self._producer = None
        try:
            async with asyncio.timeout(5):
                await broken.stop()
        except (KafkaError, TimeoutError, OSError) as error:
            log.warning("producer.stop_failed", error=type(error).__name__)

    def _mark_broken(self) -> None:
        if self.broken_since is None:
            self.broken_since = asyncio.get_running_loop().time()


def _batches(producer: Any, rows: Iterable[Row]) -> Iterable[Any]:
    batch = producer.create_batch()
    for row in rows:
        if _append(batch, row) is None:
            yield batch
            batch = producer.create_batch()
            if _append(batch, row) is None:
                raise ValueError(f"a record for {row.topic} is larger than a batch")
    if batch.record_count():
        yield batch


def _append(batch: Any, row: Row) -> Any:
    return batch.append(key=row.key, value=row.value, timestamp=None, headers=row.headers)
