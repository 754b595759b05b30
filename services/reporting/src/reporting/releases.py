"""Releases: built from the records, built again from the ledger, checked, and published."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from contracts.topics import PARTITIONS
from reporting import files
from reporting.domain.balance import Tally
from reporting.domain.facts import Said, Source
from reporting.domain.gathering import Gathering
from reporting.domain.ledger import Entry, Flaw, Head, Walk, unseal
from reporting.domain.projection import PathwayRecord
from reporting.handlers import publish_release
from reporting.making import Order, make
from reporting.ports import Units
from reporting.repositories import Chain, collection_of
from reporting.settings import ReportingSection
from reporting.translation import told_in
from reporting.work import ReportingWork

SEGMENTS_AT_ONCE: Final = 16
STEADY_TRIES: Final = 3


class LedgerDamaged(Exception):
    """The ledger is not as it was written, so nothing is built from it."""

    def __init__(self, flaws: Sequence[Flaw]) -> None:
        first = flaws[0]
        super().__init__(
            f"{len(flaws)} flaws, the first in chain {first.chain}, "
            f"segment {first.segment}: {first.reason}"
        )
        self.flaws = flaws


@dataclass(slots=True)
class Counted:
    """Events by type and the newest by topic, over all chains."""

    types: Counter[str] = field(default_factory=Counter)
    latest: dict[str, datetime] = field(default_factory=dict)

    def take(self, chain: Chain) -> None:
        self.types.update(chain.types)
        for topic, at in chain.latest.items():
            self.latest[topic] = max(at, self.latest.get(topic, at))

    @property
    def up_to(self) -> str | None:
        """When the newest event was said, as ISO text; None before the first."""
        newest = max(self.latest.values(), default=None)
        return newest.isoformat() if newest else None


# ---- what one can ask for


async def build_release(
    units: Units, section: ReportingSection, *, today: date, now: datetime
) -> dict[str, Any]:
    """Builds, files and publishes the next release from the records; its manifest.

    The number is taken first and the files stand in their place before anybody is told, so that
    a crash in between leaves a number unused and never a release without its files.
    """
    release = await _next_release(units, section.directory)
    former = _with_public(section.directory, await units.read(_published))
    gathered = await from_records(units, today)
    order = Order(release, now, section, former)
    made = await asyncio.to_thread(make, gathered, order)
    await asyncio.to_thread(files.put, section.directory / release, made.files)
    await units.run(publish_release, made.manifest)
    return made.manifest


def _with_public(directory: Path, published: Sequence[str]) -> str | None:
    """The newest release that has a public edition."""
    editions = (name for name in reversed(published) if files.read_public(directory / name))
    return next(editions, None)


async def _next_release(units: Units, directory: Path) -> str:
    """A number that is free, also where the folder holds releases of an earlier database."""
    while (directory / (release := await units.run(_reserve))).exists():
        continue
    return release


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A release made again from the ledger alone, and how it compares."""

    release: str
    dataset_sha256: str
    rebuild_sha256: str
    differing_files: list[str]
    events: int

    @property
    def equal(self) -> bool:
        return self.dataset_sha256 == self.rebuild_sha256 and not self.differing_files

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "equal": self.equal}


async def rebuild(units: Units, section: ReportingSection, release: str) -> Rebuilt:
    """Makes a release again from the ledger up to where it stood then, in a fresh folder.

    Raises `LedgerDamaged`, also when the ledger no longer leads to the hashes in the manifest.
    """
    stated = files.read_manifest(section.directory / release)
    ends = {one["partition"]: (one["segments"], one["sha256"]) for one in stated["ledger"]}
    gathered = await from_ledger(units, date.fromisoformat(stated["as_at"]), ends)

    now = datetime.fromisoformat(stated["built_at"])
    order = Order(release, now, section, stated.get("public", {}).get("held_against"))
    made = await asyncio.to_thread(make, gathered, order)
    await asyncio.to_thread(
        files.put, section.directory / "rebuilt" / release, made.files, replace=True
    )
    return Rebuilt(
        release=release,
        dataset_sha256=stated["dataset_sha256"],
        rebuild_sha256=made.manifest["dataset_sha256"],
        differing_files=_differing(stated["files"], made.manifest["files"]),
        events=made.manifest["events"],
    )


def _differing(stated: Mapping[str, Any], made: Mapping[str, Any]) -> list[str]:
    names = sorted(stated.keys() | made.keys())
    return [name for name in names if stated.get(name) != made.get(name)]


@dataclass(frozen=True, slots=True)
class Verified:
    """What a walk over the whole ledger found."""

    segments: int
    events: int
    flaws: list[Flaw]

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "sound": not self.flaws}


async def verify_ledger(units: Units) -> Verified:
    """Every segment of every chain, one after the other, against the hashes."""
    segments, events, flaws = 0, 0, list[Flaw]()
    for partition in range(PARTITIONS):
        chain = await units.read(_chain, partition)
        walk = Walk(chain.head)
        async for found in _segments(units, chain.head):
            walk.step(found)
        segments += chain.head.segments
        events += chain.head.entries
        flaws += walk.finish()
    return Verified(segments, events, flaws)


