"""A run never begins in servers of others that hold a world already."""

import asyncio

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pymongo import AsyncMongoClient

from fairwait.servers import ExternalKafka, ExternalMongo, ServerFailed, Stack
from fairwait.system.newness import check_that_it_is_new


@pytest.fixture
def given(empty_stack: Stack) -> Stack:
    """The servers of this test, as if the environment had named them."""
    return Stack(
        kafka=ExternalKafka(empty_stack.kafka_bootstrap, idempotence=empty_stack.idempotence),
        mongo=ExternalMongo(empty_stack.mongo_uri),
    )


async def test_empty_servers_are_taken(given: Stack) -> None:
    await check_that_it_is_new(given)


async def test_a_database_of_ours_is_left_alone(given: Stack) -> None:
    client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(given.mongo_uri)
    await client["fairwait_referral"]["pathways"].insert_one({"_id": "one"})
    await client.close()

    with pytest.raises(ServerFailed, match="already has fairwait_referral"):
        await check_that_it_is_new(given)


async def test_a_topic_of_ours_is_left_alone(given: Stack) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=given.kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic("referral", 12, 1)])
    async with asyncio.timeout(30):
        while "referral" not in await admin.list_topics():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await admin.close()

    with pytest.raises(ServerFailed, match="already has the topics referral"):
        await check_that_it_is_new(given)
