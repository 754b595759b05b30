"""Answers as files for a spreadsheet, sent while they are read."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse

from chassis.spreadsheets import csv_rows

CSV: Final = "text/csv"
PART: Final = 1000  # lines that are read, put on record and sent at once

Format = Annotated[Literal["json", "csv"] | None, Query(description="Over what Accept says.")]

AS_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {CSV: {"schema": {"type": "string"}}}}
}
"""For OpenAPI: the answer may be a file."""


@dataclass(frozen=True, slots=True)
class Lines:
    """A part of a file; `after` is the place that the next one begins after, None at the end."""

    lines: Sequence[Sequence[Any]]
    after: str | None


def wants_csv(request: Request, format: str | None) -> bool:
    if format is not None:
        return format == "csv"
    return CSV in request.headers.get("accept", "")


def table(name: str, rows: Sequence[Sequence[Any]]) -> Response:
    """A short file, its first row the names of its columns."""
    return Response(csv_rows(rows), media_type=CSV, headers=_headers(name))


async def streamed(
    name: str,
    columns: Sequence[str],
    after: str,
    read: Callable[[str, int], Awaitable[Lines]],
) -> StreamingResponse:
    """A file of any length. Its first part is read before the answer begins, so that it can fail."""
    first = await read(after, 0)

    async def parts() -> AsyncIterator[str]:
        part, number = first, 0
        yield csv_rows([columns])
        while True:
            yield csv_rows(part.lines)
            if part.after is None:
                return
            number += 1
            part = await read(part.after, number)

    return StreamingResponse(parts(), media_type=f"{CSV}; charset=utf-8", headers=_headers(name))


def _headers(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}.csv"'}
