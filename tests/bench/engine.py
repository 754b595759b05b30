"""CPU of our process per event: full handling against reading and validating alone.

`make bench BENCH=engine`. What is compared alternates inside one run; medians of five. The
database is one that answers OK to everything, so that a slow one cannot hide a slow client.
"""

from __future__ import annotations

import asyncio
import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.machinery import Machinery
from chassis.metrics import Metrics
from chassis.settings import TelemetrySettings
from chassis.tracing import Tracing
from contracts.event import Envelope, Event, write
from contracts.topics import PARTITIONS
from fairwait.servers import Stack
from tests.bench.rig import BATCH, Meter, consuming, kinds, null_mongo, seeded, servers

EVENTS: Final = 20_000
ONE_BY_ONE: Final = 400
RUNS: Final = 5
IDLE: Final = 2.0  # seconds without a record after which a child of the two-process run is done


async def floor(stack: Stack, example: Event) -> float:
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
    meter = Meter(EVENTS)
    while not meter.done.is_set():
        batches = await consumer.getmany(timeout_ms=1000, max_records=BATCH)
        meter.begin()
        for records in batches.values():
            for record in records:
                validate(record.value)
        meter.end(sum(map(len, batches.values())))
    await consumer.stop()
    return meter.microseconds


async def full(stack: Stack, port: int, group: str, *, batch: int = BATCH, count: int = EVENTS,
               spans: Path | None = None) -> float:  # fmt: skip
    """Decode, handle, states, marks, outbox, one transaction, publish, commit."""
    meter = Meter(count)
    async with consuming(servers(stack.kafka_bootstrap, port, group, batch), meter) as machinery:
        if spans is not None:
            _observe(machinery, spans)
        await meter.done.wait()
    return meter.microseconds


def _observe(machinery: Machinery, spans: Path) -> None:
    tracing = Tracing("referral", TelemetrySettings(sample_ratio=0.01, spans_file=spans))
    metrics = Metrics(lambda: machinery.engine.outcomes)

    def observe(envelopes: Sequence[Envelope], records: int, started: int) -> None:
        metrics.batch(records, seconds=(time.time_ns() - started) / 1e9)
        tracing.batch("events process", envelopes, started)

    machinery.engine.observe = observe


async def against_the_floor(port: int) -> None:
    print(f"CPU of our process per event; {EVENTS} events, batches of {BATCH}, medians of {RUNS}")
    for name, example in kinds().items():
        floors, fulls = [], []
        async with seeded(example, EVENTS) as stack:
            for run in range(RUNS):
                floors.append(await floor(stack, example))
                fulls.append(await full(stack, port, f"{run}"))
        least, most = statistics.median(floors), statistics.median(fulls)
        print(
            f"  {name:26}{len(write(example)[1]):6} bytes   floor {least:6.1f} us   "
            f"full {most:6.1f} us   ratio {most / least:5.2f}"
        )


async def one_at_a_time(port: int) -> None:
    example = kinds()["offer.accepted"]
    batched, single = [], []
    async with seeded(example, EVENTS) as stack:
        for run in range(RUNS):
            batched.append(await full(stack, port, f"b{run}"))
            single.append(await full(stack, port, f"s{run}", batch=1, count=ONE_BY_ONE))
    most, least = statistics.median(single), statistics.median(batched)
    print(f"One message and one transaction at a time: {most:.0f} us, {most / least:.0f} times")


async def traced(port: int) -> None:
    example = kinds()["offer.accepted"]
    plain, observed = [], []
    with TemporaryDirectory() as directory:
        async with seeded(example, EVENTS) as stack:
            for run in range(RUNS):
                spans = Path(directory) / f"{run}.ndjson"
                plain.append(await full(stack, port, f"p{run}"))
                observed.append(await full(stack, port, f"o{run}", spans=spans))
    without, with_ = statistics.median(plain), statistics.median(observed)
    print(
        f"Tracing (1 in 100 sampled) and metrics: {without:.1f} us without, {with_:.1f} us with, "
        f"{(with_ / without - 1) * 100:+.1f} %"
    )


async def two_processes(port: int) -> None:
    example = kinds()["offer.accepted"]
    alone, beside = [], []
    async with seeded(example, EVENTS) as stack:
        for run in range(3):
            alone += await _children(stack, port, f"a{run}", 1)
            beside += await _children(stack, port, f"c{run}", 2)
    one, two = statistics.median(alone), statistics.median(beside)
    print(
        f"A second process on other partitions: {one:.1f} us alone, {two:.1f} us each beside, "
        f"{(two / one - 1) * 100:+.1f} %"
    )


async def _children(stack: Stack, port: int, group: str, count: int) -> list[float]:
    command = [sys.executable, "-m", "tests.bench.engine", stack.kafka_bootstrap, str(port), group]
    children = [
        await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE) for _ in range(count)
    ]
    answers = await asyncio.gather(*(child.communicate() for child in children))
    found = [json.loads(answer) for answer, _ in answers]
    assert sum(one["seen"] for one in found) >= EVENTS
    return [one["microseconds"] for one in found if one["seen"]]


async def child(bootstrap: str, port: int, group: str) -> None:
    """One consumer of a group, until nothing comes any more."""
    meter = Meter(EVENTS * 10)
    async with consuming(servers(bootstrap, port, group), meter) as machinery:
        while not (machinery.subscription.assigned or meter.seen):
            await asyncio.sleep(0.1)
        while time.monotonic() - meter.last < IDLE + (0 if meter.seen else 8):
            await asyncio.sleep(0.2)
    print(json.dumps({"seen": meter.seen, "microseconds": meter.microseconds if meter.seen else 0}))


async def main(arguments: list[str]) -> None:
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)  # as a service sets it
    if arguments:
        return await child(arguments[0], int(arguments[1]), arguments[2])
    with null_mongo() as port:
        for measure in (against_the_floor, one_at_a_time, traced, two_processes):
            await measure(port)
            sys.stdout.flush()
    return None


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1:]))
