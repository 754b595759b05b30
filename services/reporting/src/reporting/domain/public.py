"""The public edition of a release: tables of counts, none of which leaves but through disclosure."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Final

import polars as pl

from reporting.domain.dataset import Frame
from reporting.domain.disclosure import (
    ALL,
    HIDDEN,
    NEAREST,
    SMALL,
    WITHHELD,
    Cell,
    Counts,
    Release,
    Table,
    control,
)

NOT_KNOWN: Final = "not known"
COUNT: Final = "count"
SHARE: Final = "percent"

# What is counted, from which rows, in which columns. `clock` is made here: see `_columns`.
SUBJECTS: Final[Mapping[str, tuple[str, ...]]] = {
    "pathways": (
        "clock",
        "provider_type",
        "rtt_group",
        "wait_band",
        "state",
        "choice_state",
        "provider",
    ),
    "activity": ("provider_type", "rtt_group", "pod", "week_ending"),
}
RUNNING: Final = (("clock", "running"),)
TABLES: Final[Mapping[str, tuple[Table, ...]]] = {
    "pathways": (
        Table("waiting-by-function", ("provider_type", "rtt_group", "wait_band"), RUNNING),
        Table("waiting-by-provider", ("provider", "wait_band"), RUNNING),
        Table("pathways-by-state", ("provider_type", "state")),
        Table("choice", ("provider_type", "choice_state")),
    ),
    "activity": (
        Table("activity-by-week", ("week_ending", "provider_type", "pod")),
        Table("activity-by-function", ("provider_type", "rtt_group", "pod")),
    ),
}


def counts_of(subject: str, frame: Frame) -> Counts:
    """The exact counts that the public tables of this subject are made of."""
    columns = SUBJECTS[subject]
    shown = frame.select(_columns(columns))
    counted = shown.group_by(columns).len().rows()
    return Counts(columns, TABLES[subject], {tuple(row[:-1]): row[-1] for row in counted})


def _columns(columns: Iterable[str]) -> list[pl.Expr]:
    clock = (
        pl.when(~pl.col("in_rtt"))
        .then(pl.lit("not counted"))
        .when(pl.col("rtt_stop").is_null())
        .then(pl.lit("running"))
        .otherwise(pl.lit("stopped"))
    )
    given = {"clock": clock}
    return [
        given.get(name, pl.col(name)).cast(pl.String).fill_null(NOT_KNOWN).alias(name)
        for name in columns
    ]


def edition(
    frames: Mapping[str, Frame], former: Mapping[str, Release] | None = None
) -> dict[str, Release]:
    """The controlled counts of every subject, held against those of the release before."""
    return {
        subject: control(counts_of(subject, frames[subject]), (former or {}).get(subject))
        for subject in SUBJECTS
    }


def as_published(frames: Mapping[str, Frame], files: Mapping[str, bytes]) -> dict[str, Release]:
    """A former edition again, from its exact tables and the public files it went out with."""
    return {
        subject: Release(counts_of(subject, frames[subject]), _withheld(subject, files))
        for subject in SUBJECTS
    }


def _withheld(subject: str, files: Mapping[str, bytes]) -> frozenset[Cell]:
    found: set[Cell] = set()
    for table in TABLES[subject]:
        content = files[f"{table.name}.csv"].decode()
        for row in csv.DictReader(io.StringIO(content)):
            if row[COUNT] == WITHHELD:
                own = {c: row[c] for c in table.columns if row[c] != ALL} | dict(table.where)
                found.add(tuple(own.get(column) for column in SUBJECTS[subject]))
    return frozenset(found)


def public_files(released: Mapping[str, Release], as_at: str, former: str | None) -> dict[str, str]:
    """The files of the public edition by name."""
    tables = {
        f"{table.name}.csv": _csv(released[subject], table)
        for subject, tables in TABLES.items()
        for table in tables
    }
    return tables | {"README.md": _notes(as_at, former)}


def _csv(release: Release, table: Table) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*table.columns, COUNT, SHARE])
    for values, count, share in release.rows(table):
        writer.writerow([*values, count, share])
    return out.getvalue()


def _notes(as_at: str, former: str | None) -> str:
    held = f"release {former}" if former else "no release, being the first"
    lines = [
        f"| `{table.name}.csv` | {subject} | {', '.join(table.columns)} | {_condition(table)} |"
        for subject, tables in TABLES.items()
        for table in tables
    ]
    listed = "\n".join(lines)
    return f"""# Public edition, as at {as_at}

| file | counts | by | of those |
|---|---|---|---|
{listed}

Every table has all its totals (`{ALL}`). `{NOT_KNOWN}` is a value of its own.

## Disclosure control

- 0 is shown. 1 to {SMALL} are shown as `{HIDDEN}`. Everything else, totals included, is rounded to
  the nearest {NEAREST}, so that parts need not add up to their total.
- `{WITHHELD}` says nothing of how large a count is: it is withheld, because with it another one
  could be worked out.
- For every count of 1 to {SMALL} there are other counts that would have given the same tables and
  the same tables of the release before, with another value in that place. Held against: {held}.
- Percentages are of the total of the row, from counts as shown.
- Not considered: what somebody may know of the people themselves.
"""


def _condition(table: Table) -> str:
    return ", ".join(f"{column} is {value}" for column, value in table.where) or "all"
