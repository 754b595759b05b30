"""Tables for the terminal, and the same as JSON for programs."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table


def print_rows(columns: Sequence[str], rows: Iterable[Sequence[object]], *, none: str) -> None:
    """The rows as a table; `none` where there are none."""
    found = [[_short(cell) for cell in row] for row in rows]
    console = Console()
    if not found:
        console.print(none, highlight=False)
        return
    first, *others = columns
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column(first, no_wrap=True)  # to be copied whole
    for column in others:
        table.add_column(column)
    for row in found:
        table.add_row(*row)
    console.print(table)


def print_json(content: Mapping[str, Any] | Sequence[Any]) -> None:
    """One line of JSON on stdout."""
    sys.stdout.write(f"{json.dumps(content, default=_text, ensure_ascii=False)}\n")


def complain(text: str) -> None:
    """Says on stderr why a command did not do what was asked."""
    Console(stderr=True).print(text, style="red", markup=False, highlight=False, soft_wrap=True)


def _short(cell: object) -> str:
    """For a table: an instant to the minute."""
    return f"{cell:%Y-%m-%d %H:%M}" if isinstance(cell, datetime) else _text(cell)


def _text(cell: object) -> str:
    match cell:
        case datetime():
            return cell.isoformat(timespec="seconds")
        case None:
            return ""
        case _:
            return str(cell)
