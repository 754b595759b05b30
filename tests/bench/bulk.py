"""A waiting list by file, accepted durably, against writing the documents that it makes.

    make bench BENCH=bulk
    make bench BENCH=bulk ARGS="--rows 10000"

`fairwait submit` sends the file to a referral service on the embedded servers. The floor writes the
very documents that the rows left behind (read back) into another database of the same server: the
same collections and indexes, transactions of 1,000 rows with majority and journal, the events of
each in one document of the outbox. Nothing is read, checked or decided there, and nothing is sent.
Both alternate, so that both meet the same machine. The embedded database is slow, which flatters the
ratio of the times; so the CPU of the service and of the floor's client are told too, each without
the database.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import csv
import io
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.mongo import OUTBOX, Mongo
from chassis.outbox import EDGE, Chunk
from chassis.work import Document, Row
from contracts.topics import PARTITIONS
from fairwait.commands.submit import submit
from referral.repositories import INDEXES, INTAKE, PATHWAYS
from tests.bench.edge import TRUST, Edge, cpu_of, referral_alone, referrals

T = TypeVar("T")

ROWS: Final = 100_000
ROUNDS: Final = 4
AT_ONCE: Final = 1_000  # rows of one transaction of the floor
KINDS: Final = ("csv", "ndjson")

# The names of the waiting list minimum data set.
COLUMNS: Final = {
    "PATIENT_PATHWAY_IDENTIFIER": ("pathway", "identifier"),
    "ORGANISATION_CODE_PPI_ISSUER": ("pathway", "issuer"),
    "NHS_NUMBER": ("patient", "nhs_number"),
    "PERSON_GIVEN_NAME": ("patient", "given_name"),
    "PERSON_FAMILY_NAME": ("patient", "family_name"),
    "PERSON_BIRTH_DATE": ("patient", "birth_date"),
    "PERSON_STATED_GENDER_CODE": ("patient", "sex"),
    "POSTCODE_OF_USUAL_ADDRESS": ("patient", "postcode"),
    "PHONE": ("patient", "phone"),
    "ORGANISATION_CODE_PROVIDER": ("responsible_provider",),
    "REFERRING_ORGANISATION_CODE": ("referring_organisation",),
    "ACTIVITY_TREATMENT_FUNCTION_CODE": ("treatment_function",),
    "PRIORITY_TYPE_CODE": ("priority",),
    "SOURCE_OF_REFERRAL": ("source_of_referral",),
    "REFERRAL_REQUEST_RECEIVED_DATE": ("received_on",),
    "ORGANISATION_CODE_COMMISSIONER": ("commissioner",),
}


def written(kind: str, rows: Sequence[Mapping[str, Any]]) -> bytes:
    if kind == "ndjson":
        return b"".join(orjson.dumps(row) + b"\n" for row in rows)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows([_at(row, path) for path in COLUMNS.values()] for row in rows)
    return out.getvalue().encode()


def slices(rows: Sequence[T], size: int) -> Iterator[list[T]]:
    for start in range(0, len(rows), size):
        yield list(rows[start : start + size])


def _at(row: Any, path: Sequence[str]) -> Any:
    for name in path:
        row = row[name]
    return row


# ---- the product


def sent(file: Path, edge: Edge) -> float:
    """Seconds of `fairwait submit`."""
    told = io.StringIO()
    began = time.perf_counter()
    with contextlib.redirect_stdout(told):
        code = submit(file, organisation=TRUST, url=edge.url, directory=edge.directory)
    seconds = time.perf_counter() - began
    if code:
        raise RuntimeError(told.getvalue()[-500:])
    return seconds


# ---- the floor


@dataclass(frozen=True, slots=True)
class Left:
    """What some rows left behind."""

    pathways: list[Document]
    intake: list[Document]
    rows: list[Row]

    @property
    def size(self) -> int:
        """Documents that are kept, and with them the outbox of the floor."""
        return len(self.pathways) + len(self.intake)

    def transactions(self) -> Iterator[tuple[list[Document], list[Document], Chunk]]:
        each = len(self.rows) // len(self.pathways)
        parts = zip(
            slices(self.pathways, AT_ONCE),
            slices(self.intake, AT_ONCE),
            slices(self.rows, each * AT_ONCE),
            strict=True,
        )
        for pathways, intake, rows in parts:
            yield pathways, intake, Chunk.of(EDGE, rows)


class Events:
    """Reads what the service published, as the rows that its outbox held."""

    def __init__(self, edge: Edge) -> None:
        self._consumer: Any = AIOKafkaConsumer(
            bootstrap_servers=edge.stack.kafka_bootstrap, enable_auto_commit=False
        )

    async def __aenter__(self) -> Events:
        await self._consumer.start()
        partitions = [
            TopicPartition(topic, number)
            for topic in ("referral", "identity")
            for number in range(PARTITIONS)
        ]
        self._consumer.assign(partitions)
        await self._consumer.seek_to_beginning(*partitions)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def new(self) -> list[Row]:
        """All since the last time; the outbox is empty by now."""
        rows: list[Row] = []
        while found := await self._consumer.getmany(timeout_ms=1000):
            for records in found.values():
                rows += [Row(one.topic, one.key, one.value, list(one.headers)) for one in records]
        return rows


class Kept:
    """Reads what the service has kept since the last time."""

    def __init__(self, edge: Edge, events: Events) -> None:
        self._edge, self._events = edge, events
        self._seen: set[str] = set()

    async def new(self) -> Left:
        pathways, intake = [await self._documents(name) for name in (PATHWAYS, INTAKE)]
        return Left(pathways, intake, await self._events.new())

    async def _documents(self, collection: str) -> list[Document]:
        # All of them and not a query for some: that would take the database longer by far.
        found = await self._edge.mongo.db[collection].find().to_list(None)
        new = [one for one in found if one["_id"] not in self._seen]
        self._seen.update(one["_id"] for one in new)
        return new


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds by the clock and of the CPU."""

    seconds: float
    cpu: float


