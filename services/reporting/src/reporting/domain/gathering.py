"""The tables of a release, gathered partition by partition, so that records need not all be held."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

import polars as pl

from reporting.domain.capacity import capacity_rows
from reporting.domain.dataset import (
    LINEAGE_TOPICS,
    TABLES,
    Frame,
    frame,
    in_order,
)
from reporting.domain.ledger import Head
from reporting.domain.manifest import Census, Ends
from reporting.domain.messages import message_rows
from reporting.domain.monthly import Month, Return
from reporting.domain.projection import PathwayRecord, event_id
from reporting.domain.rows import activity_rows, is_pathway, pathway_row

LINEAGE_TYPES: Final = pl.Schema(
    {"table": pl.String(), "key": pl.String(), "events": pl.List(pl.String())}
)


@dataclass(slots=True)
class Gathering:
    """What becomes a release. Partitions and records may come in any order."""

    as_at: date
    census: Census = field(default_factory=Census)
    monthly: Return = field(init=False)
    _heads: list[Head] = field(default_factory=list)
    _types: dict[str, int] = field(default_factory=dict)
    _latest: dict[str, datetime] = field(default_factory=dict)
    _parts: list[Mapping[str, Frame]] = field(default_factory=list)
    _lineage: list[Frame] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.monthly = Return(Month.last_over(self.as_at))

    def take(self, records: Iterable[PathwayRecord]) -> None:
        """Adds the rows of these records, and what they say of publishers and rules."""
        rows: dict[str, list[dict[str, Any]]] = {table: [] for table in TABLES}
        lineage: list[dict[str, Any]] = []
        for record in map(self.census.take, records):
            self.monthly.take([record])
            own = rows_of(record, self.as_at)
            lineage += lineage_of(record, own)
            for table, made in own.items():
                rows[table] += made
        self._parts.append({table: frame(table, made) for table, made in rows.items()})
        self._lineage.append(pl.DataFrame(lineage, schema=LINEAGE_TYPES, orient="row"))

    def end(self, head: Head, types: Mapping[str, int], latest: Mapping[str, datetime]) -> None:
        """Notes up to where a chain's events are in it."""
        self._heads.append(head)
        for name, count in types.items():
            self._types[name] = self._types.get(name, 0) + count
        for topic, at in latest.items():
            self._latest[topic] = max(at, self._latest.get(topic, at))

    def ends(self) -> Ends:
        return Ends(sorted(self._heads, key=lambda head: head.chain), self._types, self._latest)

    def tables(self) -> dict[str, Frame]:
        """The whole tables, in their order."""
        return {
            table: in_order(table, pl.concat([frame(table, []), *self._of(table)]))
            for table in TABLES
        }

    def lineage(self) -> Frame:
        """Which events each row is made from, sorted by table and key."""
        empty = pl.DataFrame(schema=LINEAGE_TYPES)
        return pl.concat([empty, *self._lineage]).sort("table", "key")

    def _of(self, table: str) -> Iterator[Frame]:
        return (part[table] for part in self._parts)


def rows_of(record: PathwayRecord, as_at: date) -> dict[str, list[dict[str, Any]]]:
    """The rows of a record in every table."""
    return {
        "pathways": [pathway_row(record, as_at)] if is_pathway(record) else [],
        "activity": list(activity_rows(record)),
        "capacity": capacity_rows(record),
        "messages": message_rows(record),
    }


def lineage_of(
    record: PathwayRecord, rows: Mapping[str, Sequence[Mapping[str, Any]]]
) -> Iterator[dict[str, Any]]:
    """For each row of a record the ids of the events it is made from, in their own order."""
    for table, made in rows.items():
        sources = record.sources(*LINEAGE_TOPICS[table])
        events = [event_id(record.subject, source) for source in sources]
        key = TABLES[table].primary_key()[0]
        yield from ({"table": table, "key": row[key], "events": events} for row in made)
