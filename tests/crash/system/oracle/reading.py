"""Everything there is to judge a run by: history, collections, topics, mailbox, data set.

Nothing here, or anywhere in the oracle, comes from the services, their contracts or their chassis:
documents and records are taken as plain values.
"""

import csv
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeAlias

from aiokafka import AIOKafkaConsumer, TopicPartition
from pymongo import AsyncMongoClient

Document: TypeAlias = Mapping[str, Any]
Keys: TypeAlias = Mapping[str, Document]

PARTITIONS: Final = 12
TOPICS: Final = (
    "identity", "referral", "appointment", "offer", "capacity", "response", "notification",
    "submission", "submission.referral.dlt", "submission.matching.dlt",
)  # fmt: skip
COLLECTIONS: Final = {
    "referral": ("pathways", "intake", "outbox", "parked", "dead_letters"),
    "matching": ("matches", "sessions", "outbox", "parked", "dead_letters"),
    "notifications": ("patients", "messages", "outbox", "parked", "dead_letters"),
    "reporting": ("pathways", "sessions", "chains", "outbox", "parked", "dead_letters"),
}


@dataclass(frozen=True, slots=True)
class Sent:
    """Something that was sent, and what its sender knows of it in the end."""

    kind: str
    key: str
    outcome: str
    what: Document

    @property
    def certain(self) -> bool:
        """Whether there was an answer."""
        return self.outcome != "unknown"


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a topic."""

    topic: str
    partition: int
    offset: int
    headers: Mapping[str, bytes]
    value: bytes

    @property
    def type(self) -> str:
        return self.headers.get("ce_type", b"").decode().removeprefix("fairwait.").rpartition(".v")[0]  # fmt: skip

    @property
    def subject(self) -> str:
        return self.headers["ce_subject"].decode()

    @property
    def sequence(self) -> int:
        return int(self.headers["ce_sequence"])

    @property
    def content(self) -> Document:
        found: Document = json.loads(self.value)
        return found


@dataclass(frozen=True)
class Found:
    """What a run left."""

    history: Iterable[Sent]
    databases: Mapping[str, Mapping[str, list[Document]]]
    wire: Mapping[str, list[Record]]
    mail: list[Document]
    rows: list[Mapping[str, str]]
    manifest: Document
    files: Mapping[str, str]
    rebuilt_files: Mapping[str, str]
    unbalanced: int

    def of(self, service: str, collection: str) -> Keys:
        return {one["_id"]: one for one in self.databases[service][collection]}

    def states(self, service: str, collection: str) -> Keys:
        """States by key, of the documents that have one."""
        found = self.databases[service][collection]
        return {one["_id"]: one["state"] for one in found if one.get("state") is not None}

    def sent(self, kind: str) -> list[Sent]:
        return [one for one in self.history if one.kind == kind]

    @cached_property
    def events(self) -> Mapping[str, list[Record]]:
        """Events by type, each once however often it is on its topic."""
        once: dict[tuple[str, str, int], Record] = {}
        for topic, records in self.wire.items():
            if not topic.startswith("submission"):
                for one in records:
                    once.setdefault((topic, one.subject, one.sequence), one)
        by_type = defaultdict(list)
        for one in once.values():
            by_type[one.type].append(one)
        return by_type

    @cached_property
    def numbered(self) -> int:
        """How many events there are that reporting reads."""
        every = (one for records in self.events.values() for one in records)
        return sum(one.topic != "identity" for one in every)


async def read(
    *,
    history: Path,
    mongo: str,
    kafka: str,
    mailbox: Path,
    dataset: Path,
    release: str,
    unbalanced: int,
) -> Found:
    """Reads all of it. The services are stopped, or have settled."""
    return Found(
        history=list(_sent(history)),
        databases=await _documents(mongo),
        wire=await _records(kafka),
        mail=list(_lines(mailbox)),
        rows=_rows(dataset / release / "pathways.csv"),
        manifest=json.loads((dataset / release / "manifest.json").read_text()),
        files=_hashes(dataset / release),
        rebuilt_files=_hashes(dataset / "rebuilt" / release),
        unbalanced=unbalanced,
    )


def _sent(path: Path) -> Iterable[Sent]:
    """Each thing once: an answer to any of its sendings is an answer."""
    whats: dict[tuple[str, str], Document] = {}
    outcomes: dict[tuple[str, str], str] = {}
    for line in _lines(path):
        name = line["kind"], line["key"]
        if line["line"] == "sending":
            whats.setdefault(name, line)
        elif outcomes.get(name, "unknown") == "unknown":
            outcomes[name] = line["outcome"]
    for (kind, key), what in whats.items():
        yield Sent(kind, key, outcomes.get((kind, key), "unknown"), what)


def _lines(path: Path) -> Iterable[Document]:
    if not path.exists():
        return
    for line in path.read_bytes().splitlines():
        yield json.loads(line)


async def _documents(uri: str) -> dict[str, dict[str, list[Document]]]:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(uri, tz_aware=True)
    try:
        return {
            service: {
                name: list(await client[f"fairwait_{service}"][name].find({}).to_list(None))
                for name in names
            }
            for service, names in COLLECTIONS.items()
        }
    finally:
        await client.close()


async def _records(bootstrap: str) -> dict[str, list[Record]]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    found: dict[str, list[Record]] = {topic: [] for topic in TOPICS}
    try:
        partitions = [TopicPartition(topic, n) for topic in TOPICS for n in range(PARTITIONS)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        while batch := await consumer.getmany(timeout_ms=3_000):
            for records in batch.values():
                for one in records:
                    headers = dict(one.headers)
                    found[one.topic].append(
                        Record(one.topic, one.partition, one.offset, headers, one.value)
                    )
    finally:
        await consumer.stop()
    for records in found.values():
        records.sort(key=lambda one: (one.partition, one.offset))
    return found


def _rows(path: Path) -> list[Mapping[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _hashes(folder: Path) -> dict[str, str]:
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.iterdir())
        if file.is_file()
    }
