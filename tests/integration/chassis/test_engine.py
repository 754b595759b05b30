"""The batch engine over real servers: nothing lost, nothing doubled, in order, whatever comes."""

import asyncio
import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from chassis.brake import IN_A_ROW
from chassis.machinery import Machinery
from chassis.outbox import Chunk, partition_of
from chassis.testing import NOW
from chassis.work import Row, Work
from contracts.event import Event, write
from contracts.events import ClockContinued, ClockStarted, OfferStayed, StayChosen
from contracts.topics import REFERRAL
from fairwait.servers import Stack
from tests.integration.chassis.world import (
    Ledger,
    Publisher,
    everything,
    running,
    sequences,
    small_service,
    until,
)


def pathway(number: int) -> str:
    return UUID(int=number).hex


def started(subject: str) -> Event:
    return ClockStarted.about(subject, started_on=date(2026, 1, 5), status="10")


def continued(subject: str) -> Event:
    return ClockContinued.about(subject, effective_on=date(2026, 2, 5), status="20")


def story(publisher: Publisher, subject: str, events: int) -> list[Event]:
    return [publisher.number(started(subject))] + [
        publisher.number(continued(subject)) for _ in range(events - 1)
    ]


async def states(machinery: Machinery) -> dict[str, Any]:
    found = await machinery.mongo.db["matches"].find({}).to_list(None)
    return {one["_id"]: one for one in found if one.get("state")}


async def handled(machinery: Machinery) -> int:
    return sum(len(one["state"]["seen"]) for one in (await states(machinery)).values())


async def test_every_event_is_applied_once_and_in_order(empty_stack: Stack) -> None:
    async with running(empty_stack, small_service(Ledger())) as machinery:
        async with Publisher(empty_stack) as publisher:
            stories = [story(publisher, pathway(n), 5) for n in range(60)]
            await publisher.send([event for layer in zip(*stories, strict=True) for event in layer])

        await until(lambda: all_handled(machinery, 300))

        assert {tuple(one["state"]["seen"]) for one in (await states(machinery)).values()} == {
            (1, 2, 3, 4, 5)
        }
        said = sequences(await everything(empty_stack, "offer"))
        assert said == {pathway(n): [1, 2, 3, 4, 5] for n in range(60)}
        assert await machinery.outbox.waiting() == 0


async def all_handled(machinery: Machinery, events: int) -> bool:
    return await handled(machinery) >= events


async def test_shuffled_and_repeated_events_give_the_same_state(empty_stack: Stack) -> None:
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")  # noqa: T201
    async with running(empty_stack, small_service(Ledger())) as machinery:
        async with Publisher(empty_stack) as publisher:
            events = [event for n in range(20) for event in story(publisher, pathway(n), 5)] * 3
            random.Random(seed).shuffle(events)
            await publisher.send(events)

        await until(lambda: all_handled(machinery, 100))
        # One more story behind all others: once it is through, so is every repeat before it.
        async with Publisher(empty_stack) as publisher:
            await publisher.send([publisher.number(started(pathway(n + 1000))) for n in range(60)])
        await until(lambda: all_handled(machinery, 160))

        found = await states(machinery)
        assert [found[pathway(n)]["state"]["seen"] for n in range(20)] == [[1, 2, 3, 4, 5]] * 20
        assert await machinery.mongo.db["parked"].count_documents({}) == 0
        assert all(one.get("parked", 0) == 0 for one in found.values())


async def test_an_unreadable_record_is_a_dead_letter_at_once_and_nobody_waits(
    empty_stack: Stack,
) -> None:
    poison = [("ce_type", b"\xff\xfe"), ("nonsense", b"\x00")]
    async with running(empty_stack, small_service(Ledger())) as machinery:
        async with Publisher(empty_stack) as publisher:
            for n in range(12):
                await publisher.raw("referral", pathway(n).encode(), b"\x00not json", poison)
                await publisher.send(story(publisher, pathway(n), 2))

        await until(lambda: all_handled(machinery, 24))

        letters = await everything(empty_stack, REFERRAL.dead_letters("matching"))
        assert [letter.value for letter in letters] == [b"\x00not json"] * 12
        headers = dict(letters[0].headers)
        assert headers["fairwait_reason"] == b"header ce_type is not UTF-8"
        assert headers["nonsense"] == b"\x00"
        kept = await machinery.mongo.db["dead_letters"].find({}).to_list(None)
        assert {bytes(one["state"]["value"]) for one in kept} == {b"\x00not json"}


