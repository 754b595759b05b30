"""Kills on progress: at named points of the code, from outside, and the servers below.

Every service dies at each point of the engine, once in a life: it gets as far as the point, is
gone, and is started again by the fleet with the next point. After that everything dies in the same
moment, again and again, and the database in between.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Final, Literal, TypeAlias

from fairwait.servers import NativeKafka, SecantusMongo
from tests.crash.system.processes import Death, until
from tests.crash.system.whole import SERVICES, Whole

ENGINE_POINTS: Final = (
    "after-fetch",
    "after-handlers",
    "before-commit",
    "after-commit",
    "before-send",
    "after-send",
    "before-offset",
)
OWN_POINTS: Final = {
    "referral": ("edge-before-commit:5", "edge-after-commit:5", "relay-before-send:5"),
    "notifications": ("before-hand-over:2", "after-hand-over:2", "edge-after-commit:3"),
    "matching": (),
    "reporting": (),
}
TIMER_POINTS: Final = {"matching": ("edge-before-commit:30", "edge-after-commit:30")}
SHUTDOWN: Final = "in-shutdown"
WORKED_ENOUGH: Final = 3  # records, before a service is killed again from outside
HEAR_ALL: Final = ("notifications", "reporting")  # whatever happens, these have to do with it
PATIENCE: Final = 25.0  # seconds that we wait for progress; then it is killed all the same

Blow: TypeAlias = Literal["services", "mongo", "kafka", "shutdown"] | str
"""What is struck: all services at once, a server, or one service by its name."""


@dataclass
class Killer:
    """Strikes, and counts."""

    whole: Whole
    seed: int
    kills: Counter[str] = field(default_factory=Counter)

    @property
    def deaths(self) -> Sequence[Death]:
        return self.whole.fleet.deaths

    @property
    def points(self) -> Counter[str]:
        """How often each named point was where a process ended."""
        return Counter(death.point for death in self.deaths if death.point)

    @property
    def total(self) -> int:
        """Deaths of services and of servers."""
        return len(self.deaths) + self.kills["mongo"] + self.kills["kafka"]

    async def strike(self, blows: Sequence[Blow]) -> None:
        """One after the other, each once its victims have done something in this life."""
        for blow in blows:
            await self._strike(blow)

    async def _strike(self, blow: Blow) -> None:
        match blow:
            case "mongo":
                await self._until_worked(*HEAR_ALL)
                assert isinstance(self.whole.stack.mongo, SecantusMongo)
                await self.whole.stack.mongo.restart()
            case "kafka":
                await self._until_worked(*HEAR_ALL)
                assert isinstance(self.whole.stack.kafka, NativeKafka)
                await self.whole.stack.kafka.restart()
            case "shutdown":
                await self._shut_down()
            case "services":
                await self._until_worked(*HEAR_ALL)
                for name in SERVICES:
                    self.whole.fleet[name].kill()
            case name:
                await self._until_worked(name)
                self.whole.fleet[name].kill()
        self.kills[blow] += 1

    async def _shut_down(self) -> None:
        """Ask all services to stop: each is armed, by an earlier life, to die in stopping."""
        for name in SERVICES:
            process = self.whole.fleet[name]
            process.points.append(f"{SHUTDOWN}:1")
            process.kill()
        await self._until_worked(*HEAR_ALL)
        before = self.points[SHUTDOWN]
        for name in SERVICES:
            self.whole.fleet[name].ask_to_stop()
        async with asyncio.timeout(PATIENCE):
            await until(lambda: self.points[SHUTDOWN] >= before + len(SERVICES))

    async def _until_worked(self, *names: str) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                for name in names:
                    await until(partial(self._has_worked, name))

    async def _has_worked(self, name: str) -> bool:
        return await self.whole.fleet.worked(name) >= WORKED_ENOUGH


def points_of(service: str, seed: int) -> list[str]:
    """The points of a service, in the order it meets them. Reporting sends nothing by batches."""
    draw = Random(f"{seed}|points|{service}")
    engine = [name for name in ENGINE_POINTS if service != "reporting" or "send" not in name]
    points = [*(f"{name}:{draw.randint(1, 3)}" for name in engine), *OWN_POINTS[service]]
    draw.shuffle(points)
    return points
