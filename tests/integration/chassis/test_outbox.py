"""What edges and batches say about one key leaves in the order it was said, whoever sends it."""

from collections.abc import Iterable
from typing import Any

import pytest

from chassis.mongo import OUTBOX, Mongo
from chassis.outbox import EDGE, Chunk, Outbox
from chassis.work import Row
from fairwait.servers import Stack


class RecordingProducer:
    """A producer whose broker takes everything."""

    def __init__(self) -> None:
        self.sent: list[Row] = []

    async def send(self, rows: Iterable[Row]) -> None:
        self.sent += rows


def said(key: bytes, number: int) -> Row:
    return Row("offer", key, b"{}", [("ce_sequence", b"%d" % number)])


@pytest.fixture
async def mongo(empty_stack: Stack) -> Any:
    connected = Mongo(empty_stack.mongo_uri, "fairwait_small")
    await connected.prepare([OUTBOX], [])
    yield connected
    connected.close()


async def test_a_batch_is_sent_after_what_an_edge_said_before(mongo: Mongo) -> None:
    producer: Any = RecordingProducer()
    outbox = Outbox(mongo.db[OUTBOX], producer)
    edge = Chunk.of(EDGE, [said(b"one", 1), said(b"other", 1)])
    batch = Chunk.of(3, [said(b"one", 2), said(b"one", 3)])
    await mongo.db[OUTBOX].insert_many([edge.document(), batch.document()])

    await outbox.send([batch])

    assert [(row.key, row.headers[0][1]) for row in producer.sent] == [
        (b"one", b"1"), (b"other", b"1"), (b"one", b"2"), (b"one", b"3"),
    ]  # fmt: skip
    assert await outbox.waiting() == 0


async def test_an_edge_is_sent_after_what_a_batch_left_behind(mongo: Mongo) -> None:
    producer: Any = RecordingProducer()
    outbox = Outbox(mongo.db[OUTBOX], producer)
    left, foreign = Chunk.of(3, [said(b"one", 1)]), Chunk.of(4, [said(b"other", 1)])
    edge = Chunk.of(EDGE, [said(b"one", 2)])
    await mongo.db[OUTBOX].insert_many([one.document() for one in (left, foreign, edge)])

    await outbox.drain(EDGE)

    assert producer.sent == [said(b"one", 1), said(b"one", 2)]
    assert await outbox.waiting() == 1


async def test_what_is_sent_along_brings_what_was_said_before_it(mongo: Mongo) -> None:
    producer: Any = RecordingProducer()
    outbox = Outbox(mongo.db[OUTBOX], producer)
    first = Chunk.of(EDGE, [said(b"far", 1)])
    batch = Chunk.of(3, [said(b"far", 2), said(b"near", 1)])
    edge = Chunk.of(EDGE, [said(b"near", 2)])
    await mongo.db[OUTBOX].insert_many([one.document() for one in (first, batch, edge)])

    await outbox.send([edge])

    far = [row.headers[0][1] for row in producer.sent if row.key == b"far"]
    assert far == [b"1", b"2"]
    assert await outbox.waiting() == 0
