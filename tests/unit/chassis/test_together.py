"""What is asked for while something is under way goes together next, and nobody waits for company."""

import asyncio
from collections.abc import Sequence

import pytest

from chassis.together import Together


class Door:
    """Doubles numbers, each go when it is let; a number below zero is refused alone."""

    def __init__(self, *, most: int = 100) -> None:
        self.goes: list[list[int]] = []
        self.let = asyncio.Semaphore(0)
        self.together = Together[int, int](self._go, most=most)

    async def _go(self, asked: Sequence[int]) -> list[int | Exception]:
        self.goes.append(list(asked))
        await self.let.acquire()
        if 13 in asked:
            raise RuntimeError("a bug")
        return [ValueError(str(one)) if one < 0 else 2 * one for one in asked]

    def ask(self, *numbers: int) -> list["asyncio.Task[int]"]:
        return [asyncio.create_task(self.together.ask(one)) for one in numbers]

    def open(self, times: int = 100) -> None:
        for _ in range(times):
            self.let.release()


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_the_first_goes_at_once_and_the_rest_together() -> None:
    door = Door()
    first = door.ask(1)
    await settled()

    assert door.goes == [[1]]

    rest = door.ask(2, 3, 4)
    await settled()
    door.open()

    assert await asyncio.gather(*first, *rest) == [2, 4, 6, 8]
    assert door.goes == [[1], [2, 3, 4]]


async def test_no_more_than_so_many_go_together() -> None:
    door = Door(most=2)
    asked = door.ask(1, 2, 3, 4, 5)
    await settled()
    door.open()

    assert await asyncio.gather(*asked) == [2, 4, 6, 8, 10]
    assert max(map(len, door.goes)) == 2


async def test_an_outcome_of_one_is_its_own_and_an_error_of_all_is_of_all() -> None:
    door = Door()
    door.ask(0)
    await settled()
    mixed = door.ask(1, -1, 2)
    await settled()
    door.open(2)
    told = await asyncio.gather(*mixed, return_exceptions=True)

    assert [type(one) for one in told] == [int, ValueError, int]

    door.ask(0)
    await settled()
    unlucky = door.ask(1, 13)
    door.open()

    assert [type(one) for one in await asyncio.gather(*unlucky, return_exceptions=True)] == [
        RuntimeError,
        RuntimeError,
    ]
    assert await door.together.ask(4) == 8


async def test_who_is_cancelled_while_waiting_has_asked_for_nothing() -> None:
    door = Door()
    first = door.ask(1)
    await settled()
    gone, stays = door.ask(2, 3)
    await settled()
    gone.cancel()
    door.open()

    assert await asyncio.gather(*first, stays) == [2, 6]
    assert door.goes == [[1], [3]]


async def test_who_is_cancelled_under_way_takes_nothing_from_the_others() -> None:
    door = Door()
    first = door.ask(1)
    await settled()
    gone, stays = door.ask(2, 3)
    await settled()
    door.open(1)
    await first[0]
    await settled()
    gone.cancel()
    door.open()

    assert await stays == 6
    assert door.goes[1] == [2, 3]
    with pytest.raises(asyncio.CancelledError):
        await gone
