"""Matching over real servers: places under contention, holds that end, counts that add up."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

from chassis.clock import Clock, SimulatedClock, write_instant
from chassis.machinery import Machinery
from chassis.testing import NOW
from contracts.event import Event, read
from contracts.events import (
    OfferAccepted,
    OfferExpired,
    OfferShortlisted,
    OfferUnavailable,
)
from fairwait.servers import Stack
from matching.app import matching
from matching.declaring import declare_session
from matching.repositories import counts
from matching.settings import MatchingSettings
from tests.integration.chassis.world import Publisher, everything, servers_of, until
from tests.unit.matching.stories import (
    EARLIEST,
    SITES,
    booked,
    offered,
    provider_chosen,
    received,
    referral_received,
    right_decided,
)
from tests.unit.matching.worlds import directory

RACERS = 50
PLACES = 6


def no_submissions(token: str, at: object, scope: str) -> str:
    raise AssertionError("these tests declare at the edge")


@asynccontextmanager
async def copy_of_matching(stack: Stack, clock: Clock) -> AsyncIterator[Machinery]:
    """One copy of the service: its own connections, consumer and identity map."""
    service = matching(MatchingSettings(service="matching"), directory())
    machinery = Machinery(
        service.declaration(),
        servers_of(stack, "fairwait_matching"),
        clock,
        no_submissions,
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


def standing_clock(folder: Path) -> SimulatedClock:
    write_instant(folder / "clock", NOW)
    return SimulatedClock(folder / "clock")


def pathways(number: int) -> list[str]:
    return [f"{at:032x}" for at in range(1, number + 1)]


async def declare_everywhere(machinery: Machinery, *, places: int) -> None:
    """The wanted site has few places, all others have enough; long before any hold ends."""
    for site in SITES:
        session = offered(
            site, on=EARLIEST + timedelta(days=7), places=places if site == "NT219" else 400
        )
        await machinery.units.run(declare_session, received(session))


async def offers(stack: Stack) -> list[Event]:
    return [read(record.value, record.headers) for record in await everything(stack, "offer")]


async def refer(publisher: Publisher, racers: Sequence[str]) -> None:
    for pathway in racers:
        await publisher.send(
            [publisher.number(referral_received(pathway)), publisher.number(right_decided(pathway))]
        )


async def test_fifty_racers_for_six_places_over_two_copies(
    empty_stack: Stack, tmp_path: Path
) -> None:
    racers, clock = pathways(RACERS), standing_clock(tmp_path)

    async with AsyncExitStack() as running:
        first = await running.enter_async_context(copy_of_matching(empty_stack, clock))
        await running.enter_async_context(copy_of_matching(empty_stack, clock))
        publisher = await running.enter_async_context(Publisher(empty_stack))
        await declare_everywhere(first, places=PLACES)
        await refer(publisher, racers)

        async def matches() -> Counter[str]:
            return Counter((await counts(first.mongo))["matches"])

        async def all_listed() -> bool:
            return (await matches())["shortlisted"] == RACERS

        async def all_answered() -> bool:
            shortlists = (await counts(first.mongo))["shortlists"]
            return (await matches())["held"] == PLACES and bool(
                shortlists == RACERS + RACERS - PLACES
            )

        await until(all_listed)
        await publisher.send(
            [publisher.number(provider_chosen("NT2", pathway=pathway)) for pathway in racers]
        )
        await until(all_answered)
        totals = await counts(first.mongo)
    said = await offers(empty_stack)

    accepted = {event.subject for event in said if isinstance(event, OfferAccepted)}
    unavailable = {event.subject for event in said if isinstance(event, OfferUnavailable)}
    again = Counter(event.subject for event in said if isinstance(event, OfferShortlisted))
    assert len(accepted) == PLACES
    assert accepted | unavailable == set(racers)
    assert not accepted & unavailable
    assert all(again[loser] == 2 for loser in unavailable)
    assert (totals["held"], totals["used"]) == (PLACES, 0)


async def test_no_hold_is_left_after_its_end_and_a_booked_place_stays(
    empty_stack: Stack, tmp_path: Path
) -> None:
    winners, clock = pathways(PLACES), standing_clock(tmp_path)

    async with (
        copy_of_matching(empty_stack, clock) as service,
        Publisher(empty_stack) as publisher,
    ):
        await declare_everywhere(service, places=PLACES)
        await refer(publisher, winners)
        await publisher.send(
            [publisher.number(provider_chosen("NT2", pathway=pathway)) for pathway in winners]
        )

        async def held(number: int) -> bool:
            return bool((await counts(service.mongo))["held"] == number)

        async def used_one() -> bool:
            return bool((await counts(service.mongo))["used"] == 1)

        await until(lambda: held(PLACES))
        accepted = [one for one in await offers(empty_stack) if isinstance(one, OfferAccepted)]
        await publisher.send([publisher.number(booked(accepted[0]))])
        await until(used_one)
        clock.advance(timedelta(hours=48))
        await until(lambda: held(0))
        totals = await counts(service.mongo)
    said = await offers(empty_stack)

    expired = {event.subject for event in said if isinstance(event, OfferExpired)}
    assert expired == set(winners) - {accepted[0].subject}
    assert (totals["held"], totals["used"]) == (0, 1)
    assert totals["matches"] == {"shortlisted": PLACES - 1, "booked": 1}
