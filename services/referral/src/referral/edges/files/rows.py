"""A row as the submission it is, or as what is wrong with it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import orjson
from pydantic import ValidationError

from chassis.errors import Rejected
from chassis.faults import MALFORMED, TOO_LARGE, Fault, Kind, of_validation
from chassis.messages import hash_of
from chassis.web import check_json
from contracts.submissions import ReferralMade
from referral.edges.files.columns import BadRow, Layout, column_of
from referral.edges.files.records import Record

ROW: Final = Kind("file_row", 422, "The row does not fit the first row of the file.", "structure")
COLUMNS_MISSING: Final = Kind("file_columns", 422, "A column is missing.", "structure")
KINDS: Final = (ROW, COLUMNS_MISSING)

MAX_DEPTH: Final = 8


@dataclass(frozen=True, slots=True)
class Row:
    """A row that was read: its submission, or its faults. The id follows from what it says."""

    line: int
    id: str
    submission: ReferralMade | None = None
    faults: tuple[Fault, ...] = ()


ReadRow: TypeAlias = Callable[[Record], Row]


def csv_rows(layout: Layout) -> ReadRow:
    # The same cells under other names are another row.
    names = "|".join(layout.pointers).encode()

    def read(record: Record) -> Row:
        try:
            return _row(record, layout.fields(record.content), names)
        except BadRow:
            return _refused(record, [ROW.fault()], names)

    return _bounded(read)


def ndjson_rows() -> ReadRow:
    def read(record: Record) -> Row:
        try:
            check_json(record.content, depth=MAX_DEPTH)
            fields = orjson.loads(record.content)
        except Rejected as refusal:
            return _refused(record, refusal.faults)
        if not isinstance(fields, dict):
            return _refused(record, [MALFORMED.fault()])
        return _row(record, fields)

    return _bounded(read)


def _bounded(read: ReadRow) -> ReadRow:
    def bounded(record: Record) -> Row:
        if record.too_long:
            return _refused(record, [TOO_LARGE.fault("The row is longer than is taken here.")])
        return read(record)

    return bounded


def _row(record: Record, fields: dict[str, Any], names: bytes = b"") -> Row:
    try:
        submission = ReferralMade.model_validate(fields)
    except ValidationError as error:
        return _refused(record, of_validation(error), names)
    # By what it says and not by its bytes: the same row in another file or form is the same message.
    return Row(record.line, _id(orjson.dumps(submission.model_dump(mode="json"))), submission)


def _refused(record: Record, faults: list[Fault], names: bytes = b"") -> Row:
    return Row(record.line, _id(names + b"\n" + record.content), faults=tuple(faults))


def _id(content: bytes) -> str:
    return f"row:{hash_of(content)[:40]}"


def column(fault: Fault, *, csv: bool) -> str:
    """Where in the row a fault is: a column of CSV, a pointer in JSON."""
    return column_of(fault.pointer) if csv else fault.pointer
