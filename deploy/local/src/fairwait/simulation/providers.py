"""Providers: they learn of their appointments from the topic, and tell who was seen."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from contracts.event import read
from contracts.events import AppointmentBooked
from contracts.submissions import AttendanceRecorded, PathwayKey
from contracts.topics import APPOINTMENT
from fairwait.simulation.doors import Doors
from fairwait.simulation.together import together
from fairwait.system.running import System
from fairwait.world.visits import Visit, attendance

PATIENCE: Final = 60  # seconds until an appointment that was made is on the topic


class Providers:
    """All providers. `keys` are the pathway identifiers by which they know their patients."""

    def __init__(
        self, consumer: Any, doors: Doors, keys: Mapping[str, PathwayKey], seed: int
    ) -> None:
        self.recorded = 0
        self._consumer = consumer
        self._doors = doors
        self._keys = keys
        self._seed = seed
        self._visits: dict[str, Visit] = {}

    async def read_appointments(self, booked: int) -> None:
        """Reads on until as many are known as were booked."""
        async with asyncio.timeout(PATIENCE):
            while len(self._visits) < booked:
                for records in (await self._consumer.getmany(timeout_ms=200)).values():
                    for record in records:
                        self._take(record)

    async def record_attendances(self, on: date) -> None:
        """Those who had an appointment on this day were seen."""
        told = [
            (visit.provider, attended)
            for visit in self._visits.values()
            if visit.on == on and (attended := self._attendance(visit)) is not None
        ]
        await together(self._doors.record(provider, attended) for provider, attended in told)
        self.recorded += len(told)

    def _attendance(self, visit: Visit) -> AttendanceRecorded | None:
        """What is told of it; nothing of whom the providers do not know."""
        key = self._keys.get(visit.pathway_id)
        return attendance(self._seed, visit, key) if key else None

    def _take(self, record: Any) -> None:
        event = read(record.value, record.headers)
        if isinstance(event, AppointmentBooked):
            day = event.local_start.date()
            self._visits[event.appointment_id] = Visit(event.pathway_id, event.provider, day)


@asynccontextmanager
async def providers_of(
    system: System, doors: Doors, keys: Mapping[str, PathwayKey], seed: int
) -> AsyncIterator[Providers]:
    """All providers, reading the topic from its beginning."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=system.stack.kafka_bootstrap,
        enable_auto_commit=False,
        fetch_max_wait_ms=100,
    )
    await consumer.start()
    try:
        partitions = [
            TopicPartition(APPOINTMENT.name, number) for number in range(APPOINTMENT.partitions)
        ]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        yield Providers(consumer, doors, keys, seed)
    finally:
        await consumer.stop()
