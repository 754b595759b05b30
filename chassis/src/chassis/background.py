"""Work that no message asks for: sending what edges wrote, timers, parked records, leftovers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import structlog

from chassis import parking
from chassis.clock import Clock
from chassis.engine import Engine
from chassis.errors import TransientError
from chassis.kill_points import reached
from chassis.leases import Lease
from chassis.outbox import EDGE, Outbox
from chassis.units import Units
from chassis.work import TIMERS, Store, Work

log = structlog.get_logger()

RELAY_CHUNKS = 500
DUE_AT_ONCE = 100


class Doorbell:
    """Wakes the relay of this process at once; other processes' relays look every `patience`."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        self._event.set()

    async def wait(self, patience: float) -> None:
        try:
            async with asyncio.timeout(patience):
                await self._event.wait()
        except TimeoutError:
            return
        finally:
            self._event.clear()


async def forever(name: str, step: Callable[[], Awaitable[float]]) -> None:
    """Call `step` again and again; it says how many seconds to rest. Outlives what may pass."""
    failures = 0
    while True:
        try:
            rest = await step()
            failures = 0
        except TransientError as error:
            failures += 1
            rest = min(0.2 * 2**failures, 5.0)
            log.warning("background.waiting", job=name, error=str(error))
        await asyncio.sleep(rest)


class Relay:
    """Sends the chunks of edges and timers, oldest first, while this copy holds the lease."""

    def __init__(self, outbox: Outbox, lease: Lease, doorbell: Doorbell) -> None:
        self._outbox = outbox
        self._lease = lease
        self._doorbell = doorbell

    async def run(self) -> None:
        await forever("relay", self._step)

    async def _step(self) -> float:
        if not await self._lease.hold():
            return 1.0
        reached("relay-before-send")
        if await self._outbox.drain(EDGE, limit=RELAY_CHUNKS) < RELAY_CHUNKS:
            await self._doorbell.wait(0.5)
        return 0.0


class Timers:
    """Calls the handlers of timers that are due. The call and the timer's end are one commit."""

    def __init__(self, units: Units, store: Store, clock: Clock) -> None:
        self._units = units
        self._store = store
        self._clock = clock
        self._not_before: dict[str, tuple[int, float]] = {}

    async def run(self) -> None:
        await forever("timers", self._step)

    async def _step(self) -> float:
        due = await self._due()
        for document in due:
            await self._fire(document["_id"], document["state"])
        return 0.0 if due else 0.2

    async def _due(self) -> list[Mapping[str, Any]]:
        where = {"state.armed": True, "state.due_at": {"$lte": self._clock.now()}}
        found = await self._store.query(TIMERS, where, [("state.due_at", 1)], DUE_AT_ONCE)
        loop_time = asyncio.get_running_loop().time()
        return [one for one in found if self._not_before.get(one["_id"], (0, 0.0))[1] <= loop_time]

    async def _fire(self, timer_id: str, state: Mapping[str, Any]) -> None:
        handler = self._units.declaration.handlers.timers[state["name"]]

        async def fire(work: Work) -> None:
            timers = work.documents(TIMERS)
            now = await timers.get(timer_id)
            if now is None or now["due_at"] > work.now:
                return  # another copy was faster, or it was moved
            await timers.delete(timer_id)
            await handler(state["subject"], self._units.declaration.wrap(work))

        try:
            await self._units.raw(fire)
            self._not_before.pop(timer_id, None)
        except TransientError:
            raise
        except Exception as error:
            self._back_off(timer_id, error)

    def _back_off(self, timer_id: str, error: Exception) -> None:
        failures = self._not_before.get(timer_id, (0, 0.0))[0] + 1
        rest = min(2.0**failures, 300.0)
        self._not_before[timer_id] = failures, asyncio.get_running_loop().time() + rest
        log.error("timer.failed", timer=timer_id, failures=failures, exc_info=error)


class Retries:
    """Tries parked records again when their time has come, and points at those overdue."""

    def __init__(self, units: Units, engine: Engine, store: Store) -> None:
        self._units = units
        self._engine = engine
        self._store = store

    async def run(self) -> None:
        await forever("retries", self._step)

    async def _step(self) -> float:
        now = datetime.now(UTC)
        for document in await self._parked(parking.ERROR, "next_try", now):
            state = document["state"]

            async def retry(work: Work, state: Mapping[str, Any] = state) -> None:
                await self._engine.retry(state["collection"], state["key"], now, work)

            await self._units.raw(retry)
        for reason in (parking.GAP, parking.NOT_YET):
            for document in await self._parked(reason, "deadline", now):
                await self._point_at(document["_id"], now)
        return 1.0

    async def _point_at(self, parked_id: str, now: datetime) -> None:
        """Say that a record has waited too long, and say it again in an hour."""

        async def postpone(work: Work) -> None:
            parked = work.documents(parking.PARKED)
            state = await parked.get(parked_id)
            if state is None or state["deadline"] > now:
                return
            await parked.put(parked_id, {**state, "deadline": now + parking.REMIND_AFTER})
            log.error("record.overdue", position=parked_id, reason=state["reason"])

        await self._units.raw(postpone)

    async def _parked(self, reason: str, time: str, now: datetime) -> list[Mapping[str, Any]]:
        where = {"state.reason": reason, f"state.{time}": {"$lte": now}}
        return list(await self._store.query(parking.PARKED, where, (), DUE_AT_ONCE))


class Sweep:
    """Sends what others left in the outbox of partitions this copy owns.

    The owner of a partition drains it when it gets it. A former owner that commits one last batch
    after that, and dies before sending it, is the case for this.
    """

    def __init__(self, engine: Engine, assigned: Callable[[], set[int]]) -> None:
        self._engine = engine
        self._assigned = assigned

    async def run(self) -> None:
        await forever("sweep", self._step)

    async def _step(self) -> float:
        await self._engine.sweep(self._assigned())
        return 15.0