async def test_a_failing_pathway_parks_in_order_while_the_others_flow(empty_stack: Stack) -> None:
    behaviour = Ledger(fail={pathway(1)})
    async with running(empty_stack, small_service(behaviour)) as machinery:
        async with Publisher(empty_stack) as publisher:
            for n in range(4):
                await publisher.send(story(publisher, pathway(n), 3))
        await until(lambda: all_handled(machinery, 9))
        assert pathway(1) not in await states(machinery)

        behaviour.fail.clear()

        await until(lambda: all_handled(machinery, 12))
        assert (await states(machinery))[pathway(1)]["state"]["seen"] == [1, 2, 3]
        said = sequences(await everything(empty_stack, "offer"))
        assert said[pathway(1)] == [1, 2, 3]


async def test_a_gap_waits_for_the_missing_event(empty_stack: Stack) -> None:
    async with running(empty_stack, small_service(Ledger())) as machinery:
        async with Publisher(empty_stack) as publisher:
            first, second, third = story(publisher, pathway(7), 3)
            await publisher.send([third, second])
            await publisher.send([publisher.number(started(pathway(8)))])
            await until(lambda: all_handled(machinery, 1))
            assert pathway(7) not in await states(machinery)

            await publisher.send([first])

            await until(lambda: all_handled(machinery, 4))
        assert (await states(machinery))[pathway(7)]["state"]["seen"] == [1, 2, 3]


async def test_an_event_of_a_newer_writer_leaves_no_gap(empty_stack: Stack) -> None:
    async with running(empty_stack, small_service(Ledger())) as machinery:
        async with Publisher(empty_stack) as publisher:
            first, newer, third = story(publisher, pathway(2), 3)
            key, value, headers = write(newer)
            unknown = [("ce_type", b"fairwait.referral.weather_noted.v1")]
            kept = [one for one in headers if one[0] != "ce_type"]
            await publisher.send([first])
            await publisher.raw("referral", key, value, kept + unknown)
            await publisher.send([third])

            await until(lambda: all_handled(machinery, 2))

        assert (await states(machinery))[pathway(2)]["state"]["seen"] == [1, 3]
        assert machinery.engine.outcomes["referral", "unknown_type"] == 1


async def test_an_event_whose_cause_is_missing_waits_for_it(empty_stack: Stack) -> None:
    behaviour = Ledger(needs={pathway(9)})
    async with (
        running(empty_stack, small_service(behaviour)) as machinery,
        Publisher(empty_stack) as publisher,
    ):
        await publisher.send([publisher.number(started(pathway(9)))])
        await until(lambda: parked(machinery, "not_yet"))

        await publisher.send([publisher.number(StayChosen.about(pathway(9), shortlist_id="s"))])

        await until(lambda: all_handled(machinery, 1))
        assert not await parked(machinery, "not_yet")


async def parked(machinery: Machinery, reason: str) -> bool:
    return bool(await machinery.mongo.db["parked"].count_documents({"state.reason": reason}))


async def test_the_brake_stops_a_release_that_refuses_everything(empty_stack: Stack) -> None:
    behaviour = Ledger(fail={pathway(n) for n in range(300)})
    async with Publisher(empty_stack) as publisher:
        async with running(empty_stack, small_service(behaviour)) as machinery:
            await publisher.send([publisher.number(started(pathway(n))) for n in range(300)])

            await until(lambda: machinery.subscription.braked)

            set_aside = await machinery.mongo.db["parked"].count_documents({})
            assert set_aside <= IN_A_ROW
        behaviour.fail.clear()
        async with running(empty_stack, small_service(behaviour)) as machinery:
            await until(lambda: all_handled(machinery, 300))
            assert await handled(machinery) == 300


