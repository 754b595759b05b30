"""Kafka by FastStream: one batch subscriber for everything a service reads.

The engine owns every outcome, so FastStream only hands raw records over and commits when the
handler returns. `KafkaAckableMessage` is no promised interface of FastStream: it is used here and
nowhere else, and a test holds it to what we need.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage
from faststream.security import BaseSecurity

from chassis.brake import BrakeTripped
from chassis.engine import Engine
from chassis.errors import TransientError
from contracts.topics import PARTITIONS, TOPICS, Service, Topic, read_by

log = structlog.get_logger()

NAMES = [topic.name for topic in TOPICS]


class Subscription:
    """A service's consumer: all its topics, one group, one batch at a time."""

    def __init__(
        self,
        engine: Engine,
        bootstrap: str,
        *,
        group: str,
        instance_id: str | None = None,
        session_ms: int = 15_000,
        batch_records: int = 500,
        security: BaseSecurity | None = None,
    ) -> None:
        self._engine = engine
        self._failures = 0
        self._stopping = asyncio.Event()
        self.braked: str | None = None
        self.assigned: set[int] = set()
        self.last_batch: float = 0.0
        self._broker = KafkaBroker(
            bootstrap,
            security=security,
            consumer_only=True,  # what we send goes through the outbox
            apply_types=False,
            logger=None,
            graceful_timeout=10,
        )
        self._subscriber = self._subscribe(group, instance_id, session_ms, batch_records)

    def _subscribe(
        self, group: str, instance_id: str | None, session_ms: int, batch_records: int
    ) -> Any:
        name: Service = self._engine.declaration.name
        subscriber: Any = self._broker.subscriber(
            *(topic.name for topic in read_by(name)),
            group_id=group,
            group_instance_id=instance_id,
            batch=True,
            max_records=batch_records,
            batch_timeout_ms=10,
            fetch_max_wait_ms=100,
            max_partition_fetch_bytes=1_048_576,
            auto_offset_reset="earliest",
            session_timeout_ms=session_ms,
            heartbeat_interval_ms=session_ms // 5,
            # The same partition number of every topic goes to the same copy: one writer per key.
            partition_assignment_strategy=(RangePartitionAssignor,),
            ack_policy=AckPolicy.NACK_ON_ERROR,
            parser=self._parse,
            decoder=_raw,
            listener=_Listener(self),
        )
        subscriber(self._consume)
        return subscriber

    async def _parse(self, raw: Any) -> KafkaAckableMessage:
        # Headers are never touched here: one that is not UTF-8 would lose the whole batch.
        return KafkaAckableMessage(
            raw_message=raw,
            body=b"",
            correlation_id="-",
            message_id="-",
            consumer=self._subscriber.consumer,
        )

    async def start(self) -> None:
        await self._broker.start()

    async def stop(self) -> None:
        """Stop fetching, let the batch at hand finish, leave the group."""
        self._stopping.set()
        await self._broker.stop()

    @property
    def polling(self) -> bool:
        """Whether the consume loop is alive."""
        return any(not task.done() for task in self._subscriber.tasks)

    async def _consume(self, records: Sequence[Any]) -> None:
        try:
            await self._engine.handle(records)
        except BrakeTripped as error:
            await self._brake(str(error))
        except TransientError as error:
            await self._wait(error)
        except Exception as error:
            log.error("batch.failed", exc_info=error)
            await self._wait(error)
        self._failures = 0
        self.last_batch = asyncio.get_running_loop().time()

    async def _wait(self, error: Exception) -> None:
        """Rest, then have the same batch handed over again. Nothing is passed over."""
        self._failures += 1
        log.warning("batch.waiting", failures=self._failures, error=type(error).__name__)
        await self._rest(min(0.1 * 2**self._failures, 10.0))
        raise error

    async def _brake(self, reason: str) -> None:
        """Stop taking records until this process is replaced. Nothing of the batch was kept."""
        self.braked = reason
        log.error("consumer.braked", reason=reason)
        await self._stopping.wait()
        raise BrakeTripped(reason)

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return


async def _raw(message: KafkaAckableMessage) -> Any:
    return message.raw_message


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, subscription: Subscription) -> None:
        self._subscription = subscription

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        partitions = {one.partition for one in revoked}
        self._subscription.assigned -= partitions
        self._subscription._engine.forget(partitions)

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        partitions = {one.partition for one in assigned}
        self._subscription.assigned |= partitions
        try:
            await self._subscription._engine.drain(partitions)
        except TransientError as error:
            # They are drained on first touch, before anything new of theirs is handled.
            log.warning("drain.postponed", error=str(error))


async def create_topics(
    bootstrap: str, *, replication: int, security: Mapping[str, Any] | None = None
) -> None:
    """Create the topics of the catalogue that are missing, dead letter topics included.

    Raises `TopicsDiffer` when one exists with another number of partitions.
    """
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap, **(security or {}))
    try:
        await client.start()
        existing = set(await client.list_topics())
        wanted = [topic for topic in _wanted(replication) if topic.name not in existing]
        if wanted:
            await _create(client, wanted)
        await _compare(client)
    except (KafkaError, OSError, TimeoutError) as error:
        raise TransientError(f"Kafka: {type(error).__name__}") from error
    finally:
        await client.close()


class TopicsDiffer(Exception):
    """A topic has another number of partitions than the catalogue: keys would change places."""


def _wanted(replication: int) -> list[NewTopic]:
    topics = []
    for topic in TOPICS:
        topics.append(_new(topic.name, topic, replication))
        topics += [_new(topic.dead_letters(reader), topic, replication) for reader in topic.readers]
    return topics


def _new(name: str, topic: Topic, replication: int) -> NewTopic:
    milliseconds = topic.retention_days * 86_400_000
    return NewTopic(
        name,
        topic.partitions,
        replication,
        topic_configs={"retention.ms": str(milliseconds)},
    )


async def _create(client: AIOKafkaAdminClient, topics: list[NewTopic]) -> None:
    answer = await client.create_topics(topics)
    for error in answer.topic_errors:
        kind = for_code(error[1])
        if error[1] and kind is not TopicAlreadyExistsError:
            raise kind(error[0])


async def _compare(client: AIOKafkaAdminClient) -> None:
    async with asyncio.timeout(30):
        # A new topic has no partitions for a moment, and nothing tells when it has.
        while not _all_there(await client.describe_topics(NAMES)):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


def _all_there(described: Sequence[Mapping[str, Any]]) -> bool:
    counts = {one["topic"]: len(one["partitions"]) for one in described}
    for topic, count in counts.items():
        if count not in {0, PARTITIONS}:
            raise TopicsDiffer(f"{topic} has {count} partitions and not {PARTITIONS}")
    return all(counts.values())
