"""Many things at once fail as one."""

import asyncio

import pytest

from fairwait.simulation.together import together


class Wrong(Exception):
    """What goes wrong in these tests."""


async def fail() -> None:
    raise Wrong


async def test_all_are_done() -> None:
    done: list[int] = []

    async def do(number: int) -> None:
        done.append(number)

    await together(do(number) for number in range(3))

    assert sorted(done) == [0, 1, 2]


async def test_a_failure_is_raised_as_itself_and_ends_the_rest() -> None:
    ended = asyncio.Event()

    async def wait_for_ever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with pytest.raises(Wrong):
        await together([wait_for_ever(), fail()])

    assert ended.is_set()
