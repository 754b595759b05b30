"""CSV that people open in a spreadsheet: no text in it is taken for a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any, Final

# A spreadsheet may take a cell that begins so for a formula (OWASP, CSV injection); the wide
# forms are read as = + - @ by some. The apostrophe itself is in, so that taking one away from a
# cell that begins with it always gives the value back.
FORMULA_STARTS: Final = "'=+-@\t\r\n＝＋－＠"


def guarded(cell: Any) -> Any:
    """The cell with an apostrophe before a text that could be taken for a formula."""
    risky = isinstance(cell, str) and cell[:1] and cell[0] in FORMULA_STARTS
    return f"'{cell}" if risky else cell


def unguarded(cell: str) -> str:
    """The value of a text cell of our CSV files."""
    return cell[1:] if cell[:1] == "'" else cell


def csv_rows(rows: Iterable[Sequence[Any]]) -> str:
    """Rows as RFC 4180 has them, in LF, every text guarded; nothing for None."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    return out.getvalue()
