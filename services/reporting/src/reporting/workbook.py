"""The data set as a workbook for Excel: refused where it does not fit, and never cut."""

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

import polars as pl
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from reporting.domain.dataset import Frame

MOST_ROWS: Final = 1_048_576  # of a sheet in Excel, the header among them
MADE_AT: Final = datetime(2000, 1, 1, tzinfo=UTC)  # so that the same rows give the same bytes
_PLAIN: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
    "default_date_format": "yyyy-mm-dd",
}


class TooLong(Exception):
    """A table has more rows than a sheet can hold."""


def refusal(tables: Mapping[str, Frame]) -> str | None:
    """Why there can be no workbook of these tables; None when there can."""
    for name, frame in tables.items():
        if frame.height + 1 > MOST_ROWS:
            most = f"a sheet holds {MOST_ROWS:,}, its header among them"
            return f"{name} has {frame.height:,} rows, and {most}"
    return None


def workbook(tables: Mapping[str, Frame], notes: Sequence[str]) -> bytes:
    """A sheet of notes and one per table. Every text is a text, whatever it begins with."""
    refused = refusal(tables)
    if refused is not None:
        raise TooLong(refused)
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, dict(_PLAIN)) as book:
        book.set_properties({"created": MADE_AT})
        _write_notes(book.add_worksheet("notes"), notes)
        bold = book.add_format({"bold": True})
        for name, frame in tables.items():
            _write_table(book.add_worksheet(name), frame, bold)
    return out.getvalue()


def _write_notes(sheet: Worksheet, notes: Sequence[str]) -> None:
    sheet.set_column(0, 0, 120)
    for at, line in enumerate(notes):
        sheet.write_string(at, 0, line)


def _write_table(sheet: Worksheet, frame: Frame, bold: Any) -> None:
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(frame.columns):
        sheet.write_string(0, column, name, bold)
    writers = [_writer(sheet, dtype) for dtype in frame.dtypes]
    for at, row in enumerate(frame.iter_rows(), start=1):
        for column, value in enumerate(row):
            if value is not None:
                writers[column](at, column, value)


def _writer(sheet: Worksheet, dtype: pl.DataType) -> Any:
    if dtype == pl.Boolean:
        return sheet.write_boolean
    if dtype == pl.Date:
        return _dates(sheet)
    return sheet.write_number if dtype.is_numeric() else sheet.write_string


def _dates(sheet: Worksheet) -> Any:
    def write(row: int, column: int, value: date) -> None:
        sheet.write_datetime(row, column, datetime(value.year, value.month, value.day))  # noqa: DTZ001  a day

    return write
