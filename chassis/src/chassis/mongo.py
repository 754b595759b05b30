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
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import ASCENDING, IndexModel
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
from chassis.together import Together
from chassis.work import Changed, Changes, Counts, Document, Sort

if TYPE_CHECKING:
    from chassis.outbox import Chunk

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


READ_TOGETHER: Final = 64  # reads
FEW: Final = 16  # documents of one of them: whoever reads more has a read of its own

_Loads: TypeAlias = Together[Sequence[str], list[Document]]


class MongoStore:
    """Reads documents for a unit of work, and commits one."""

    def __init__(self, mongo: Mongo) -> None:
        self.mongo = mongo
        self._loads: dict[str, _Loads] = {}

    async def load(self, collection: str, ids: Sequence[str]) -> list[Document]:
        """The documents that are there. Small reads at the same time are one for the database."""
        if len(ids) > FEW:
            return await self._find(collection, ids)
        loads = self._loads.get(collection)
        if loads is None:
            load = partial(self._load, collection)
            loads = self._loads[collection] = _Loads(load, most=READ_TOGETHER)
        return await loads.ask(ids)

    async def _load(
        self, collection: str, reads: Sequence[Sequence[str]]
    ) -> list[list[Document] | Exception]:
        ids = list(dict.fromkeys(chain.from_iterable(reads)))
        found = {one["_id"]: one for one in await self._find(collection, ids)}
        return [[found[id] for id in dict.fromkeys(read) if id in found] for read in reads]

    async def _find(self, collection: str, ids: Sequence[str]) -> list[Document]:
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

    async def count(
        self, collection: str, where: Mapping[str, Any], by: Sequence[str], each: str
    ) -> Counts:
        group = {str(number): f"${name}" for number, name in enumerate(by)}
        pipeline = [
            {"$match": dict(where)},
            *([{"$unwind": f"${each}"}] if each else []),
            {"$group": {"_id": group or None, "n": {"$sum": 1}}},
        ]
        with translated():
            found = await self.mongo.db[collection].aggregate(pipeline).to_list(None)
        return {_group(one["_id"] or {}, len(by)): one["n"] for one in found}

    async def commit(self, work: Changes, chunks: Sequence[Chunk] = ()) -> None:
        """Write everything the work changed, and the outbox, in one transaction.

        Raises `VersionConflict` when somebody else changed one of the documents since it was
        read: nothing is written then, and the work has to be done again from the start.
        """
        writes = [write for one in work.collections.values() for write in _writes(one)]
        if chunks:
            writes.append(_Write("insert", OUTBOX, [chunk.document() for chunk in chunks]))
        if not writes:
            return
        with translated():
            async with self.mongo.transaction() as session:
                for write in writes:
                    await write.run(self.mongo.db, session)


def _group(found: Mapping[str, Any], names: int) -> tuple[Any, ...]:
    # A name that a document does not have is missing from its group too.
    return tuple(found.get(str(number)) for number in range(names))


_LISTS = {"insert": "documents", "update": "updates", "delete": "deletes"}
_AT_ONCE = 1_000  # operations in a command; a transaction stays far below 16 MiB


@dataclass(frozen=True, slots=True)
class _Write:
    """Operations of one kind on one collection, sent as the server's own command.

    The driver's bulk writes cost several microseconds an operation before anything is encoded.
    `guarded` operations must all take effect.
    """

    kind: str
    collection: str
    operations: list[dict[str, Any]]
    guarded: bool = True

    async def run(self, db: Any, session: Any) -> None:
        for start in range(0, len(self.operations), _AT_ONCE):
            part = self.operations[start : start + _AT_ONCE]
            command = {self.kind: self.collection, _LISTS[self.kind]: part, "ordered": False}
            answer = await db.command(command, session=session)
            if errors := answer.get("writeErrors"):
                raise BulkWriteError(answer | {"writeErrors": errors})
            if self.guarded and answer["n"] != len(part):
                raise VersionConflict(self.collection)


def _writes(documents: Changed) -> Iterator[_Write]:
    inserts, updates, deletes = [], [], []
    blind_updates, blind_deletes = [], []
    for slot in documents.changed():
        query = {"_id": slot.id, "v": slot.version}
        if slot.blind and slot.state is None:
            blind_deletes.append({"q": {"_id": slot.id}, "limit": 1})
        elif slot.blind:
            # A version nobody has read: whoever holds an older one loses, which is the point.
            document = slot.document(time.time_ns())
            blind_updates.append({"q": {"_id": slot.id}, "u": document, "upsert": True})
        elif slot.empty:
            if slot.version:
                deletes.append({"q": query, "limit": 1})
        elif slot.version == 0:
            inserts.append(slot.document(1))
        else:
            updates.append({"q": query, "u": slot.document(slot.version + 1)})
    for kind, operations, guarded in (
        ("insert", inserts, True),
        ("update", updates, True),
        ("delete", deletes, True),
        ("update", blind_updates, False),
        ("delete", blind_deletes, False),
    ):
        if operations:
            yield _Write(kind, documents.name, operations, guarded)
