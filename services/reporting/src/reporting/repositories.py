"""The ledger's chains, the record of every subject, and the releases, as documents."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from chassis.mongo import Index
from chassis.work import State, Work
from contracts.topics import CAPACITY
from reporting.domain.facts import Said, Source, from_document, to_document
from reporting.domain.ledger import GENESIS, Entry, Head, Position, Segment, runs, seal
from reporting.domain.projection import PathwayRecord

PATHWAYS: Final = "pathways"
SESSIONS: Final = "sessions"
SEGMENTS: Final = "segments"
CHAINS: Final = "chains"
RELEASES: Final = "releases"

COLLECTIONS: Final = (SEGMENTS, CHAINS)
INDEXES: Final = (Index(PATHWAYS, ("partition",)), Index(SESSIONS, ("partition",)))

CATALOGUE: Final = "catalogue"


def collection_of(topic: str) -> str:
    """Where the records of a topic's subjects are. Capacity ids may look like pathway ids."""
    return SESSIONS if topic == CAPACITY.name else PATHWAYS


# ---- the ledger


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain's end, with what was counted on the way: events by type, the newest by topic."""

    head: Head
    types: Mapping[str, int]
    latest: Mapping[str, datetime]


class Ledger:
    """The chains of segments, one per partition."""

    def __init__(self, work: Work) -> None:
        self._chains = work.documents(CHAINS)
        self._segments = work.documents(SEGMENTS)

    async def load(self, partitions: Iterable[int]) -> None:
        await self._chains.load(map(_chain_id, partitions))

    async def chain(self, partition: int) -> Chain:
        """The end of this partition's chain; an empty one where nothing was recorded yet."""
        return _read_chain(partition, await self._chains.get(_chain_id(partition)))

    async def append(
        self, partition: int, entries: Sequence[Entry], events: Sequence[tuple[str, datetime]]
    ) -> list[Position]:
        """Seals the entries behind the chain and says where each lies. `events`: type and time."""
        chain = await self.chain(partition)
        head = chain.head
        positions: list[Position] = []
        for run in runs(entries):
            segment, head = seal(head, run)
            await self._segments.put(_segment_id(partition, segment.number), _written(segment))
            positions += (Position(partition, segment.number, place) for place in range(len(run)))
        topics = [entry.topic for entry in entries]
        counted = _counted(replace(chain, head=head), topics, events)
        await self._chains.put(_chain_id(partition), _written_chain(counted))
        return positions

    async def segments(self, partition: int, first: int, last: int) -> dict[int, Segment]:
        """The segments that stand at these places, read at once; a missing one is left out."""
        ids = {number: _segment_id(partition, number) for number in range(first, last + 1)}
        await self._segments.load(ids.values())
        found: dict[int, Segment] = {}
        for number, segment_id in ids.items():
            state = await self._segments.get(segment_id)
            if state is not None:
                found[number] = _read_segment(state)
        return found


def _chain_id(partition: int) -> str:
    return f"p{partition:03}"


def _segment_id(partition: int, number: int) -> str:
    return f"p{partition:03}-{number:012}"


def _counted(chain: Chain, topics: Sequence[str], events: Sequence[tuple[str, datetime]]) -> Chain:
    types, latest = dict(chain.types), dict(chain.latest)
    for topic, (event_type, at) in zip(topics, events, strict=True):
        types[event_type] = types.get(event_type, 0) + 1
        latest[topic] = max(at, latest.get(topic, at))
    return replace(chain, types=types, latest=latest)


def _written_chain(chain: Chain) -> State:
    head = chain.head
    return {
        "segments": head.segments,
        "entries": head.entries,
        "sha256": head.sha256,
        "offsets": dict(head.offsets),
        "types": [[name, count] for name, count in chain.types.items()],  # names hold dots
        "latest": {topic: at.isoformat() for topic, at in chain.latest.items()},
    }


def _read_chain(partition: int, state: State | None) -> Chain:
    if state is None:
        return Chain(Head(partition, sha256=GENESIS), {}, {})
    head = Head(
        chain=partition,
        segments=state["segments"],
        entries=state["entries"],
        sha256=state["sha256"],
        offsets=state["offsets"],
    )
    latest = {topic: datetime.fromisoformat(at) for topic, at in state["latest"].items()}
    return Chain(head, dict(state["types"]), latest)


