"""Limits and turns: one caller takes nothing from the others, and nobody waits for ever."""

import asyncio
from collections import Counter

import pytest

from chassis.limits import RateLimit, Throttled, Turns

FLOOD, OTHERS = "flood", ("a", "b", "c", "d")


async def worked_off(turns: Turns, pieces: list[str]) -> list[str]:
    """The callers of all pieces in the order in which these were done."""
    done: list[str] = []

    async def work(caller: str) -> None:
        async with turns.of(caller):
            await asyncio.sleep(0)
            done.append(caller)

    await asyncio.gather(*(work(caller) for caller in pieces))
    return done


@pytest.mark.parametrize("at_once", [1, 3, 16])
async def test_who_brings_fifty_times_as_much_delays_nobody_by_more_than_one_piece_a_round(
    at_once: int,
) -> None:
    pieces = [FLOOD] * 1000 + [caller for caller in OTHERS for _ in range(20)]

    done = await worked_off(Turns(at_once), pieces)

    assert Counter(done) == Counter(pieces)
    last = max(index for index, caller in enumerate(done) if caller in OTHERS)
    # All callers in turn: by then the flood has had about as many as each of the others.
    assert done[: last + 1].count(FLOOD) <= 20 + 2 * at_once


async def test_a_caller_alone_waits_for_nobody() -> None:
    done = await worked_off(Turns(2), [FLOOD] * 100)

    assert done == [FLOOD] * 100


async def test_no_more_than_so_many_are_at_work() -> None:
    turns, at_work, most = Turns(3), 0, 0

    async def work(caller: str) -> None:
        nonlocal at_work, most
        async with turns.of(caller):
            at_work += 1
            most = max(most, at_work)
            await asyncio.sleep(0)
            at_work -= 1

    await asyncio.gather(*(work(caller) for caller in OTHERS * 20))

    assert (most, at_work) == (3, 0)


async def test_who_gives_up_while_waiting_loses_no_place() -> None:
    turns = Turns(1)
    gone: list[asyncio.Task[list[str]]] = []
    async with turns.of("a"):
        gone += [asyncio.create_task(worked_off(turns, ["b", "b"])) for _ in range(3)]
        await asyncio.sleep(0)
        for task in gone[:2]:
            task.cancel()
    await asyncio.gather(*gone, return_exceptions=True)

    async with asyncio.timeout(5):
        assert await worked_off(turns, ["c", "d"]) == ["c", "d"]


async def test_who_fails_gives_its_place_back() -> None:
    turns = Turns(1)
    with pytest.raises(ValueError, match="broken"):
        async with turns.of("a"):
            raise ValueError("broken")

    async with asyncio.timeout(5):
        assert await worked_off(turns, ["b"]) == ["b"]


async def test_a_place_that_came_too_late_goes_on() -> None:
    turns = Turns(1)
    async with turns.of("a"):
        late = asyncio.create_task(worked_off(turns, ["b"]))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    late.cancel()  # its place was given to it in the same moment
    await asyncio.gather(late, return_exceptions=True)

    async with asyncio.timeout(5):
        assert await worked_off(turns, ["c"]) == ["c"]


async def test_a_limit_is_of_one_caller() -> None:
    rates = RateLimit.local(2)
    for caller in ("a", "a", "b", "b"):
        await rates.take(caller)

    with pytest.raises(Throttled) as refused:
        await rates.take("a")
    assert 1 <= refused.value.retry_after <= 60


async def test_who_cannot_be_told_to_come_later_is_let_in_later() -> None:
    asked: list[str] = []

    async def hit(caller: str) -> bool:
        asked.append(caller)
        return len(asked) > 2

    async def resets_at(_: str) -> float:
        return 0.0

    await RateLimit(1, hit, resets_at).wait("a")

    assert asked == ["a"] * 3