async def test_work_of_an_edge_is_accepted_while_kafka_is_away(own_stack: Stack) -> None:
    async with running(own_stack, small_service(Ledger())) as machinery:
        await own_stack.kafka.kill()

        await machinery.units.run(say, pathway(3))

        assert await machinery.outbox.waiting() == 1


async def say(subject: str, work: Work) -> None:
    await work.publish(OfferStayed.about(subject, shortlist_id="s", provider="RJ1"))


async def test_events_of_an_edge_are_relayed_once_and_in_order(empty_stack: Stack) -> None:
    async with running(empty_stack, small_service(Ledger())) as machinery:
        for _ in range(10):
            await asyncio.gather(*(machinery.units.run(say, pathway(n)) for n in range(5)))
        await until(lambda: nothing_waits(machinery))

        said = sequences(await everything(empty_stack, "offer"))
        assert {subject: sorted(found) for subject, found in said.items()} == {
            pathway(n): list(range(1, 11)) for n in range(5)
        }


async def nothing_waits(machinery: Machinery) -> bool:
    return await machinery.outbox.waiting() == 0


async def test_a_timer_rings_once(empty_stack: Stack) -> None:
    async def arm(work: Work) -> None:
        work.set_timer("ring", pathway(5), datetime.now(UTC) + timedelta(milliseconds=300))
        work.set_timer("ring", pathway(6), datetime.now(UTC) + timedelta(days=1))
        work.set_timer("ring", pathway(4), datetime.now(UTC))

    async def disarm(work: Work) -> None:
        work.cancel_timer("ring", pathway(4))

    async with running(empty_stack, small_service(Ledger())) as machinery:
        await machinery.units.run(arm)
        await machinery.units.run(disarm)

        await until(lambda: rang(machinery, pathway(5)))

        found = await states(machinery)
        assert found[pathway(5)]["state"]["rang"] == 1
        assert pathway(6) not in found


async def rang(machinery: Machinery, subject: str) -> bool:
    return subject in await states(machinery)


async def test_racing_writers_lose_no_update(empty_stack: Stack) -> None:
    async def add(work: Work) -> None:
        matches = work.documents("matches")
        state = await matches.get("counter") or {"seen": []}
        await matches.put("counter", {"seen": [*state["seen"], len(state["seen"]) + 1]})

    async with running(empty_stack, small_service(Ledger())) as machinery:
        await asyncio.gather(*(machinery.units.run(add) for _ in range(25)))

        assert (await states(machinery))["counter"]["state"]["seen"] == list(range(1, 26))


@pytest.mark.durable_kafka
async def test_a_broker_that_dies_and_comes_back_loses_nothing(own_stack: Stack) -> None:
    async with running(own_stack, small_service(Ledger())) as machinery:
        async with Publisher(own_stack) as publisher:
            await publisher.send(story(publisher, pathway(1), 3))
            await until(lambda: all_handled(machinery, 3))
        await own_stack.kafka.restart()
        async with Publisher(own_stack) as publisher:
            await publisher.send([publisher.number(started(pathway(n))) for n in range(100, 150)])
            await until(lambda: all_handled(machinery, 53))


async def test_what_a_former_owner_committed_at_the_last_moment_is_swept_up(
    empty_stack: Stack,
) -> None:
    async with running(empty_stack, small_service(Ledger())) as machinery:
        async with Publisher(empty_stack) as publisher:
            await publisher.send([publisher.number(started(pathway(n))) for n in range(30)])
            await until(lambda: all_handled(machinery, 30))
        late = OfferStayed.about(pathway(99), shortlist_id="s", provider="RJ1")
        row = Row("offer", *write(late.published(sequence=1, source="urn:x", now=NOW)))
        partition = partition_of(row.key)
        await machinery.mongo.db["outbox"].insert_one(Chunk.of(partition, [row]).document())

        await machinery.engine.sweep(machinery.subscription.assigned)

        assert await machinery.outbox.waiting() == 0
        assert sequences(await everything(empty_stack, "offer"))[pathway(99)] == [1]