def _written(segment: Segment) -> State:
    return {
        "chain": segment.chain,
        "number": segment.number,
        "previous": segment.previous,
        "entries": segment.entries,
        "content": segment.content,
        "sha256": segment.sha256,
    }


def _read_segment(state: State) -> Segment:
    return Segment(**{**state, "content": bytes(state["content"])})


# ---- records


@dataclass(frozen=True, slots=True)
class Placed:
    """Something that was said and where its event lies in the ledger."""

    said: Said
    position: Position


class Records:
    """What was said of every subject, of one kind of subject."""

    def __init__(self, work: Work, collection: str) -> None:
        self._documents = work.documents(collection)

    async def load(self, subjects: Iterable[str]) -> None:
        await self._documents.load(subjects)

    async def knows(self, subject: str, source: Source) -> bool:
        """Whether this event is already part of the record."""
        state = await self._documents.get(subject)
        return state is not None and _name(source) in state["facts"]

    async def add(self, subject: str, placed: Sequence[Placed]) -> None:
        """Adds to a record, in one write. What is there already is left as it is."""
        state = await self._documents.get(subject) or {"facts": {}}
        facts = {_name(one.said.source): _written_fact(one) for one in placed}
        partition = placed[0].position.chain
        await self._documents.put(
            subject, {"partition": partition, "facts": {**facts, **state["facts"]}}
        )

    async def get(self, subject: str) -> PathwayRecord | None:
        state = await self._documents.get(subject)
        return None if state is None else _read_record(subject, state)

    async def position(self, subject: str, source: Source) -> Position | None:
        """Where an event lies in the ledger; None when it never came."""
        state = await self._documents.get(subject)
        fact = None if state is None else state["facts"].get(_name(source))
        return None if state is None or fact is None else Position(state["partition"], *fact["in"])

    async def of_partition(self, partition: int) -> list[PathwayRecord]:
        """All records whose events come in on this partition."""
        found = await self._documents.query({"partition": partition})
        return [_read_record(subject, state) for subject, state in found]


def _name(source: Source) -> str:
    return f"{source.topic}:{source.sequence}"


def _written_fact(placed: Placed) -> Mapping[str, Any]:
    position = placed.position
    return {
        "at": placed.said.at.isoformat(),
        "in": [position.segment, position.entry],
        "fact": to_document(placed.said.fact),
    }


def _read_record(subject: str, state: State) -> PathwayRecord:
    said = (_read_said(name, fact) for name, fact in state["facts"].items())
    return PathwayRecord(subject, {one.source: one for one in said})


def _read_said(name: str, stored: Mapping[str, Any]) -> Said:
    topic, _, sequence = name.rpartition(":")
    at = datetime.fromisoformat(stored["at"])
    return Said(Source(topic, int(sequence)), at, from_document(stored["fact"]))


# ---- releases


class Releases:
    """Which releases there are. Numbers are given once, in order, and never again."""

    def __init__(self, work: Work) -> None:
        self._documents = work.documents(RELEASES)

    async def reserve(self) -> str:
        """The name of the next release, such as 0007."""
        state = await self._catalogue()
        number = state["last"] + 1
        await self._documents.put(CATALOGUE, {**state, "last": number})
        return f"{number:04}"

    async def publish(self, release: str, summary: Mapping[str, Any]) -> None:
        """From now on this release is one of the published ones, with its summary."""
        state = await self._catalogue()
        await self._documents.put(CATALOGUE, {**state, "published": [*state["published"], release]})
        await self._documents.put(release, dict(summary))

    async def published(self) -> list[str]:
        """The published releases, oldest first."""
        return list((await self._catalogue())["published"])

    async def summaries(self, releases: Sequence[str]) -> list[State]:
        """What was said of each of these releases."""
        await self._documents.load(releases)
        found = [await self._documents.get(release) for release in releases]
        return [state for state in found if state is not None]

    async def _catalogue(self) -> State:
        return await self._documents.get(CATALOGUE) or {"last": 0, "published": []}
