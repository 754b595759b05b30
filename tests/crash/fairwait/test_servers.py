"""What the servers keep when they are killed: everything they had acknowledged."""

import asyncio
from pathlib import Path

import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from fairwait.servers import NativeKafka, Stack
from tests.kafka import consumed, create_topic, produce


async def test_mongo_keeps_what_it_acknowledged(own_stack: Stack) -> None:
    client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(own_stack.mongo_uri)
    await client["wards"]["beds"].insert_many([{"_id": number} for number in range(500)])

    await own_stack.mongo.restart()

    assert await client["wards"]["beds"].count_documents({}) == 500
    await client.close()


async def test_a_paused_mongo_answers_again_when_it_is_resumed(own_stack: Stack) -> None:
    client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(
        own_stack.mongo_uri, serverSelectionTimeoutMS=300, socketTimeoutMS=300
    )
    await client.admin.command("ping")

    own_stack.mongo.pause()
    with pytest.raises(PyMongoError):
        await client.admin.command("ping")
    own_stack.mongo.resume()

    async with asyncio.timeout(10):
        await client.admin.command("ping")
    await client.close()


@pytest.mark.durable_kafka
async def test_kafka_keeps_what_it_acknowledged(own_stack: Stack) -> None:
    await create_topic(own_stack, "kept")
    await produce(own_stack, "kept", [b"%d" % number for number in range(100)])

    await own_stack.kafka.restart()

    assert len(await consumed(own_stack, "kept", 100)) == 100


@pytest.mark.durable_kafka
async def test_a_cluster_of_three_goes_on_without_one(tmp_path: Path, own_stack: Stack) -> None:
    cluster = NativeKafka(tmp_path / "cluster", brokers=3)
    await cluster.start()
    three = Stack(kafka=cluster, mongo=own_stack.mongo)
    try:
        await create_topic(three, "replicated", copies=3)
        await produce(three, "replicated", [b"before"])

        await cluster.brokers[0].kill()
        await produce(three, "replicated", [b"after"])

        assert await consumed(three, "replicated", 2) == [b"before", b"after"]
    finally:
        await cluster.stop()
