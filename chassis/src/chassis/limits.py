"""How often one caller may ask: a moving window, in this process or shared through MongoDB."""

import math
import time
from collections.abc import Awaitable, Callable

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
