"""CPU of our process per event: full handling against reading and validating alone.

`python -m tests.bench.engine`. Floors and subject alternate inside one run; medians of five. The
database is one that answers OK to everything, so that a slow one cannot hide a slow client.
"""

from __future__ import annotations

import asyncio
import gc
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import UUID

import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.clock import SystemClock
from chassis.engine import Declaration
from chassis.handlers import Handlers
from chassis.kafka import create_topics
from chassis.machinery import Machinery, Servers
from chassis.outbox import Producer, Row
from chassis.testing import NOW
from chassis.work import Work
from contracts.event import Event, write
from contracts.events import AppointmentBooked, OfferAccepted, OfferShortlisted, ProviderChosen
from contracts.examples import EVENTS
from contracts.topics import PARTITIONS
from fairwait.servers import Stack

EVENTS_IN_A_RUN: Final = 20_000
EVENTS_ONE_BY_ONE: Final = 400
BATCH: Final = 500
RUNS: Final = 5


class Meter:
    """CPU of this process from the first record on: joining a group is not part of it."""

    def __init__(self, expected: int) -> None:
        self.expected = expected
        self.done = asyncio.Event()
        self._seen = 0
        self._cpu = 0.0

    def begin(self) -> None:
        if self._seen == 0:
            self._cpu = time.process_time()

    def end(self, records: int) -> None:
        self._seen += records
        if self._seen >= self.expected and not self.done.is_set():
            self._cpu = time.process_time() - self._cpu
            self.done.set()

    @property
    def microseconds(self) -> float:
        return self._cpu / self._seen * 1e6


def accepting_service() -> Declaration:
    """What referral does with an accepted offer: a pathway's state and an appointment booked."""
    handlers = Handlers()

    @handlers.on(OfferAccepted, OfferShortlisted, ProviderChosen)
    async def book(event: Any, work: Work) -> None:
        pathways = work.documents("pathways")
        pathway = await pathways.get(event.subject) or {}
        await pathways.put(
            event.subject,
            {
                **pathway,
                "status": "booked",
                "publisher": "RJ1",
                "treatment_function": "110",
                "clock": {"status": "10", "started_on": "2026-03-02"},
                "choice": {"decision": "RIGHT_A", "shortlist": event.shortlist_id},
                "appointment": {"provider": "NV7", "starts": "2026-04-07T08:00:00+00:00"},
            },
        )
        booked = EVENTS[AppointmentBooked.type]
        assert isinstance(booked, AppointmentBooked)
        await work.publish(
            AppointmentBooked.after(
                event,
                appointment_id=event.shortlist_id,
                provider=booked.provider,
                site=booked.site,
                session=booked.session,
                local_start=booked.local_start,
                starts_at=booked.starts_at,
                booked_on=work.today,
            )
        )

    return Declaration(
        name="referral",
        handlers=handlers,
        streams={"appointment": "pathways", "referral": "pathways"},
        keyed_by=dict.fromkeys(("offer", "response", "submission"), "pathways"),
        wrap=lambda work: work,
    )


def kinds() -> dict[str, Event]:
    """The events measured: small, middling, and a shortlist of eight providers."""
    shortlisted = EVENTS[OfferShortlisted.type]
    assert isinstance(shortlisted, OfferShortlisted)
    fields = shortlisted.model_dump() | {"options": shortlisted.model_dump()["options"] * 8}
    eight = OfferShortlisted.about(shortlisted.subject, **fields).published(
        sequence=1, source=shortlisted.envelope.source, now=NOW
    )
    return {
        "response.provider_chosen": EVENTS[ProviderChosen.type],
        "offer.accepted": EVENTS[OfferAccepted.type],
        "offer.shortlisted": eight,
    }


