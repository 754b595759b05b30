"""A slice of the country: some cells told as events into one chain of the ledger, and counted back.

The work of one process at a time. A slice holds at most so many pathways, so that memory depends on
that number and not on how many patients there are.
"""

import resource
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from contracts.event import Event, write
from contracts.event import read as read_event
from reporting.domain.facts import Said, Source
from reporting.domain.ledger import Entry, Head, Segment, Walk, seal, unseal
from reporting.domain.monthly import Line, Month, Return
from reporting.domain.projection import PathwayRecord
from reporting.national.extract import Cell
from reporting.national.simulation import Tallied, Telling
from reporting.translation import told_in

BATCH: Final = 500  # events of a segment, as many as a consumer takes at once
SLICE: Final = 20_000  # pathways


@dataclass(frozen=True, slots=True)
class Cost:
    """What a piece of work took of one process. The peak is that of the process so far."""

    cpu_seconds: float
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class Slice:
    """Cells to be told as one chain, into one file."""

    number: int
    cells: Sequence[Cell]
    month: Month
    seed: int
    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / f"chain-{self.number:05}.ledger"


@dataclass(frozen=True, slots=True)
class Written:
    """A chain that was written: its end, by which it is checked when read."""

    slice: Slice
    head: Head
    size: int
    tally: Tallied
    cost: Cost


@dataclass(frozen=True, slots=True)
class Counted:
    """What the events of a chain come to, and the cost of it beside that of only decoding them."""

    lines: dict[Line, list[int]]
    pathways: int
    events: int
    cost: Cost
    floor_seconds: float | None


def slices(
    cells: Iterable[Cell], month: Month, seed: int, folder: Path, most: int = SLICE
) -> Iterator[Slice]:
    """The cells in slices of about so many pathways each; a cell is never cut."""
    held: list[Cell] = []
    pathways = number = 0
    for cell in cells:
        if held and pathways + cell.pathways > most:
            yield Slice(number, held, month, seed, folder)
            held, pathways, number = [], 0, number + 1
        held.append(cell)
        pathways += cell.pathways
    if held:
        yield Slice(number, held, month, seed, folder)


# ---- events into the ledger


def tell(piece: Slice) -> Written:
    """Writes the events of a slice as a chain of sealed segments."""
    started = time.process_time()
    tally = Tallied()
    head = Head(piece.number)
    with piece.path.open("wb") as file:
        for batch in _batches(_entries(piece, tally)):
            segment, head = seal(head, batch)
            file.write(_framed(segment))
        size = file.tell()
    return Written(piece, head, size, tally, cost_since(started))


def _entries(piece: Slice, tally: Tallied) -> Iterator[Entry]:
    offsets: defaultdict[str, int] = defaultdict(int)
    for cell in piece.cells:
        telling = Telling(cell, piece.month, piece.seed)
        for event in telling.events():
            tally.events += 1
            yield _entry(event, piece.number, offsets)
        tally.add(telling.tally)


def _entry(event: Event, partition: int, offsets: defaultdict[str, int]) -> Entry:
    key, value, headers = write(event)
    topic = event.topic.name
    offset = offsets[topic]
    offsets[topic] += 1
    return Entry(topic, partition, offset, key, tuple(headers), value)


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    for entry in entries:
        batch.append(entry)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


# ---- the ledger into counts


def count(written: Written, *, measure_floor: bool = False) -> Counted:
    """Checks a chain against its end, makes the records of its events, and counts those.

    With `measure_floor` its events are decoded once more before, and nothing else done.
    """
    floor = _decode_only(written) if measure_floor else None
    started = time.process_time()
    said: defaultdict[str, dict[Source, Said]] = defaultdict(dict)
    events = 0
    for entry in _checked(written):
        told = told_in(entry.topic, entry.value, entry.headers)
        said[told.subject].setdefault(told.said.source, told.said)
        events += 1
    counts = Return(written.slice.month)
    counts.take(PathwayRecord(subject, facts) for subject, facts in said.items())
    return Counted(counts.lines, len(said), events, cost_since(started), floor)


class ChainBroken(Exception):
    """A chain is not as it was written."""


def _checked(written: Written) -> Iterator[Entry]:
    walk = Walk(written.head)
    for segment in _segments(written.slice.path):
        walk.step(segment)
        if walk.flaws:
            break
        yield from unseal(segment)
    flaws = walk.finish()
    if flaws:
        raise ChainBroken(f"chain {written.head.chain}: {flaws[0].reason}")


def _decode_only(written: Written) -> float:
    started = time.process_time()
    for segment in _segments(written.slice.path):
        for entry in unseal(segment):
            read_event(entry.value, entry.headers)
    return time.process_time() - started


# ---- files of segments


def _framed(segment: Segment) -> bytes:
    about: dict[str, Any] = {
        "chain": segment.chain,
        "number": segment.number,
        "previous": segment.previous,
        "entries": segment.entries,
        "sha256": segment.sha256,
        "bytes": len(segment.content),
    }
    return orjson.dumps(about) + b"\n" + segment.content


def _segments(path: Path) -> Iterator[Segment]:
    with path.open("rb") as file:
        while line := file.readline():
            about = orjson.loads(line)
            content = file.read(about.pop("bytes"))
            yield Segment(content=content, **about)


def cost_since(started: float) -> Cost:
    """The CPU of this process since then, and its peak."""
    return Cost(time.process_time() - started, _peak())


def _peak() -> int:
    """In bytes. Linux counts a new program's from nothing; elsewhere what began it may be in it."""
    try:
        status = Path("/proc/self/status").read_text("ascii")
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024
