"""A job has one holder at a time, and another one when the first is gone."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from chassis.leases import LEASES, Lease
from chassis.mongo import Mongo
from fairwait.servers import Stack
from tests.integration.chassis.world import until

LENGTH = 1.5  # seconds


@pytest.fixture
async def mongo(empty_stack: Stack) -> AsyncIterator[Mongo]:
    connected = Mongo(empty_stack.mongo_uri, "fairwait_leases")
    yield connected
    connected.close()


async def until_of(mongo: Mongo) -> Any:
    return (await mongo.db[LEASES].find_one({"_id": "job"}))["until"]


async def test_the_holder_keeps_it_and_is_known_by_a_token_that_rises(mongo: Mongo) -> None:
    first, second = (Lease(mongo, "job", seconds=30) for _ in range(2))

    assert await first.hold()
    assert not await second.hold()
    token = first.token
    assert await first.hold()
    assert first.token == token

    await first.release()
    assert await second.hold()
    assert second.token is not None
    assert token is not None
    assert second.token > token
    assert not await first.hold()


async def test_it_is_written_anew_when_a_third_of_it_is_over_and_not_for_every_question(
    mongo: Mongo,
) -> None:
    lease = Lease(mongo, "job", seconds=LENGTH)
    long = Lease(mongo, "job", seconds=3600)
    assert await long.hold()
    begun = await until_of(mongo)
    assert all([await long.hold() for _ in range(20)])
    assert await until_of(mongo) == begun
    await long.release()

    assert await lease.hold()
    begun = await until_of(mongo)
    await asyncio.sleep(LENGTH / 3)
    assert await lease.hold()
    assert await until_of(mongo) > begun


async def test_one_that_is_silent_for_too_long_loses_it_and_is_told(mongo: Mongo) -> None:
    silent, other = (Lease(mongo, "job", seconds=LENGTH) for _ in range(2))
    assert await silent.hold()

    await until(other.hold)

    assert not await silent.hold()
