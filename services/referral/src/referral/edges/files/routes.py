"""`POST /waiting-list`: a file of referrals, read while it arrives."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from chassis.errors import Rejected
from chassis.faults import UNSUPPORTED
from chassis.service import Runtime
from chassis.tokens import Caller
from chassis.web import organisation
from referral.edges.files.columns import BadHeader, Layout
from referral.edges.files.intake import BATCH, Outcome, Outcomes, take_in_order, take_rows
from referral.edges.files.records import Record, Records
from referral.edges.files.report import Report, Tally, as_csv
from referral.edges.files.rows import COLUMNS_MISSING, ReadRow, Row, csv_rows, ndjson_rows

router = APIRouter(tags=["Waiting list"])

ADDRESS: Final = "/waiting-list"
LARGEST: Final = 512 * 1024 * 1024  # bytes; some 2 million rows
CSV: Final = "text/csv"
NDJSON: Final = "application/x-ndjson"

_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            CSV: {"schema": {"type": "string"}},
            NDJSON: {"schema": {"type": "string"}},
        },
    }
}


@router.post(
    ADDRESS,
    summary="Send a waiting-list file",
    openapi_extra=_BODY,
    response_model=Report,
    responses={200: {"content": {CSV: {"schema": {"type": "string"}}}}},
)
async def send_waiting_list(
    request: Request,
    caller: Annotated[Caller, Depends(organisation("referral.write"))],
    from_line: Annotated[int, Query(ge=1, le=100_000_000)] = 1,
) -> Any:
    """A CSV file with its first row, or one ReferralMade a line; the answer tells every reject.

    A row is known by what it says, so that a file may be sent again, whole or in part. A part of a
    file begins with the first row too and says by `from_line` where in the file it stands. With
    `Accept: text/csv` the rejects come as a table.
    """
    is_csv = _is_csv(request)
    tally = Tally(is_csv)
    runtime: Runtime = request.app.state.runtime

    async def take(rows: Sequence[Row], before: Outcomes | None) -> list[Outcome]:
        publisher = caller.organisation
        async with runtime.turns.of(publisher):
            return await take_rows(runtime.units, rows, publisher, runtime.clock.now(), before)

    await take_in_order(_batches(request, is_csv, from_line, tally), take, tally.add)
    if CSV in request.headers.get("accept", ""):
        return Response(as_csv(tally.report()), media_type=CSV)
    return tally.report()


def _is_csv(request: Request) -> bool:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in {CSV, NDJSON} or "content-encoding" in request.headers:
        raise Rejected([UNSUPPORTED.fault(header="Content-Type")])
    return media_type == CSV


async def _batches(
    request: Request, is_csv: bool, from_line: int, tally: Tally
) -> AsyncIterator[list[Row]]:
    """The rows as they arrive, a few hundred at a time."""
    read: ReadRow | None = None if is_csv else ndjson_rows()
    records = Records(quoted=is_csv)
    if not is_csv:
        records.renumber(from_line)
    batch: list[Row] = []
    async for record in _records(request, records):
        if read is None:
            read = csv_rows(_layout(record))
            if from_line > 1:
                records.renumber(from_line)
            continue
        batch.append(read(record))
        if len(batch) == BATCH:
            yield batch
            batch = []
    if read is None:
        raise Rejected([COLUMNS_MISSING.fault("The file is empty.")])
    if batch:
        yield batch
    tally.next_line = records.line


async def _records(request: Request, records: Records) -> AsyncIterator[Record]:
    async for chunk in request.stream():
        for record in records.feed(chunk):
            yield record
    for record in records.finish():
        yield record


def _layout(record: Record) -> Layout:
    try:
        return Layout.of(record.content)
    except BadHeader as error:
        missing = [
            COLUMNS_MISSING.fault(f"The column {name} is missing.") for name in error.missing
        ]
        raise Rejected(missing or [COLUMNS_MISSING.fault("There are too many columns.")]) from None