async def seed(stack: Stack, example: Event, count: int) -> None:
    """Put the events of a run on their topic, each of its own pathway."""
    producer = Producer(stack.kafka_bootstrap, idempotence=stack.idempotence)
    fields = example.model_dump()
    for start in range(0, count, 1000):
        rows = []
        for number in range(start, min(start + 1000, count)):
            event = type(example).about(UUID(int=number).hex, **fields)
            key, value, headers = write(event.published(sequence=1, source="urn:x", now=NOW))
            rows.append(Row(example.topic.name, key, value, headers))
        await producer.send(rows)
    await producer.stop()


async def floor(stack: Stack, example: Event, count: int) -> float:
    """aiokafka's getmany and pydantic's validation, nothing else."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=stack.kafka_bootstrap,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=100,
    )
    await consumer.start()
    consumer.assign([TopicPartition(example.topic.name, n) for n in range(PARTITIONS)])
    validate = type(example).__pydantic_validator__.validate_json
    meter = Meter(count)
    while not meter.done.is_set():
        batches = await consumer.getmany(timeout_ms=1000, max_records=BATCH)
        meter.begin()
        for records in batches.values():
            for record in records:
                validate(record.value)
        meter.end(sum(map(len, batches.values())))
    await consumer.stop()
    return meter.microseconds


async def full(
    stack: Stack, mongo_port: int, count: int, *, group: int, batch: int = BATCH
) -> float:
    """The engine as a service runs it: decode, handle, states, marks, outbox, publish, commit."""
    servers = Servers(
        kafka=stack.kafka_bootstrap,
        mongo=f"mongodb://127.0.0.1:{mongo_port}/?directConnection=true",
        database=f"bench_{group}",
        idempotence=stack.idempotence,
        replication=1,
        batch_records=batch,
        group=f"bench.{group}",
    )
    machinery = Machinery(accepting_service(), servers, SystemClock(), _no_token)
    meter = Meter(count)
    handle = machinery.engine.handle

    async def metered(records: Sequence[Any]) -> None:
        meter.begin()
        await handle(records)
        meter.end(len(records))

    machinery.engine.handle = metered  # type: ignore[method-assign]
    await machinery.connect()
    await meter.done.wait()
    await machinery.stop()
    return meter.microseconds


def _no_token(token: str, at: object) -> str:
    raise AssertionError("no submissions here")


@contextmanager
def null_mongo() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.null_mongo", str(port)])
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


@asynccontextmanager
async def seeded(example: Event, count: int) -> AsyncIterator[Stack]:
    with TemporaryDirectory() as directory:
        async with Stack.start(directory=Path(directory)) as stack:
            await create_topics(stack.kafka_bootstrap, replication=1)
            await seed(stack, example, count)
            yield stack


async def measure(name: str, example: Event, mongo_port: int) -> float:
    floors, fulls = [], []
    async with seeded(example, EVENTS_IN_A_RUN) as stack:
        for run in range(RUNS):
            floors.append(await floor(stack, example, EVENTS_IN_A_RUN))
            fulls.append(await full(stack, mongo_port, EVENTS_IN_A_RUN, group=run))
    least, most = statistics.median(floors), statistics.median(fulls)
    print(
        f"{name:28} {len(write(example)[1]):6} bytes   floor {least:6.1f} us   "
        f"full {most:6.1f} us   ratio {most / least:5.2f}",
        flush=True,
    )
    return most


async def one_by_one(example: Event, mongo_port: int) -> float:
    runs = []
    async with seeded(example, EVENTS_ONE_BY_ONE) as stack:
        for run in range(RUNS):
            runs.append(await full(stack, mongo_port, EVENTS_ONE_BY_ONE, group=100 + run, batch=1))
    return statistics.median(runs)


async def main() -> None:
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)
    print(f"CPU of our process per event, {EVENTS_IN_A_RUN} events, batches of {BATCH}")
    batched = {}
    with null_mongo() as port:
        for name, example in kinds().items():
            batched[name] = await measure(name, example, port)
        single = await one_by_one(kinds()["offer.accepted"], port)
    ratio = single / batched["offer.accepted"]
    print(
        f"one message and one transaction at a time: {single:8.1f} us   {ratio:.1f} times as much"
    )


if __name__ == "__main__":
    uvloop.run(main())