async def floor(left: Left, database: Mongo) -> Took:
    transactions = list(left.transactions())
    began, cpu = time.perf_counter(), time.process_time()
    for pathways, intake, chunk in transactions:
        async with database.transaction() as session:
            for name, documents in (
                (PATHWAYS, pathways),
                (INTAKE, intake),
                (OUTBOX, [chunk.document()]),
            ):
                command = {"insert": name, "documents": documents, "ordered": False}
                await database.db.command(command, session=session)
    took = Took(time.perf_counter() - began, time.process_time() - cpu)
    await database.db[OUTBOX].delete_many({})
    return took


# ---- both


@dataclass(frozen=True, slots=True)
class Round:
    product: Took
    relay: float
    floor: Took
    documents: int


async def one_round(
    kind: str, fields: Sequence[Mapping[str, Any]], edge: Edge, kept: Kept, database: Mongo
) -> Round:
    file = edge.directory / f"list.{kind}"
    file.write_bytes(written(kind, fields))
    cpu = cpu_of(edge.pid)
    seconds = await asyncio.to_thread(sent, file, edge)
    relay = await edge.outbox_empty()
    product = Took(seconds, cpu_of(edge.pid) - cpu)
    left = await kept.new()
    assert len(left.pathways) == len(left.intake) == len(fields), "a row is missing"
    return Round(product, relay, await floor(left, database), left.size)


async def main(rows: int, rounds: int) -> None:
    each = rows // rounds
    fields = referrals()
    print(f"Intake by file of {rows} rows, {rounds} rounds against the floor: the same documents")
    print(f"and events written raw, in transactions of {AT_ONCE} rows, with the same indexes")
    async with referral_alone() as edge, Events(edge) as events:
        database = Mongo(edge.stack.mongo_uri, "bench_floor")
        await database.prepare([PATHWAYS, INTAKE, OUTBOX], INDEXES)
        kept = Kept(edge, events)
        for kind in KINDS:
            done = []
            for _ in range(rounds):
                part = list(islice(fields, each))
                done.append(await one_round(kind, part, edge, kept, database))
            _tell(kind, each, done)
            again = await asyncio.to_thread(sent, edge.directory / f"list.{kind}", edge)
            assert not await events.new(), "a file that was sent twice has done something"
            print(f"{'':9}the last round sent again: {each / again:.0f} rows a second, no effect")
        database.close()


def _tell(kind: str, each: int, done: Sequence[Round]) -> None:
    product = sum(one.product.seconds for one in done)
    least = sum(one.floor.seconds for one in done)
    ratios = sorted(one.product.seconds / one.floor.seconds for one in done)
    rows = each * len(done)
    print(
        f"  {kind:7}{rows / product:7.0f} rows a second accepted, floor {rows / least:7.0f}; "
        f"ratio {product / least:5.2f} (rounds {ratios[0]:.2f} to {ratios[-1]:.2f})"
    )
    own = sum(one.product.cpu for one in done) / rows * 1e6
    client = sum(one.floor.cpu for one in done) / rows * 1e6
    print(
        f"{'':9}CPU a row without the database: {own:.0f} us, with sending the events; "
        f"floor {client:.0f} us; ratio {own / client:.1f}"
    )
    print(
        f"{'':9}{sum(one.documents for one in done)} documents; all events with the broker "
        f"{statistics.median(one.relay for one in done):.1f} s after the end of a round"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help="of each form of file")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    asyncio.run(main(options.rows, options.rounds))