async def count(units: Units) -> dict[str, Any]:
    """What came in and where it stands now, and every sum that does not balance."""
    tally = Tally()
    gathered = Counted()
    for partition in range(PARTITIONS):
        chain, records = await _steady(units, partition)
        await asyncio.to_thread(tally.take, records)
        gathered.take(chain)
    checks = tally.checks(gathered.types)
    return {
        "events": sum(gathered.types.values()),
        "events_by_type": dict(sorted(gathered.types.items())),
        "data_up_to": gathered.up_to,
        **tally.as_json(),
        "checks": [{**asdict(check), "difference": check.difference} for check in checks],
        "unbalanced": sum(check.difference for check in checks),
    }


async def chains(units: Units) -> Counted:
    """What all chains have counted, without reading a record."""
    gathered = Counted()
    for partition in range(PARTITIONS):
        gathered.take(await units.read(_chain, partition))
    return gathered


# ---- from records


async def from_records(units: Units, as_at: date) -> Gathering:
    """Everything that the records hold now."""
    gathered = Gathering(as_at)
    for partition in range(PARTITIONS):
        chain, records = await _steady(units, partition)
        await asyncio.to_thread(gathered.take, records)
        gathered.end(chain.head, chain.types, chain.latest)
    return gathered


async def _steady(units: Units, partition: int) -> tuple[Chain, list[PathwayRecord]]:
    """The records of a partition together with the end of the chain that they stand for.

    When batches keep coming in between the two reads, the ledger up to a fixed end says the same.
    """
    for _ in range(STEADY_TRIES):
        before = await units.read(_chain, partition)
        records = await units.read(_records, partition)
        if (await units.read(_chain, partition)).head == before.head:
            return before, records
    return await _replayed(units, await units.read(_chain, partition))


# ---- from the ledger


async def from_ledger(
    units: Units, as_at: date, ends: Mapping[int, tuple[int, str]] | None = None
) -> Gathering:
    """Everything that the ledger holds; with `ends` only up to these segments of each chain."""
    gathered = Gathering(as_at)
    for partition in range(PARTITIONS):
        chain = await units.read(_chain, partition)
        if ends is not None:
            chain = _cut(chain, *ends[partition])
        chain, records = await _replayed(units, chain)
        await asyncio.to_thread(gathered.take, records)
        gathered.end(chain.head, chain.types, chain.latest)
    return gathered


def _cut(chain: Chain, segments: int, sha256: str) -> Chain:
    """The chain as it was when it had so many segments. What was counted is counted anew."""
    if segments > chain.head.segments:
        flaw = Flaw(chain.head.chain, chain.head.segments, "the chain was longer once")
        raise LedgerDamaged([flaw])
    return Chain(Head(chain.head.chain, segments, -1, sha256), {}, {})


async def _replayed(units: Units, chain: Chain) -> tuple[Chain, list[PathwayRecord]]:
    """The records that the events of a chain make, and the chain with everything counted anew."""
    said: defaultdict[tuple[str, str], dict[Source, Said]] = defaultdict(dict)
    offsets: dict[str, int] = {}
    types: defaultdict[str, int] = defaultdict(int)
    latest: dict[str, datetime] = {}
    count = 0
    async for entry in _entries(units, chain.head):
        told = told_in(entry.topic, entry.value, entry.headers)
        one = told.said
        said[collection_of(entry.topic), told.subject].setdefault(one.source, one)
        types[told.type] += 1
        latest[entry.topic] = max(one.at, latest.get(entry.topic, one.at))
        offsets[entry.topic] = max(entry.offset, offsets.get(entry.topic, entry.offset))
        count += 1
    head = Head(chain.head.chain, chain.head.segments, count, chain.head.sha256, offsets)
    records = [PathwayRecord(subject, facts) for (_, subject), facts in said.items()]
    return Chain(head, types, latest), records


async def _entries(units: Units, head: Head) -> AsyncIterator[Entry]:
    """The entries of a chain in order, each segment checked before it is opened."""
    walk = Walk(head)
    async for segment in _segments(units, head):
        walk.step(segment)
        if walk.flaws or segment is None:
            raise LedgerDamaged(walk.flaws)
        for entry in unseal(segment):
            yield entry
    if walk.previous != head.sha256:
        raise LedgerDamaged([Flaw(head.chain, head.segments, "the chain ends otherwise")])


async def _segments(units: Units, head: Head) -> AsyncIterator[Any]:
    """What stands at each place of a chain, in order; None where nothing does."""
    for first in range(1, head.segments + 1, SEGMENTS_AT_ONCE):
        last = min(first + SEGMENTS_AT_ONCE - 1, head.segments)
        found = await units.read(_read_segments, head.chain, first, last)
        for number in range(first, last + 1):
            yield found.get(number)


# ---- reads


async def _reserve(work: ReportingWork) -> str:
    return await work.releases.reserve()


async def _published(work: ReportingWork) -> list[str]:
    return await work.releases.published()


async def _chain(partition: int, work: ReportingWork) -> Chain:
    return await work.ledger.chain(partition)


async def _records(partition: int, work: ReportingWork) -> list[PathwayRecord]:
    pathways = await work.pathways.of_partition(partition)
    return pathways + await work.sessions.of_partition(partition)


async def _read_segments(
    partition: int, first: int, last: int, work: ReportingWork
) -> Mapping[int, Any]:
    return await work.ledger.segments(partition, first, last)
