"""One at a time and all who wait together: a group commit, or a read for several at once."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")
R = TypeVar("R")

Go: TypeAlias = Callable[[Sequence[T]], Awaitable[Sequence[R | Exception]]]
"""Does what is asked, and tells what came of each: a result, or an exception for that one alone."""


class Together(Generic[T, R]):
    """What is asked for while something is under way is done in one go next.

    Whoever asks while nothing is under way is served at once: nobody waits for company.
    """

    def __init__(self, go: Go[T, R], *, most: int) -> None:
        self._go = go
        self._most = most
        self._waiting: deque[tuple[T, asyncio.Future[R]]] = deque()
        self._running: asyncio.Task[None] | None = None

    async def ask(self, one: T) -> R:
        """What came of it. A caller that is cancelled while it waits has asked for nothing."""
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((one, answer))
        if self._running is None:
            # In a context of its own: what is done here belongs to no one request.
            self._running = asyncio.create_task(self._run(), name="together", context=Context())
        return await answer

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._next()
        finally:
            self._running = None
            while self._waiting:
                self._waiting.popleft()[1].cancel()

    async def _next(self) -> None:
        asked = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
        asked = [(one, answer) for one, answer in asked if not answer.done()]
        if not asked:
            return
        try:
            outcomes = await self._go([one for one, _ in asked])
        except Exception as error:
            outcomes = [error] * len(asked)
        except BaseException:
            for _, answer in asked:
                answer.cancel()
            raise
        for (_, answer), outcome in zip(asked, outcomes, strict=True):
            _tell(answer, outcome)


def _tell(answer: asyncio.Future[R], outcome: R | Exception) -> None:
    if answer.done():
        return  # its caller was cancelled meanwhile
    if isinstance(outcome, Exception):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)
