"""The engine with its servers: everything of a service but its web half, started and stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from faststream.security import BaseSecurity

from chassis import parking
from chassis.background import Doorbell, Relay, Retries, Sweep, Timers
from chassis.clock import Clock
from chassis.dead_letters import DEAD_LETTERS
from chassis.engine import Declaration, Engine
from chassis.kafka import Subscription, create_topics
from chassis.kill_points import reached
from chassis.leases import LEASES, Lease
from chassis.messages import Authenticate
from chassis.mongo import OUTBOX, Index, Mongo, MongoStore
from chassis.outbox import Outbox, Producer
from chassis.units import Units
from chassis.work import TIMERS

ENGINE_INDEXES = (
    Index(TIMERS, ("armed", "due_at")),
    Index(parking.PARKED, ("key",)),
    Index(parking.PARKED, ("reason", "next_try")),
    Index(parking.PARKED, ("reason", "deadline")),
    Index(DEAD_LETTERS, ("status",)),
)
ENGINE_COLLECTIONS = (TIMERS, parking.PARKED, DEAD_LETTERS, OUTBOX, LEASES, "health")


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the servers are and how to speak to them."""

    kafka: str
    mongo: str
    database: str
    idempotence: bool = True
    replication: int = 3
    instance_id: str | None = None
    session_ms: int = 15_000
    batch_records: int = 500
    group: str | None = None
    security: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of an aiokafka client; `broker_security` says the same to FastStream."""
    broker_security: BaseSecurity | None = None


class Machinery:
    """Connections, engine and background jobs of one service.

    `start` needs the database; Kafka may be away, edges then accept work all the same.
    """

    def __init__(
        self,
        declaration: Declaration,
        servers: Servers,
        clock: Clock,
        authenticate: Authenticate,
        *,
        indexes: Sequence[Index] = (),
        collections: Iterable[str] = (),
    ) -> None:
        self.declaration = declaration
        self.mongo = Mongo(servers.mongo, servers.database)
        self.store = MongoStore(self.mongo)
        self.producer = Producer(servers.kafka, idempotence=servers.idempotence, **servers.security)
        self.outbox = Outbox(self.mongo.db[OUTBOX], self.producer)
        self.engine = Engine(declaration, self.store, self.outbox, clock, authenticate)
        self.doorbell = Doorbell()
        self.units = Units(self.engine, self.store, self.doorbell.ring)
        self.lease = Lease(self.mongo, "relay")
        self.subscription = Subscription(
            self.engine,
            servers.kafka,
            group=servers.group or f"fairwait.{declaration.name}",
            instance_id=servers.instance_id,
            session_ms=servers.session_ms,
            batch_records=servers.batch_records,
            security=servers.broker_security,
        )
        self._servers = servers
        self._clock = clock
        self._indexes = (*ENGINE_INDEXES, *indexes)
        self._collections = (
            *ENGINE_COLLECTIONS,
            *declaration.streams.values(),
            *declaration.keyed_by.values(),
            *collections,
        )
        self._jobs: list[asyncio.Task[None]] = []

    async def prepare(self) -> None:
        """Create collections, indexes and topics that are missing."""
        await self.mongo.prepare(self._collections, self._indexes)

    async def connect(self) -> None:
        """Check the topics and begin to consume. Raises `TransientError` while Kafka is away."""
        servers = self._servers
        await create_topics(
            servers.kafka, replication=servers.replication, security=servers.security
        )
        await self.subscription.start()

    def jobs(self) -> list[asyncio.Task[None]]:
        """Start the background jobs. One that ends has failed: its exception is the reason."""
        assigned = self.subscription.assigned
        runs = {
            "relay": Relay(self.outbox, self.lease, self.doorbell).run(),
            "timers": Timers(self.units, self.store, self._clock).run(),
            "retries": Retries(self.units, self.engine, self.store).run(),
            "sweep": Sweep(self.engine, lambda: set(assigned)).run(),
        }
        self._jobs = [asyncio.create_task(run, name=name) for name, run in runs.items()]
        return self._jobs

    async def stop(self) -> None:
        """Finish the batch at hand, stop the jobs, let go of lease and connections, in this order."""
        async with AsyncExitStack() as stack:
            stack.callback(self.mongo.close)
            stack.push_async_callback(self.producer.stop)
            stack.push_async_callback(self.lease.release)
            stack.push_async_callback(self._stop_jobs)
            stack.push_async_callback(self.subscription.stop)
            reached("in-shutdown")

    async def _stop_jobs(self) -> None:
        for job in self._jobs:
            job.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)


__all__ = ["Machinery", "Servers"]
