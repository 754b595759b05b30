"""From a referral at an edge to its shortlist on the topic, at 50 referrals a second.

`make bench BENCH=latency`. The whole system runs on the embedded servers; the rate is kept whatever
the answers take, so a system that falls behind shows it.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal

from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.settings import development_secret
from contracts.event import read
from contracts.events import OfferNotMade, OfferShortlisted
from contracts.topics import OFFER
from fairwait.simulation.doors import Doors, open_doors
from fairwait.simulation.story import Plan, World
from fairwait.system.running import System, running_system
from fairwait.world import calendar
from fairwait.world.referrals import Referral
from matching.reference import load
from referral.domain.names import pathway_id

A_SECOND: Final = 50
SECONDS: Final = 20
PATIENCE: Final = 120.0
Door = Literal["kafka", "fhir"]


class Arrivals:
    """When the shortlist of each pathway was on the topic, in seconds of this process's clock."""

    def __init__(self, consumer: Any) -> None:
        self.at: dict[str, float] = {}
        self._consumer = consumer

    async def listen(self) -> None:
        while True:
            for records in (await self._consumer.getmany(timeout_ms=50)).values():
                now = time.monotonic()
                for record in records:
                    event = read(record.value, record.headers)
                    if isinstance(event, OfferShortlisted | OfferNotMade):
                        self.at.setdefault(event.subject, now)


async def send(doors: Doors, referrals: Sequence[Referral]) -> dict[str, float]:
    """Refer at the rate; when each was sent, by pathway."""
    sent: dict[str, float] = {}
    began = time.monotonic()
    async with asyncio.TaskGroup() as under_way:
        for number, referral in enumerate(referrals):
            await asyncio.sleep(max(0.0, began + number / A_SECOND - time.monotonic()))
            sent[_pathway(referral)] = time.monotonic()
            under_way.create_task(doors.refer([referral]))
    return sent


def _pathway(referral: Referral) -> str:
    issuer = referral.fields["pathway"]["issuer"]
    secret = development_secret("pathways").get_secret_value()
    return pathway_id(issuer, referral.ubrn, secret)


async def measure(system: System, doors: Doors, door: Door, seed: int) -> None:
    plan = Plan(A_SECOND * SECONDS * 2, seed, 0)
    world = await asyncio.to_thread(World.of, plan, load())
    good = [replace(one, door=door) for one in world.referrals if one.flaw is None]
    async with Listening(system) as arrivals:
        listening = asyncio.create_task(arrivals.listen())
        sent = await send(doors, good[: A_SECOND * SECONDS])
        deadline = time.monotonic() + PATIENCE
        expected = set(sent)
        while not arrivals.at.keys() >= expected and time.monotonic() < deadline:
            settled = len(arrivals.at)
            await asyncio.sleep(10)
            if settled == len(arrivals.at):
                break  # who may not choose has no shortlist
        listening.cancel()
    waits = sorted(arrivals.at[one] - sent[one] for one in sent if one in arrivals.at)
    print(
        f"  {door:6} {len(sent)} referrals at {A_SECOND} a second, {len(waits)} shortlists: "
        f"p50 {_at(waits, 0.5):.0f} ms, p99 {_at(waits, 0.99):.0f} ms"
    )


def _at(waits: Sequence[float], share: float) -> float:
    return waits[min(int(len(waits) * share), len(waits) - 1)] * 1000


class Listening:
    def __init__(self, system: System) -> None:
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=system.stack.kafka_bootstrap,
            enable_auto_commit=False,
            fetch_max_wait_ms=20,
        )

    async def __aenter__(self) -> Arrivals:
        await self._consumer.start()
        partitions = [TopicPartition(OFFER.name, number) for number in range(OFFER.partitions)]
        self._consumer.assign(partitions)
        await self._consumer.seek_to_beginning(*partitions)
        return Arrivals(self._consumer)

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()


async def main() -> None:
    print("Referral to shortlist, through two services, on the embedded servers")
    with TemporaryDirectory() as directory:
        async with (
            running_system(Path(directory), calendar.CAPACITY_DECLARED) as system,
            open_doors(system) as doors,
        ):
            world = await asyncio.to_thread(World.of, Plan(1, 1, 0), load())
            await doors.declare(world.clinics, over_http=[])
            await asyncio.sleep(20)  # the places are taken in; nothing here depends on how fast
            system.clock.set(calendar.REFERRED)
            doors_measured: tuple[Door, ...] = ("kafka", "fhir")
            for number, door in enumerate(doors_measured):
                await measure(system, doors, door, seed=100 + number)
                sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
