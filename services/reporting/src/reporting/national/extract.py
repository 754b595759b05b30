"""The published full extract of the RTT waiting times: read, and written from a return.

Blank cells mean zero. Rows of C_999 are sums of the others; they are compared and never counted.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import polars as pl

from reporting.domain.monthly import BANDS, PARTS, TOTAL_GROUP, Line, Month, Part
from reporting.domain.monthly_file import (
    BAND_COLUMNS,
    COMMISSIONER,
    GROUP,
    KEY,
    LABELS,
    NUMBERS,
    PART,
    PROVIDER,
    TOTAL_ALL,
    UNKNOWN_START,
    in_layout,
)


class NotAnExtract(ValueError):
    """The file is not in the layout of the full extract; says what is missing or wrong."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What was counted of one provider, commissioner and group, in all parts."""

    provider: str
    commissioner: str
    group: str
    counts: Mapping[Part, Sequence[int]]

    @property
    def pathways(self) -> int:
        """Of how many patients it tells, at least: those of Part_2A are in Part_2."""
        ended = sum(sum(self.counts.get(part, ())) for part in PARTS[:2])
        return ended + sum(self.counts.get("Part_2", ()))


@dataclass(frozen=True, slots=True)
class Extract:
    """A published month."""

    month: Month
    period: str
    rows: pl.DataFrame

    @classmethod
    def read(cls, path: Path) -> "Extract":
        """The rows of a csv or csv.gz; `NotAnExtract` when it is none."""
        numbers = dict.fromkeys(NUMBERS, pl.Int32)
        texts = dict.fromkeys(LABELS, pl.String)
        try:
            rows = pl.read_csv(path, schema_overrides={**texts, **numbers}, encoding="utf8-lossy")
            rows = rows.rename(lambda name: name.lstrip("\ufeff")).select(*LABELS, *NUMBERS)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise NotAnExtract(f"not in the layout of the full extract: {error}") from error
        periods = rows["Period"].unique().to_list()
        if len(periods) != 1:
            raise NotAnExtract(f"it tells of {len(periods)} months, and not of one")
        if rows.select(KEY).is_duplicated().any():
            raise NotAnExtract("a line is there twice")
        return cls(month_of(periods[0]), periods[0], rows)

    def of(self, pairs: Iterable[tuple[str, str]]) -> "Extract":
        """The rows of these providers and commissioners alone."""
        wanted = pl.DataFrame(list(pairs), schema=[PROVIDER, COMMISSIONER], orient="row")
        rows = self.rows.join(wanted, on=[PROVIDER, COMMISSIONER], how="semi")
        return Extract(self.month, self.period, rows)

    def pairs(self) -> list[tuple[str, str, int]]:
        """Provider, commissioner, and how many pathways they have, completed or not."""
        counted = (pl.col(PART) != "Part_2A") & (pl.col(PART) != "Part_3")
        found = (
            self.rows.filter(pl.col(GROUP) == TOTAL_GROUP)
            .group_by(PROVIDER, COMMISSIONER)
            .agg(pl.col(TOTAL_ALL).filter(counted).sum())
            .sort(PROVIDER, COMMISSIONER)
        )
        return [(provider, commissioner, count) for provider, commissioner, count in found.rows()]

    def cells(self) -> Iterator[Cell]:
        """Every cell but the totals, those of one provider after each other."""
        rows = self.rows.filter(pl.col(GROUP) != TOTAL_GROUP).sort(
            PROVIDER, COMMISSIONER, GROUP, PART
        )
        columns = rows.select(
            *KEY, pl.concat_list(pl.col(*BAND_COLUMNS, UNKNOWN_START).fill_null(0)), TOTAL_ALL
        )
        current: tuple[str, str, str] | None = None
        counts: dict[Part, Sequence[int]] = {}
        for provider, commissioner, part, group, numbers, total in columns.iter_rows():
            if (provider, commissioner, group) != current:
                if current is not None:
                    yield Cell(*current, counts)
                current, counts = (provider, commissioner, group), {}
            counts[part] = [*[0] * BANDS, total] if part == "Part_3" else numbers
        if current is not None:
            yield Cell(*current, counts)


