"""Tables of real payloads: written down for people to read, and compared with what was agreed.

What was agreed is in `expected/<name>.csv`, in the same columns as the report that a run leaves in
`.fairwait/reports/<name>.csv`. When a rule changes on purpose, the lines that changed are taken over
from the report, and the change of the file shows what it means for senders.
"""

import csv
from collections.abc import Sequence
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

REPORTS = ROOT / ".fairwait" / "reports"
AGREED = Path(__file__).parent / "expected"


def write(name: str, title: str, lines: Sequence[Any]) -> None:
    """The lines (dataclasses of one kind) as CSV and as a page."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    head, rows = _rows(lines)
    with (REPORTS / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *rows])
    table = "\n".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
        for row in (head, ["---"] * len(head), *rows)
    )
    (REPORTS / f"{name}.md").write_text(f"# {title}\n\n{table}\n", encoding="utf-8")


def unexpected(name: str, lines: Sequence[Any]) -> list[str]:
    """What differs from what was agreed: `-` is expected and not so, `+` is so and not expected."""
    with (AGREED / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        _, *agreed = csv.reader(file)
    _, rows = _rows(lines)
    gone = [f"- {' | '.join(row)}" for row in agreed if row not in rows]
    new = [f"+ {' | '.join(row)}" for row in rows if row not in agreed]
    doubled = [] if len(rows) == len(agreed) else [f"{len(agreed)} lines agreed, {len(rows)} found"]
    return [*gone, *new, *doubled]


def _rows(lines: Sequence[Any]) -> tuple[list[str], list[list[str]]]:
    return [one.name for one in fields(lines[0])], [[*map(str, astuple(line))] for line in lines]
