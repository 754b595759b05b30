"""MongoDB: the one place of the chassis that knows the driver.

The driver is motor; moving to PyMongo's `AsyncMongoClient` is a change of this file.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import ASCENDING, DeleteOne, IndexModel, InsertOne, ReplaceOne
from pymongo.errors import (
    BulkWriteError,
    CollectionInvalid,
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
    WTimeoutError,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from chassis.errors import TransientError, VersionConflict
from chassis.outbox import Chunk
from chassis.work import Document, Documents, Slot, Sort, Work

DUPLICATE_KEY = 11000
SNAPSHOT = ReadConcern("snapshot")
MAJORITY = WriteConcern("majority", j=True, wtimeout=20_000)

OUTBOX = "outbox"


@dataclass(frozen=True, slots=True)
class Index:
    """An index over state fields of one collection; `keys` are relative to the state."""

    collection: str
    keys: tuple[str, ...]
    unique: bool = False


class Mongo:
    """A connected database. Safe settings are set here and never inherited from a URI."""

    def __init__(self, uri: str, database: str, *, pool: int = 50) -> None:
        self.client: Any = AsyncIOMotorClient(
            uri,
            maxPoolSize=pool,
            serverSelectionTimeoutMS=20_000,
            retryWrites=True,
            w="majority",
            journal=True,
            tz_aware=True,
            tzinfo=UTC,
        )
        self.db: Any = self.client.get_database(
            database, codec_options=CodecOptions(tz_aware=True, tzinfo=UTC)
        )

    def close(self) -> None:
        self.client.close()

    async def ping(self) -> None:
        """Write and read a document: a full disk answers a ping but takes no write."""
        with translated():
            await self.db["health"].replace_one({"_id": "write"}, {"at": time.time()}, upsert=True)

    async def prepare(self, collections: Iterable[str], indexes: Iterable[Index]) -> None:
        """Create what is missing: collections (a transaction must not) and indexes."""
        with translated():
            existing = set(await self.db.list_collection_names())
            for name in dict.fromkeys(collections):
                if name not in existing:
                    await self._create(name)
            wanted: dict[str, list[IndexModel]] = defaultdict(list)
            for index in indexes:
                keys = [(f"state.{key}", ASCENDING) for key in index.keys]
                wanted[index.collection].append(IndexModel(keys, unique=index.unique))
            wanted[OUTBOX].append(IndexModel([("p", ASCENDING)]))
            for name, models in wanted.items():
                await self.db[name].create_indexes(models)

    async def _create(self, name: str) -> None:
        try:
            await self.db.create_collection(name)
        except CollectionInvalid:
            return  # another copy of this service was faster

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        """Snapshot reads, majority and journaled writes; all or nothing."""
        async with await self.client.start_session() as session:
            session.start_transaction(read_concern=SNAPSHOT, write_concern=MAJORITY)
            try:
                yield session
            except BaseException:
                if session.in_transaction:
                    await session.abort_transaction()
                raise
            await _commit(session)


async def _commit(session: Any) -> None:
    for tries_left in (2, 1, 0):
        try:
            await session.commit_transaction()
            return
        except PyMongoError as error:
            if not tries_left or not error.has_error_label("UnknownTransactionCommitResult"):
                raise


@contextmanager
def translated() -> Iterator[None]:
    """Turns the driver's errors into ours: conflicts, and whatever another try may cure."""
    try:
        yield
    except PyMongoError as error:
        if _is_conflict(error):
            raise VersionConflict(type(error).__name__) from error
        if _is_transient(error):
            raise TransientError(f"MongoDB: {type(error).__name__}") from error
        raise


def _is_conflict(error: PyMongoError) -> bool:
    if isinstance(error, BulkWriteError):
        codes = {one["code"] for one in (error.details or {}).get("writeErrors", [])}
        return codes == {DUPLICATE_KEY} or 112 in codes
    if isinstance(error, DuplicateKeyError):
        return True
    return isinstance(error, OperationFailure) and error.code == 112


def _is_transient(error: PyMongoError) -> bool:
    if error.has_error_label("TransientTransactionError"):
        return True
    if error.has_error_label("UnknownTransactionCommitResult"):
        return True
    kinds = ConnectionFailure | NetworkTimeout | ExecutionTimeout | WTimeoutError
    # Code 1 is how a store with a full disk answers; the rest are elections and step-downs.
    codes = {1, 91, 189, 262, 290, 10107, 11600, 11602, 13435, 13436}
    return isinstance(error, kinds) or (isinstance(error, OperationFailure) and error.code in codes)


class MongoStore:
    """Reads documents for a unit of work, and commits one."""

    def __init__(self, mongo: Mongo) -> None:
        self.mongo = mongo

    async def load(self, collection: str, ids: Sequence[str]) -> list[Document]:
        with translated():
            found = self.mongo.db[collection].find({"_id": {"$in": list(ids)}})
            return await found.to_list(None)  # type: ignore[no-any-return]

    async def query(
        self, collection: str, where: Mapping[str, Any], sort: Sort, limit: int
    ) -> list[Document]:
        with translated():
            found = self.mongo.db[collection].find(dict(where), limit=limit)
            if sort:
                found = found.sort(list(sort))
            return await found.to_list(None)  # type: ignore[no-any-return]

    async def commit(self, work: Work, chunks: Sequence[Chunk] = ()) -> None:
        """Write everything the work changed, and the outbox, in one transaction.

        Raises `VersionConflict` when somebody else changed one of the documents since it was
        read: nothing is written then, and the work has to be done again from the start.
        """
        writes = [write for one in work.collections.values() if (write := _writes(one))]
        if not writes and not chunks:
            return
        with translated():
            async with self.mongo.transaction() as session:
                for write in writes:
                    await write.run(self.mongo.db, session)
                if chunks:
                    await self.mongo.db[OUTBOX].insert_many(
                        [chunk.document() for chunk in chunks], session=session
                    )


@dataclass(slots=True)
class _Writes:
    """The changes to one collection: guarded by version, and unguarded engine documents."""

    collection: str
    guarded: list[Any]
    blind: list[Any]

    async def run(self, db: Any, session: Any) -> None:
        if self.blind:
            await db[self.collection].bulk_write(self.blind, ordered=False, session=session)
        if not self.guarded:
            return
        result = await db[self.collection].bulk_write(self.guarded, ordered=False, session=session)
        done = result.inserted_count + result.matched_count + result.deleted_count
        if done != len(self.guarded):
            raise VersionConflict(self.collection)


def _writes(documents: Documents) -> _Writes | None:
    changed = documents.changed()
    if not changed:
        return None
    guarded = [write for slot in changed if not slot.blind and (write := _guarded(slot))]
    blind = [_blind(slot) for slot in changed if slot.blind]
    return _Writes(documents.name, guarded, blind) if guarded or blind else None


def _guarded(slot: Slot) -> Any:
    if slot.version == 0:
        return None if slot.empty else InsertOne(slot.document(1))
    guard = {"_id": slot.id, "v": slot.version}
    if slot.empty:
        return DeleteOne(guard)
    return ReplaceOne(guard, slot.document(slot.version + 1))


def _blind(slot: Slot) -> Any:
    if slot.state is None:
        return DeleteOne({"_id": slot.id})
    # A version nobody has read: whoever holds an older one loses, which is the point.
    return ReplaceOne({"_id": slot.id}, slot.document(time.time_ns()), upsert=True)
