"""From a figure to its rows, from a row to its events, from an event to its bytes in the ledger."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from contracts.topics import BY_NAME
from reporting import files
from reporting.domain.figures import Answer, Figure, answer, asked_columns, keys_of
from reporting.domain.ledger import Entry, Position, Segment, flaw_in, unseal
from reporting.domain.projection import parse_event_id
from reporting.ports import Units
from reporting.releases import LedgerDamaged
from reporting.work import ReportingWork

PAGE: Final = 200  # rows of a figure told at once


@dataclass(frozen=True, slots=True)
class RowLineage:
    """A row of a release and the ids of the events that it is made from."""

    table: str
    key: str
    events: list[str]


@dataclass(frozen=True, slots=True)
class FigureLineage:
    """A figure of a release and one page of the rows behind it."""

    figure: Figure
    answer: Answer
    rows: list[RowLineage]
    total: int
    page: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE))


@dataclass(frozen=True, slots=True)
class Found:
    """An event as it lies in the ledger."""

    event_id: str
    position: Position
    entry: Entry


def row_lineage(folder: Path, table: str, key: str) -> RowLineage | None:
    """The events of one row; None when the release has no such row."""
    found = _of_keys(folder, table, [key])
    return found[0] if found else None


def figure_lineage(folder: Path, figure: Figure, page: int) -> FigureLineage:
    """The answer to a figure and its rows from `page` (counted from 1)."""
    frame = files.read_table(folder, figure.table, asked_columns(figure))
    keys = keys_of(figure, frame)
    start = (page - 1) * PAGE
    rows = _of_keys(folder, figure.table, keys[start : start + PAGE])
    return FigureLineage(figure, answer(figure, frame), rows, len(keys), page)


def _of_keys(folder: Path, table: str, keys: list[str]) -> list[RowLineage]:
    wanted = (pl.col("table") == table) & pl.col("key").is_in(keys)
    found = pl.scan_parquet(folder / files.LINEAGE).filter(wanted).collect()
    return [RowLineage(row["table"], row["key"], row["events"]) for row in found.to_dicts()]


async def find_event(units: Units, event_id: str) -> Found | None:
    """An event by its id; None when the ledger has none of that name.

    Raises `LedgerDamaged` when its segment is not as it was sealed.
    """
    return await units.read(_find, event_id)


async def _find(event_id: str, work: ReportingWork) -> Found | None:
    parsed = parse_event_id(event_id)
    if parsed is None or parsed[1].topic not in BY_NAME:
        return None
    subject, source = parsed
    position = await work.records(source.topic).position(subject, source)
    if position is None:
        return None
    found = await work.ledger.segments(position.chain, position.segment, position.segment)
    segment = found.get(position.segment)
    return None if segment is None else _found(event_id, position, segment)


def _found(event_id: str, position: Position, segment: Segment) -> Found:
    flaw = flaw_in(
        segment, chain=position.chain, number=position.segment, previous=segment.previous
    )
    if flaw is not None:
        raise LedgerDamaged([flaw])
    return Found(event_id, position, unseal(segment)[position.entry])


def as_json(found: Found) -> dict[str, Any]:
    """An event for a reader: where it lies, its hash, its headers and its payload as text."""
    entry = found.entry
    return {
        "event_id": found.event_id,
        "topic": entry.topic,
        "partition": entry.partition,
        "offset": entry.offset,
        "segment": found.position.segment,
        "entry": found.position.entry,
        "payload_sha256": entry.payload_sha256,
        "headers": {name: _text(value) for name, value in entry.headers},
        "payload": _text(entry.value),
    }


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else raw.decode("utf-8", errors="replace")
