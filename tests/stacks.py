"""A stack made empty again, so that no test sees what another left."""

import asyncio
import os

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from pymongo import AsyncMongoClient

from fairwait.servers import External, ExternalKafka, NativeKafka, Stack, TansuKafka

KEPT_DATABASES = {"admin", "config", "local"}


async def emptied(stack: Stack) -> None:
    if isinstance(stack.kafka, External) or isinstance(stack.mongo, External):
        check_that_it_may_be_erased()
    await asyncio.gather(empty_kafka(stack), empty_mongo(stack))


def check_that_it_may_be_erased() -> None:
    if os.environ.get("FAIRWAIT_TEST_MAY_ERASE") != "1":
        pytest.fail(
            "this test empties the Kafka and MongoDB that the environment names; "
            "FAIRWAIT_TEST_MAY_ERASE=1 says that they hold nothing of worth",
            pytrace=False,
        )


async def empty_kafka(stack: Stack) -> None:
    match stack.kafka:
        case TansuKafka() as broker:
            await broker.restart()  # it keeps nothing, and is back in 30 ms
        case NativeKafka() | ExternalKafka():
            await delete_topics(stack.kafka_bootstrap)


async def delete_topics(bootstrap: str) -> None:
    """Kafka forgets a group's offsets with the topic that they are of."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        if topics := await own_topics(admin):
            await admin.delete_topics(topics)
        async with asyncio.timeout(30):
            while await own_topics(admin):  # noqa: ASYNC110 - nobody is told when it is done
                await asyncio.sleep(0.05)
    finally:
        await admin.close()


async def own_topics(admin: AIOKafkaAdminClient) -> list[str]:
    return [topic for topic in await admin.list_topics() if not topic.startswith("__")]


async def empty_mongo(stack: Stack) -> None:
    client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(stack.mongo_uri)
    try:
        for name in await client.list_database_names():
            if name not in KEPT_DATABASES:
                await client.drop_database(name)
    finally:
        await client.close()
