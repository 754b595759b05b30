"""The monthly return as a file: the columns of the published full extract, and how it fills them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import polars as pl

from reporting.domain.monthly import (
    BANDS,
    DESCRIPTIONS,
    UNKNOWN,
    Line,
    Month,
    Part,
    group_names,
)

PROVIDER: Final = "Provider Org Code"
COMMISSIONER: Final = "Commissioner Org Code"
PART: Final = "RTT Part Type"
GROUP: Final = "Treatment Function Code"
KEY: Final = (PROVIDER, COMMISSIONER, PART, GROUP)
LABELS: Final = (
    "Period",
    "Provider Parent Org Code",
    "Provider Parent Name",
    PROVIDER,
    "Provider Org Name",
    "Commissioner Parent Org Code",
    "Commissioner Parent Name",
    COMMISSIONER,
    "Commissioner Org Name",
    PART,
    "RTT Part Description",
    GROUP,
    "Treatment Function Name",
)
BAND_COLUMNS: Final = (
    *(f"Gt {k:02d} To {k + 1:02d} Weeks SUM 1" for k in range(BANDS - 1)),
    "Gt 104 Weeks SUM 1",
)
TOTAL: Final = "Total"
UNKNOWN_START: Final = "Patients with unknown clock start date"
TOTAL_ALL: Final = "Total All"
NUMBERS: Final = (*BAND_COLUMNS, TOTAL, UNKNOWN_START, TOTAL_ALL)
COMPLETED: Final = ("Part_1A", "Part_1B")


def period_of(month: Month) -> str:
    """RTT-January-2026."""
    return f"RTT-{month.first:%B-%Y}"


def in_layout(lines: Mapping[Line, Sequence[int]], period: str) -> pl.DataFrame:
    """The lines of a return, sorted; names and parents of organisations are left empty."""
    built = pl.DataFrame(
        [[*line, *_numbers(line.part, lines[line])] for line in sorted(lines)],
        schema={**dict.fromkeys(KEY, pl.String), **dict.fromkeys(NUMBERS, pl.Int32)},
        orient="row",
    )
    given = {
        "Period": pl.lit(period),
        "RTT Part Description": pl.col(PART).replace_strict(cast(Any, DESCRIPTIONS)),
        "Treatment Function Name": pl.col(GROUP).replace_strict(group_names()),
    }
    empty = pl.lit(None, pl.String)
    labels = [name for name in LABELS if name not in KEY]
    return built.with_columns(given.get(name, empty).alias(name) for name in labels).select(
        *LABELS, *NUMBERS
    )


def _numbers(part: Part, counts: Sequence[int]) -> list[int | None]:
    """The numbers of a line as the file fills them: some columns are blank in some parts."""
    bands, other = list(counts[:BANDS]), counts[UNKNOWN]
    if part in COMPLETED:
        return [*bands, sum(bands), other, sum(bands) + other]
    if part == "Part_3":
        return [*[None] * BANDS, None, None, other]
    return [*bands, None, None, sum(bands)]
