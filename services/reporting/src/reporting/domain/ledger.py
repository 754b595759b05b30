"""The ledger: events as they came, in segments that are each chained by hash to the one before.

One chain per partition, numbered from 1 without gaps. A segment is never changed; whoever alters,
removes, repeats or exchanges one breaks the chain, and `verify` says where.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

import cramjam

GENESIS: Final = "0" * 64  # what the first segment of a chain follows
SEGMENT_BYTES: Final = 4 * 1024 * 1024  # of plain content; a stored document holds 16 MiB at most
LEVEL: Final = 3  # zstd

Headers = tuple[tuple[str, bytes | None], ...]


class Position(NamedTuple):
    """Where an event lies: the chain, the segment in it, and the place in the segment from 0."""

    chain: int
    segment: int
    entry: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of Kafka, byte for byte."""

    topic: str
    partition: int
    offset: int
    key: bytes
    headers: Headers
    value: bytes | None

    @property
    def payload_sha256(self) -> str:
        """The hash of the event's own bytes, in hex."""
        return hashlib.sha256(self.value or b"").hexdigest()

    @property
    def size(self) -> int:
        return len(self.key) + len(self.value or b"")


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of entries of one partition. `sha256` covers all the rest, `previous` included."""

    chain: int
    number: int
    previous: str
    entries: int
    content: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: how long it is and what the next segment follows.

    `offsets` is the high-water mark: the highest offset of each topic in this partition.
    """

    chain: int
    segments: int = 0
    entries: int = 0
    sha256: str = GENESIS
    offsets: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that is not as it was written."""

    chain: int
    segment: int
    reason: str


def seal(head: Head, entries: Sequence[Entry]) -> tuple[Segment, Head]:
    """The next segment of a chain and the chain's new end."""
    number = head.segments + 1
    content = _pack(entries)
    sha256 = _digest(head.chain, number, head.sha256, len(entries), content)
    segment = Segment(head.chain, number, head.sha256, len(entries), content, sha256)

    offsets = dict(head.offsets)
    for entry in entries:
        offsets[entry.topic] = max(entry.offset, offsets.get(entry.topic, entry.offset))
    end = replace(
        head,
        segments=number,
        entries=head.entries + len(entries),
        sha256=sha256,
        offsets=offsets,
    )
    return segment, end


def runs(entries: Sequence[Entry], limit: int = SEGMENT_BYTES) -> Iterator[list[Entry]]:
    """The entries in runs that each fit into one segment, in order; an entry is never cut."""
    run: list[Entry] = []
    size = 0
    for entry in entries:
        if run and size + entry.size > limit:
            yield run
            run, size = [], 0
        run.append(entry)
        size += entry.size
    if run:
        yield run


def unseal(segment: Segment) -> list[Entry]:
    """The entries of a segment, in the order they came. Its hash is not looked at: see `flaw_in`."""
    return _unpack(segment.content)


def flaw_in(segment: Segment, *, chain: int, number: int, previous: str) -> Flaw | None:
    """What is wrong with the segment that stands at this place of the chain, if anything."""

    def flaw(reason: str) -> Flaw:
        return Flaw(chain, number, reason)

    if (segment.chain, segment.number) != (chain, number):
        return flaw("another segment stands in its place")
    if segment.previous != previous:
        return flaw("it does not follow the segment before it")
    digest = _digest(chain, number, previous, segment.entries, segment.content)
    if digest != segment.sha256:
        return flaw("its content is not what was written")
    return None


def verify(head: Head, segments: Mapping[int, Segment]) -> list[Flaw]:
    """Everything that is wrong with a chain. `segments` by the number of the place they stand in."""
    walk = Walk(head)
    for number in range(1, head.segments + 1):
        walk.step(segments.get(number))
    for number in sorted(set(segments) - set(range(1, head.segments + 1))):
        walk.flaws.append(Flaw(head.chain, number, "it lies outside the chain"))
    return walk.finish()


class Walk:
    """Checks a chain segment by segment, so that no more than one need be in memory."""

    def __init__(self, head: Head) -> None:
        self._head = head
        self._number = 0
        self._entries = 0
        self.previous = GENESIS
        self.flaws: list[Flaw] = []

    def step(self, segment: Segment | None) -> None:
        """Takes what stands at the next place; None when nothing does."""
        self._number += 1
        if segment is None:
            self.flaws.append(Flaw(self._head.chain, self._number, "it is missing"))
            self.previous = ""  # nothing can follow a segment that is not there
            return
        flaw = flaw_in(segment, chain=self._head.chain, number=self._number, previous=self.previous)
        if flaw:
            self.flaws.append(flaw)
        self._entries += segment.entries
        self.previous = segment.sha256

    def finish(self) -> list[Flaw]:
        """All flaws, those of the end of the chain included."""
        if (self._entries, self.previous) != (self._head.entries, self._head.sha256):
            self.flaws.append(Flaw(self._head.chain, self._number, "the chain ends otherwise"))
        return self.flaws


def _digest(chain: int, number: int, previous: str, entries: int, content: bytes) -> str:
    named = f"fairwait.ledger.1:{chain}:{number}:{entries}:{previous}:".encode()
    return hashlib.sha256(named + content).hexdigest()


def _pack(entries: Sequence[Entry]) -> bytes:
    """A line of JSON that says what follows, then the values end to end; compressed with zstd."""
    index = [
        [
            entry.topic,
            entry.partition,
            entry.offset,
            _text(entry.key),
            [[name, None if value is None else _text(value)] for name, value in entry.headers],
            None if entry.value is None else len(entry.value),
        ]
        for entry in entries
    ]
    named = json.dumps(index, separators=(",", ":"), ensure_ascii=False).encode()
    plain = b"".join([named, b"\n", *(entry.value or b"" for entry in entries)])
    return bytes(cramjam.zstd.compress(plain, LEVEL))


def _unpack(content: bytes) -> list[Entry]:
    plain = bytes(cramjam.zstd.decompress(content))
    named, _, values = plain.partition(b"\n")
    entries = []
    start = 0
    for topic, partition, offset, key, headers, length in json.loads(named):
        value = None if length is None else values[start : start + length]
        start += length or 0
        entries.append(
            Entry(topic, partition, offset, _bytes(key), tuple(_headers(headers)), value)
        )
    return entries


def _headers(stored: Sequence[Any]) -> Iterator[tuple[str, bytes | None]]:
    for name, value in stored:
        yield name, None if value is None else _bytes(value)


# Latin-1 gives every byte a character and back, so keys and headers need not be UTF-8.
def _text(raw: bytes) -> str:
    return raw.decode("latin-1")


def _bytes(text: str) -> bytes:
    return text.encode("latin-1")
