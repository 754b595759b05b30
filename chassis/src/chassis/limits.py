"""No caller takes from the others: a limit to how often one may ask, and turns for who waits.

The limit is a moving window, in this process or shared through MongoDB. Where a protocol can say
"later" (HTTP), whoever is over it is told so; where it cannot (MLLP), the next message is taken
later.
"""

import asyncio
import math
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from limits import RateLimitItemPerMinute
from limits.aio.storage import MongoDBStorage
from limits.aio.strategies import MovingWindowRateLimiter as SharedWindow
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter as LocalWindow

from chassis.errors import Rejected
from chassis.faults import THROTTLED
from chassis.settings import Settings


class Throttled(Rejected):
    """Too many requests; `retry_after` is in whole seconds, at least one."""

    def __init__(self, retry_after: int) -> None:
        super().__init__([THROTTLED.fault()])
        self.retry_after = retry_after


class RateLimit:
    """A limit per caller and minute. One caller at the limit takes nothing from the others."""

    def __init__(
        self,
        per_minute: int,
        hit: Callable[[str], Awaitable[bool]],
        resets_at: Callable[[str], Awaitable[float]],
        close: Callable[[], None] = lambda: None,
    ) -> None:
        self.per_minute = per_minute
        self._hit = hit
        self._resets_at = resets_at
        self.close = close

    @classmethod
    def local(cls, per_minute: int) -> "RateLimit":
        """Counted in this process: with n copies of a service a caller has up to n times as much."""
        window, limit = LocalWindow(MemoryStorage()), RateLimitItemPerMinute(per_minute)

        async def hit(key: str) -> bool:
            return window.hit(limit, key)

        async def resets_at(key: str) -> float:
            return window.get_window_stats(limit, key).reset_time

        return cls(per_minute, hit, resets_at)

    @classmethod
    def shared(cls, per_minute: int, uri: str, database: str) -> "RateLimit":
        """Counted in the service's database, for all its copies together."""
        storage = MongoDBStorage(uri, database_name=database, counter_collection_name="rates",
                                 window_collection_name="rate_windows")  # fmt: skip
        window, limit = SharedWindow(storage), RateLimitItemPerMinute(per_minute)

        async def hit(key: str) -> bool:
            return await window.hit(limit, key)

        async def resets_at(key: str) -> float:
            return (await window.get_window_stats(limit, key)).reset_time

        return cls(per_minute, hit, resets_at, storage.storage.close)

    @classmethod
    def of(cls, settings: Settings, per_minute: int = 0) -> "RateLimit":
        """The limit that the settings ask for, or another number of requests kept the same way."""
        per_minute = per_minute or settings.http.requests_per_minute
        if settings.http.rate_storage == "memory":
            return cls.local(per_minute)
        return cls.shared(
            per_minute, settings.mongo.uri.get_secret_value(), settings.mongo.database
        )

    async def take(self, caller: str) -> None:
        """Counts one request of `caller`; raises `Throttled` when there were too many."""
        if not await self._hit(caller):
            wait = await self._resets_at(caller) - time.time()
            raise Throttled(max(1, math.ceil(wait)))

    async def wait(self, caller: str) -> None:
        """Counts one request of `caller`, as soon as there is room for it."""
        while not await self._hit(caller):
            # Asked again now and then, as the room that was seen may be another's by then.
            wait = await self._resets_at(caller) - time.time()
            await asyncio.sleep(min(max(wait, 0.05), 1.0))


class Turns:
    """So many pieces of work at a time; callers that have to wait take turns.

    However much one caller brings, the next free place goes to another one that waits, so that
    nobody waits for more than one piece of each of the others.
    """

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def of(self, caller: str) -> AsyncIterator[None]:
        """A place for one piece of work of `caller`, for as long as the block lasts."""
        await self._take(caller)
        try:
            yield
        finally:
            self._give_back()

    async def _take(self, caller: str) -> None:
        if self._free and not self._waiting:
            self._free -= 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(caller, deque()).append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self._give_back()  # it was ours already
            raise

    def _give_back(self) -> None:
        place = self._next()
        if place is None:
            self._free += 1
        else:
            place.set_result(None)

    def _next(self) -> asyncio.Future[None] | None:
        """Whose turn it is; that caller then waits behind all the others."""
        while self._waiting:
            caller, places = self._waiting.popitem(last=False)
            while places:
                place = places.popleft()
                if not place.done():
                    if places:
                        self._waiting[caller] = places
                    return place
        return None
