"""Group commit on the database: all or none of a group, also when the process dies beside it."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator

import pytest

from chassis.mongo import OUTBOX, Mongo
from chassis.outbox import Chunk
from chassis.work import Work
from fairwait.servers import Stack
from tests.integration.chassis.grouped import KILL_POINT, REQUESTS, take, units_over

DATABASE = "fairwait_grouped"
KEPT = ("matches", "sessions")


@pytest.fixture
async def mongo(empty_stack: Stack) -> AsyncIterator[Mongo]:
    connected = Mongo(empty_stack.mongo_uri, DATABASE)
    await connected.prepare([*KEPT, OUTBOX], [])
    yield connected
    connected.close()


async def kept(mongo: Mongo) -> list[set[str]]:
    """The keys in each collection, and those of the events."""
    found = [{one["_id"] async for one in mongo.db[name].find()} for name in KEPT]
    chunks = [Chunk.read(one) async for one in mongo.db[OUTBOX].find()]
    return [*found, {row.key.decode() for chunk in chunks for row in chunk.rows if row.key}]


@pytest.mark.parametrize("point", ["", "edge-before-commit:3", "edge-after-commit:3"])
async def test_what_was_told_is_there_and_what_is_there_is_whole(mongo: Mongo, point: str) -> None:
    address = (
        f"mongodb://{mongo.client.address[0]}:{mongo.client.address[1]}/?directConnection=true"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.integration.chassis.grouped", address, DATABASE),
        env={"PYTHONPATH": ":".join(sys.path), KILL_POINT: point},
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await process.communicate()
    acknowledged = set(told.decode().split())

    matches, sessions, events = await kept(mongo)

    assert process.returncode == (-signal.SIGKILL if point else 0)
    assert acknowledged <= matches == sessions == events
    assert (len(matches) == REQUESTS) is (not point)
    assert len(matches) > 1  # two groups at least were committed


async def test_a_group_with_one_that_came_too_late_keeps_all(mongo: Mongo) -> None:
    """Another process changes what one of them has read: that one is done again, and alone."""
    turns: dict[str, int] = {}

    async def slowly(key: str, work: Work) -> None:
        turns[key] = turns.get(key, 0) + 1
        await take(key, work)
        if key == "k-3" and turns[key] == 1:
            await units_over(mongo).run(take, key)

    units = units_over(mongo)
    await asyncio.gather(*(units.run(slowly, f"k-{number}") for number in range(8)))

    matches, sessions, events = await kept(mongo)
    assert matches == sessions == events == {f"k-{number}" for number in range(8)}
    assert turns == {f"k-{number}": 2 if number == 3 else 1 for number in range(8)}


async def test_reads_at_the_same_time_are_each_answered_with_what_they_asked_for(
    mongo: Mongo,
) -> None:
    units = units_over(mongo)
    await asyncio.gather(*(units.run(take, f"k-{number}") for number in range(10)))

    async def read(ids: list[str], work: Work) -> list[bool]:
        documents = work.documents("matches")
        await documents.load(ids)
        return [await documents.get(id) is not None for id in ids]

    asked = [[f"k-{n}", f"k-{n + 5}", "k-1", f"none-{n}"] for n in range(10)]
    answers = await asyncio.gather(*(units.read(read, ids) for ids in asked))

    assert answers == [[True, n < 5, True, False] for n in range(10)]
