"""Whether the process lives, has started and is of use, from checks that its parts register.

`/readyz` asks everything. `/readyz/edge` asks only what a request needs: referrals are accepted
while Kafka is away, so a load balancer must not take the service out then.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import structlog

Check: TypeAlias = Callable[[], Awaitable[str]]
"""Nothing when all is well, otherwise a short sentence without data: `not polled for 41 s`."""

CHECK_WITHIN: Final = 3.0  # seconds; a check that takes longer has failed
REMEMBERED_FOR: Final = 1.0  # seconds; many probes cost one round of checks

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Readiness:
    """The answer of `/readyz`: by name of the check what is wrong, empty where nothing is."""

    ready: bool
    checks: dict[str, str]


class Heartbeat:
    """A part that works in a loop calls `beat`; silent for longer than `within` seconds is wrong."""

    def __init__(
        self, what: str, *, within: float = 30.0, time: Callable[[], float] = time.monotonic
    ) -> None:
        self._what = what
        self._within = within
        self._time = time
        self._last: float | None = None

    def beat(self) -> None:
        self._last = self._time()

    async def check(self) -> str:
        if self._last is None:
            return f"{self._what} has not happened yet"
        silent = self._time() - self._last
        return f"{self._what} last happened {silent:.0f} s ago" if silent > self._within else ""


class Health:
    """The checks of a process. Liveness asks none of them: a broken database is no reason to die."""

    def __init__(self) -> None:
        self.started = False
        self.stopping = False
        self._checks: dict[str, Check] = {}
        self._edge: set[str] = set()
        self._last: tuple[float, Readiness] | None = None
        self._asking = asyncio.Lock()

    def register(self, name: str, check: Check, *, edge: bool = False) -> None:
        """Adds a check. `edge` says that HTTP requests need what it checks."""
        self._checks[name] = check
        if edge:
            self._edge.add(name)
        self._last = None

    def heartbeat(self, name: str, what: str, *, within: float = 30.0) -> Heartbeat:
        """Registers a heartbeat: `health.heartbeat("consumer", "a poll")`."""
        heartbeat = Heartbeat(what, within=within)
        self.register(name, heartbeat.check)
        return heartbeat

    async def readiness(self, *, edge: bool = False) -> Readiness:
        """Ready when started, not stopping and every check passes. At most a second old."""
        if self.stopping:
            return Readiness(ready=False, checks={"process": "stopping"})
        if not self.started:
            return Readiness(ready=False, checks={"process": "starting"})
        async with self._asking:
            now = time.monotonic()
            if self._last is None or now - self._last[0] > REMEMBERED_FOR:
                self._last = (now, await self._ask())
            checks = self._last[1].checks
        if edge:
            checks = {name: wrong for name, wrong in checks.items() if name in self._edge}
        return Readiness(ready=not any(checks.values()), checks=checks)

    async def _ask(self) -> Readiness:
        results = await asyncio.gather(*(_result(name, one) for name, one in self._checks.items()))
        checks = dict(zip(self._checks, results, strict=True))
        return Readiness(ready=not any(checks.values()), checks=checks)


async def _result(name: str, check: Check) -> str:
    try:
        async with asyncio.timeout(CHECK_WITHIN):
            return await check()
    except TimeoutError:
        return f"no answer within {CHECK_WITHIN:.0f} s"
    except Exception as error:  # a check that fails is an answer too
        log.warning("check.failed", check=name, exc_info=error)
        return f"failed: {type(error).__name__}"
