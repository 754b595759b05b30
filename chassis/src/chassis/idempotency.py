"""`Idempotency-Key`: the same request twice has one effect and gets the same answer."""

import asyncio
import base64
import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from chassis.errors import Rejected
from chassis.faults import BAD_REQUEST, IN_PROGRESS, KEY_REUSED
from chassis.mongo import Index
from chassis.units import Units
from chassis.work import Work

COLLECTION: Final = "idempotency"
INDEXES: Final = (Index(COLLECTION, ("kept", "until")),)
KEPT_FOR: Final = timedelta(days=7)

HEADER: Final = "Idempotency-Key"
_KEY: Final = re.compile(r'"?[\x21\x23-\x7e]{1,255}"?')


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer as it is kept and given again."""

    status: int
    body: bytes = b""
    media_type: str = "application/json"
    location: str = ""


@dataclass(frozen=True, slots=True)
class RequestKey:
    """What tells one request of a caller from another. Bodies and keys are kept as digests."""

    id: str
    body_hash: str

    @classmethod
    def of(cls, *, caller: str, operation: str, key: str, body: bytes) -> "RequestKey":
        """`operation` is method and route; raises `Rejected` for a key not in its form."""
        if _KEY.fullmatch(key) is None:
            raise Rejected(
                [BAD_REQUEST.fault("This key has 1 to 255 visible characters.", header=HEADER)]
            )
        name = "\n".join((caller, operation, key.strip('"')))
        return cls(hashlib.sha256(name.encode()).hexdigest(), hashlib.sha256(body).hexdigest())


class Idempotency:
    """Runs a request once for a key, in the transaction that also keeps the answer."""

    def __init__(self, units: Units) -> None:
        self._units = units
        self._in_progress: set[str] = set()

    async def run(
        self,
        key: RequestKey,
        function: Callable[..., Awaitable[Answer]],
        *arguments: Any,
        traceparent: str = "",
    ) -> Answer:
        """`await function(*arguments, work)`, or the answer that it gave for this key before.

        Another body under the same key, and a key at work in this process, raise `Rejected`. Of two
        processes with one key the slower gets the answer of the faster.
        """
        if key.id in self._in_progress:
            raise Rejected([IN_PROGRESS.fault(header=HEADER)])

        async def once(work: Work) -> Answer:
            documents = work.documents(COLLECTION)
            kept = await documents.get(key.id)
            if kept is not None:
                return _again(kept, key)
            answer = await function(*arguments, self._units.declaration.wrap(work))
            await documents.put(key.id, _kept(answer, key, work.now + KEPT_FOR))
            return answer

        self._in_progress.add(key.id)
        try:
            return await self._units.raw(once, traceparent=traceparent)
        finally:
            self._in_progress.discard(key.id)

    async def forget(self) -> None:
        """Once an hour lets go of answers older than a week; runs until it is cancelled."""
        while True:
            while await self._units.raw(_forget_some):
                continue
            await asyncio.sleep(3600)


def _again(kept: Any, key: RequestKey) -> Answer:
    if kept["body_hash"] != key.body_hash:
        raise Rejected([KEY_REUSED.fault(header=HEADER)])
    return Answer(
        kept["status"], base64.b64decode(kept["body"]), kept["media_type"], kept["location"]
    )


def _kept(answer: Answer, key: RequestKey, until: datetime) -> dict[str, Any]:
    return {
        "kept": True,
        "until": until,
        "body_hash": key.body_hash,
        "status": answer.status,
        "body": base64.b64encode(answer.body).decode(),
        "media_type": answer.media_type,
        "location": answer.location,
    }


async def _forget_some(work: Work) -> int:
    documents = work.documents(COLLECTION)
    old = await documents.query({"kept": True, "until": {"$lte": work.now}}, limit=200)
    for key, _ in old:
        await documents.delete(key)
    return len(old)
