"""Reaching a service from the terminal: the system of this directory, or the one in the environment."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, get_args

from chassis.mongo import Mongo, MongoStore, translated
from chassis.outbox import EDGE, Chunk
from chassis.settings import Settings, load
from chassis.work import Work
from contracts.topics import Service
from fairwait.system.record import Record

R = TypeVar("R")

Document: TypeAlias = dict[str, Any]
Function: TypeAlias = Callable[[Work], Awaitable[R]]

SERVICES: Sequence[Service] = get_args(Service)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where an operator works on the documents of one service, as the service itself does.

    What is changed and what is to be sent are one commit; the service sends it.
    """

    service: Service
    mongo: Mongo

    async def run(self, function: Function[R]) -> R:
        """One unit of work around a function of the chassis."""
        store = MongoStore(self.mongo)
        work = Work(store, service=self.service, streams={}, now=datetime.now(UTC))
        result = await function(work)
        await store.commit(work, [Chunk.of(EDGE, work.rows)] if work.rows else [])
        return result

    async def documents(self, collection: str, where: Document, limit: int) -> list[Document]:
        """Documents by an indexed field of their state."""
        with translated():
            found = self.mongo.db[collection].find(where, limit=limit)
            documents: list[Document] = await found.to_list(None)
        return documents

    async def count(self, collection: str, where: Document) -> int:
        with translated():
            return int(await self.mongo.db[collection].count_documents(where))


@asynccontextmanager
async def desk(service: Service, directory: Path) -> AsyncIterator[Desk]:
    """The desk of a service of the running system, or of the one that the environment names."""
    uri, database = _database(service, directory)
    mongo = Mongo(uri, database)
    try:
        yield Desk(service, mongo)
    finally:
        mongo.close()


def _database(service: Service, directory: Path) -> tuple[str, str]:
    record = Record.read(directory)
    if record is not None:
        return record.mongo, f"fairwait_{service}"
    settings = load(Settings, service)
    return settings.mongo.uri.get_secret_value(), settings.mongo.database