def month_of(period: str) -> Month:
    """The month of a period such as RTT-January-2026."""
    found = re.fullmatch(r"RTT-([A-Z][a-z]+-[0-9]{4})", period)
    if found is None:
        raise NotAnExtract("its period is not of the form RTT-January-2026")
    first = datetime.strptime(found[1], "%B-%Y")  # noqa: DTZ007  a month
    return Month.of(first.year, first.month)


def as_published(lines: Mapping[Line, Sequence[int]], like: Extract) -> pl.DataFrame:
    """The lines of a return in the layout of the file, with the names that `like` has for codes.

    Names of providers and commissioners are reference data; those of parts and groups are ours.
    """
    built = in_layout(lines, like.period).drop(_NAMES)
    providers = like.rows.select(LABELS[1:5]).unique(PROVIDER)
    commissioners = like.rows.select(LABELS[5:9]).unique(COMMISSIONER)
    return (
        built.join(providers, on=PROVIDER, how="left")
        .join(commissioners, on=COMMISSIONER, how="left")
        .select(*LABELS, *NUMBERS)
    )


_NAMES: Final = [name for name in LABELS[1:9] if name not in KEY]


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell that is not as published."""

    key: tuple[str, ...]
    column: str
    published: str | int | None
    built: str | int | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two files of the layout compare. A blank number is a zero, a missing row has only such."""

    rows: int
    rows_on_one_side: int
    cells: int
    different: int
    first: Sequence[Difference]


def compare(published: pl.DataFrame, built: pl.DataFrame, show: int = 20) -> Comparison:
    """Every cell of both, row by row of the same provider, commissioner, part and group."""
    both = _filled(published).join(_filled(built), on=KEY, how="full", coalesce=True, suffix="'")
    columns = [name for name in (*LABELS, *NUMBERS) if name not in KEY]
    zero = both.with_columns(
        pl.col(*NUMBERS, *(f"{name}'" for name in NUMBERS)).fill_null(0),
    )
    differs = zero.select(*KEY, *(pl.col(c).ne_missing(pl.col(f"{c}'")).alias(c) for c in columns))
    found = [(name, int(differs[name].sum())) for name in columns]
    shown = [
        Difference(key, name, *values)
        for name, count in found
        if count
        for key, *values in _some(zero, name, show)
    ]
    alone = zero.filter(pl.col("Period").is_null() | pl.col("Period'").is_null()).height
    return Comparison(
        rows=zero.height,
        rows_on_one_side=alone,
        cells=zero.height * (len(columns) + len(KEY)),
        different=sum(count for _, count in found),
        first=shown[:show],
    )


def _filled(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(*LABELS, pl.col(*NUMBERS).fill_null(0))


def _some(both: pl.DataFrame, name: str, most: int) -> Iterator[tuple[Any, ...]]:
    rows = both.filter(pl.col(name).ne_missing(pl.col(f"{name}'"))).head(most)
    for *key, left, right in rows.select(*KEY, name, f"{name}'").rows():
        yield tuple(key), left, right


def national(rows: pl.DataFrame) -> pl.DataFrame:
    """The lines of the country by addition: each part and group, totals left out, then added."""
    parts = rows.filter(pl.col(GROUP) != TOTAL_GROUP)
    numbers = pl.col(*NUMBERS).fill_null(0).sum()
    groups = parts.group_by(PART, GROUP).agg(numbers)
    total = parts.group_by(PART).agg(numbers).with_columns(pl.lit(TOTAL_GROUP).alias(GROUP))
    return pl.concat([groups, total.select(groups.columns)]).sort(PART, GROUP)
