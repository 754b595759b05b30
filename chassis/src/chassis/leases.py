"""Leases: which of several copies of a service does a job that only one should do."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from uuid_utils.compat import uuid7

from chassis.mongo import Mongo, translated

LEASES = "leases"


class Lease:
    """One named job. The token rises with every new holder, so an old one can be told apart.

    Whoever holds it may ask as often as it likes: it is written anew when a third of it is over.
    """

    def __init__(self, mongo: Mongo, name: str, *, seconds: float = 10.0) -> None:
        self._leases: Any = mongo.db[LEASES]
        self._name = name
        self._length = timedelta(seconds=seconds)
        self._holder = str(uuid7())
        self._renew_at = 0.0
        self.token: int | None = None

    async def hold(self) -> bool:
        """Take or keep the lease; False while another copy holds it."""
        asked = time.monotonic()
        if self.token is not None and asked < self._renew_at:
            return True
        now = datetime.now(UTC)
        free = {"$or": [{"holder": self._holder}, {"until": {"$lt": now}}]}
        change: dict[str, Any] = {"$set": {"holder": self._holder, "until": now + self._length}}
        if self.token is None:
            change["$inc"] = {"token": 1}
        with translated():
            await self._leases.update_one(
                {"_id": self._name},
                {"$setOnInsert": {"holder": "", "until": now - self._length, "token": 0}},
                upsert=True,
            ) if self.token is None else None
            found = await self._leases.find_one_and_update(
                {"_id": self._name, **free}, change, return_document=True
            )
        self.token = found["token"] if found else None
        self._renew_at = asked + self._length.total_seconds() / 3
        return found is not None

    async def release(self) -> None:
        """Let go, so that another copy need not wait for the end."""
        if self.token is None:
            return
        with translated():
            await self._leases.update_one(
                {"_id": self._name, "holder": self._holder},
                {"$set": {"until": datetime.now(UTC) - self._length}},
            )
        self.token = None
