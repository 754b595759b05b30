"""Kafka as a test speaks to it: no consumer group, no waiting beyond what was asked for."""

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from fairwait.servers import Stack


async def create_topic(stack: Stack, name: str, *, partitions: int = 1, copies: int = 1) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka_bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, partitions, copies)])
    finally:
        await admin.close()


async def produce(
    stack: Stack, topic: str, values: Sequence[bytes], key: bytes | None = None
) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=stack.kafka_bootstrap,
        enable_idempotence=stack.idempotence,
        acks="all",
    )
    await producer.start()
    try:
        for value in values:
            await producer.send_and_wait(topic, value, key=key)
    finally:
        await producer.stop()


async def consumed(stack: Stack, topic: str, count: int, seconds: float = 20) -> list[bytes]:
    """The first `count` values of the topic; fails when they are not there in time."""
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=stack.kafka_bootstrap, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        async with asyncio.timeout(seconds):
            return [(await consumer.getone()).value for _ in range(count)]
    finally:
        await consumer.stop()
