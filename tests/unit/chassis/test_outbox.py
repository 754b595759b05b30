"""The outbox while the database is away: what it raises is tried again and ends no job."""

from collections.abc import Iterable
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from chassis.errors import TransientError
from chassis.outbox import EDGE, Chunk, Outbox
from chassis.work import Row


class AwayCollection:
    """A collection whose server was killed."""

    def find(self, *_: Any) -> "AwayCollection":
        return self

    sort = limit = find

    async def to_list(self, length: None) -> list[Any]:
        raise AutoReconnect

    async def delete_many(self, *_: Any) -> None:
        raise AutoReconnect


class TakingProducer:
    """A producer whose broker takes everything."""

    async def send(self, rows: Iterable[Row]) -> None:
        list(rows)


def outbox() -> Outbox:
    producer: Any = TakingProducer()
    return Outbox(AwayCollection(), producer)


async def test_chunks_that_cannot_be_read_are_tried_again() -> None:
    with pytest.raises(TransientError):
        await outbox().drain(EDGE)


async def test_chunks_that_cannot_be_let_go_of_are_tried_again() -> None:
    with pytest.raises(TransientError):
        await outbox().send([Chunk.of(EDGE, [Row("offer", b"k", b"v", [])])])
