"""Reporting over real servers: what was published is in the ledger once and in the data set once."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from random import Random

import pytest

from chassis.clock import SystemClock
from chassis.machinery import Machinery
from chassis.testing import NOW
from contracts.event import Event
from contracts.events import DatasetPublished
from fairwait.servers import Stack
from reporting.app import service
from reporting.domain.ledger import unseal
from reporting.lineage import find_event
from reporting.releases import build_release, chains, count, rebuild, verify_ledger
from reporting.repositories import SEGMENTS
from reporting.settings import ReportingSection
from reporting.work import ReportingWork
from tests.integration.chassis.world import (
    Publisher,
    everything,
    no_tokens,
    servers_of,
    until,
)
from tests.unit.reporting import stories
from tests.unit.reporting.memory import MemoryUnits, consume

AS_AT = date(2026, 3, 31)
DAY = [
    *stories.day(seed=6, pathways=30),
    stories.core(),
    stories.winding(),
    stories.rejection(1),
    stories.capacity(1),
]


@asynccontextmanager
async def reporting(stack: Stack) -> AsyncIterator[Machinery]:
    machinery = Machinery(
        service.declaration(),
        servers_of(stack, "fairwait_reporting"),
        SystemClock(),
        no_tokens,
        indexes=service.indexes,
        collections=service.collections,
    )
    await machinery.prepare()
    await machinery.connect()
    machinery.jobs()
    try:
        yield machinery
    finally:
        await machinery.stop()


@pytest.fixture
def section(tmp_path: Path) -> ReportingSection:
    return ReportingSection(directory=tmp_path / "dataset")


async def recorded(machinery: Machinery, events: int) -> None:
    async def all_there() -> bool:
        return (await chains(machinery.units)).types.total() >= events

    await until(all_there)


async def test_every_event_is_counted_once_and_the_rebuild_is_equal(
    empty_stack: Stack, section: ReportingSection
) -> None:
    events = stories.events_of(DAY)
    repeats = Random(3).choices(events, k=40)

    async with reporting(empty_stack) as machinery, Publisher(empty_stack) as publisher:
        await publisher.send([*events, *repeats])
        last = stories.referral(stories.Story(stories.pathway_id(1_000))).events
        await publisher.send(last)
        await recorded(machinery, len(events) + len(last))
        units = machinery.units
        manifest = await build_release(units, section, today=AS_AT, now=NOW)
        again = await rebuild(units, section, manifest["release"])
        counts = await count(units)
        verified = await verify_ledger(units)
        announced = await everything(empty_stack, DatasetPublished.topic.name)

    assert (again.equal, verified.flaws, counts["unbalanced"]) == (True, [], 0)
    assert counts["events"] == len(events) + len(last) == verified.events
    assert manifest["rows"]["pathways"] == 33
    assert manifest["dataset_sha256"] == await in_memory([*events, *last], section)
    assert len(announced) == 1


async def in_memory(events: Sequence[Event], section: ReportingSection) -> str:
    """The hash of the same events counted without any server."""
    units = MemoryUnits()
    await consume(units, events)
    elsewhere = section.model_copy(update={"directory": section.directory / "memory"})
    manifest = await build_release(units, elsewhere, today=AS_AT, now=NOW)
    return str(manifest["dataset_sha256"])


async def test_after_a_restart_the_chains_go_on_where_they_ended(empty_stack: Stack) -> None:
    events = stories.events_of(DAY)

    async with Publisher(empty_stack) as publisher:
        async with reporting(empty_stack) as machinery:
            await publisher.send(events[:100])
            await recorded(machinery, 100)
        async with reporting(empty_stack) as machinery:
            await publisher.send(events[100:])
            await recorded(machinery, len(events))
            verified = await verify_ledger(machinery.units)
            found = [await find_event(machinery.units, event.id) for event in events]

    assert verified.flaws == []
    assert verified.events == len(events)
    assert all(found)


async def test_a_segment_that_was_altered_in_the_database_is_found(empty_stack: Stack) -> None:
    events = stories.core().events

    async with reporting(empty_stack) as machinery, Publisher(empty_stack) as publisher:
        await publisher.send(events)
        await recorded(machinery, len(events))
        await machinery.units.run(alter_a_segment)
        verified = await verify_ledger(machinery.units)

    assert verified.flaws[0].reason == "its content is not what was written"


async def alter_a_segment(work: ReportingWork) -> None:
    """As somebody with the right to write in the database might."""
    for partition in range(12):
        for number, segment in (await work.ledger.segments(partition, 1, 1)).items():
            documents = work.work.documents(SEGMENTS)
            name = f"p{partition:03}-{number:012}"
            state = await documents.get(name)
            assert state is not None
            assert unseal(segment)
            await documents.put(name, {**state, "entries": segment.entries + 1})
            return
