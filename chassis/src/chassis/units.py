"""Units of work for everything that is not a batch: requests at an edge, pages, timers, tools."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from chassis.commits import Commits
from chassis.engine import Declaration, Engine, receive
from chassis.errors import Rejected, TransientError, VersionConflict
from chassis.messages import Received, RefusedSubmission
from chassis.tracing import current_traceparent
from chassis.work import Work

R = TypeVar("R")

TRIES = 20


class Units:
    """Runs functions over a unit of work and commits it. Accepts work while Kafka is away."""

    def __init__(self, engine: Engine, store: Any, ring: Callable[[], None]) -> None:
        self.declaration: Declaration = engine.declaration
        self._engine = engine
        self._commits = Commits(store, ring)

    async def run(
        self,
        function: Callable[..., Awaitable[R]],
        *arguments: Any,
        traceparent: str = "",
    ) -> R:
        """`await function(*arguments, work)` with the service's own work, then commit.

        When this returns, states and events are durable, in one transaction with those of whoever
        else was ready at that time. Runs the function again when another writer was faster, so it
        must have no effect but through `work`.
        """

        async def on(work: Work) -> R:
            return await function(*arguments, self.declaration.wrap(work))

        return await self.raw(on, traceparent=traceparent)

    async def raw(self, function: Callable[[Work], Awaitable[R]], *, traceparent: str = "") -> R:
        """The same over the engine's own work, for what knows no service."""
        for attempt in range(TRIES):
            work = self._engine.begin(traceparent or current_traceparent())
            result = await function(work)
            try:
                await self._commits.commit(work)
            except VersionConflict:
                await asyncio.sleep(random.uniform(0, min(0.005 * 2**attempt, 0.2)))
                continue
            return result
        raise TransientError("the documents of this request keep being changed by others")

    async def read(self, function: Callable[..., Awaitable[R]], *arguments: Any) -> R:
        """`await function(*arguments, work)` without committing anything."""
        return await function(*arguments, self.declaration.wrap(self._engine.begin()))

    async def receive(self, received: Received[Any]) -> None:
        """Handle a submission from an edge exactly as one from Kafka.

        Raises `Rejected` when the service refuses it; the refusal itself is then on record.
        """
        refusal, _ = await self.answer(received, _nothing)
        if refusal is not None:
            raise refusal

    async def answer(
        self, received: Received[Any], look: Callable[..., Awaitable[R]], *arguments: Any
    ) -> tuple[Rejected | None, R]:
        """`receive`, and what `await look(*arguments, work)` finds afterwards, in the same unit.

        For edges that answer with what is on record: it needs no second look at the database.
        """

        async def on(work: Work) -> tuple[Rejected | None, R]:
            wrapped = self.declaration.wrap(work)
            refusal = await receive(received, self.declaration.handlers, work, wrapped)
            return refusal, await look(*arguments, wrapped)

        return await self.raw(on, traceparent=received.traceparent)

    async def refuse(self, refused: RefusedSubmission) -> None:
        """Put on record that a submission could not even be read field by field."""
        if self.declaration.handlers.refused is not None:
            await self.run(self.declaration.handlers.refused, refused)


async def _nothing(work: Any) -> None:
    return None
