"""What the engine benchmarks share: a service, its events, a broker that holds them, a meter."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import UUID

from chassis.clock import SystemClock
from chassis.engine import Declaration
from chassis.handlers import Handlers
from chassis.kafka import create_topics
from chassis.machinery import Machinery, Servers
from chassis.outbox import Producer
from chassis.testing import NOW
from chassis.work import Row, Work
from contracts.event import Event, write
from contracts.events import AppointmentBooked, OfferAccepted, OfferShortlisted, ProviderChosen
from contracts.examples import EVENTS
from fairwait.servers import Stack

BATCH: Final = 500


class Meter:
    """CPU of this process from the first record to the last: joining a group is no part of it."""

    def __init__(self, expected: int) -> None:
        self.expected = expected
        self.seen = 0
        self.done = asyncio.Event()
        self.last = time.monotonic()
        self._began = 0.0
        self._cpu = 0.0

    def begin(self) -> None:
        if self.seen == 0:
            self._began = time.process_time()

    def end(self, records: int) -> None:
        self.seen += records
        self._cpu = time.process_time() - self._began
        self.last = time.monotonic()
        if self.seen >= self.expected:
            self.done.set()

    @property
    def microseconds(self) -> float:
        """CPU per event."""
        return self._cpu / self.seen * 1e6


def accepting_service() -> Declaration:
    """What referral does with an accepted offer: a pathway's state and an appointment booked."""
    handlers = Handlers()
    example = EVENTS[AppointmentBooked.type]
    assert isinstance(example, AppointmentBooked)
    appointment = {
        "provider": example.provider,
        "site": example.site,
        "session": example.session,
        "local_start": example.local_start,
        "starts_at": example.starts_at,
    }

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
        await work.publish(
            AppointmentBooked.after(
                event,
                appointment_id=event.shortlist_id,
                booked_on=work.today,
                **appointment,
            )
        )

    return Declaration(
        name="referral",
        handlers=handlers,
        streams={"appointment": "pathways", "referral": "pathways"},
        keyed_by=dict.fromkeys(("offer", "response", "transfer", "submission"), "pathways"),
        wrap=lambda work: work,
    )


def kinds() -> dict[str, Event]:
    """The events measured: small, middling, and a shortlist of eight providers."""
    shortlisted = EVENTS[OfferShortlisted.type]
    fields = shortlisted.model_dump()
    eight = OfferShortlisted.about(
        shortlisted.subject, **(fields | {"options": fields["options"] * 8})
    ).published(sequence=1, source=shortlisted.envelope.source, now=NOW)
    return {
        "response.provider_chosen": EVENTS[ProviderChosen.type],
        "offer.accepted": EVENTS[OfferAccepted.type],
        "offer.shortlisted": eight,
    }


@asynccontextmanager
async def seeded(example: Event, count: int) -> AsyncIterator[Stack]:
    """A broker that holds `count` events like `example`, each of its own pathway."""
    with TemporaryDirectory() as directory:
        async with Stack.start(directory=Path(directory)) as stack:
            await create_topics(stack.kafka_bootstrap, replication=1)
            await _seed(stack, example, count)
            yield stack


async def _seed(stack: Stack, example: Event, count: int) -> None:
    producer = Producer(stack.kafka_bootstrap, idempotence=stack.idempotence)
    fields = example.model_dump()
    for start in range(0, count, 1000):
        rows = []
        for number in range(start, min(start + 1000, count)):
            event = type(example).about(UUID(int=number).hex, **fields)
            sent = event.published(
                sequence=1, source="urn:x", now=NOW, traceparent=traceparent(number)
            )
            rows.append(Row(example.topic.name, *write(sent)))
        await producer.send(rows)
    await producer.stop()


def traceparent(number: int) -> str:
    """One trace in a hundred is sampled."""
    return f"00-{number + 1:032x}-{number + 1:016x}-{'01' if number % 100 == 0 else '00'}"


def servers(bootstrap: str, mongo_port: int, group: str, batch: int = BATCH) -> Servers:
    return Servers(
        kafka=bootstrap,
        mongo=f"mongodb://127.0.0.1:{mongo_port}/?directConnection=true",
        database=f"bench_{group}",
        idempotence=False,
        replication=1,
        batch_records=batch,
        group=f"bench.{group}",
    )


@asynccontextmanager
async def consuming(where: Servers, meter: Meter) -> AsyncIterator[Machinery]:
    """The engine as a service runs it, with every batch metered."""
    machinery = Machinery(accepting_service(), where, SystemClock(), _no_token)
    handle = machinery.engine.handle

    async def metered(records: Sequence[Any]) -> None:
        meter.begin()
        await handle(records)
        meter.end(len(records))

    machinery.engine.handle = metered  # type: ignore[method-assign]
    await machinery.connect()
    yield machinery
    await machinery.stop()


def _no_token(token: str, at: object, scope: str) -> str:
    raise AssertionError("no submissions here")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def null_mongo() -> Iterator[int]:
    """The port of a database that answers OK to everything, in a process of its own."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.null_mongo", str(port)])
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("the database that answers OK does not answer")
