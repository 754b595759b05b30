"""What is told of an uploaded file: how many rows, and for each that was refused where and why."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from pydantic import BaseModel, ConfigDict

from chassis.spreadsheets import csv_rows
from referral.edges.files.intake import Outcome
from referral.edges.files.rows import column

LISTED: Final = 10_000  # rejects of one answer; every one of them is on record by its row_id


class Reject(BaseModel):
    """One thing that is wrong with one row. The value itself is never repeated."""

    model_config = ConfigDict(frozen=True)

    line: int
    column: str
    code: str
    reason: str
    row_id: str


class Report(BaseModel):
    """Rows by outcome: `rows` is the sum of `accepted`, `repeated` and `rejected`.

    `rejected` counts new refusals; a row that was refused before is among `repeated`, and listed
    again. `next_line` is where a sender goes on that has sent only a part of its file.
    """

    model_config = ConfigDict(frozen=True)

    rows: int
    accepted: int
    repeated: int
    rejected: int
    next_line: int
    rejects: list[Reject]
    unlisted: int


@dataclass(slots=True)
class Tally:
    """Counts outcomes as they come."""

    csv: bool
    accepted: int = 0
    repeated: int = 0
    rejected: int = 0
    unlisted: int = 0
    next_line: int = 1
    rejects: list[Reject] = field(default_factory=list)

    def add(self, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            if outcome.repeated:
                self.repeated += 1
            elif outcome.faults:
                self.rejected += 1
            else:
                self.accepted += 1
            self._list(outcome)

    def _list(self, outcome: Outcome) -> None:
        for fault in outcome.faults:
            if len(self.rejects) >= LISTED:
                self.unlisted += 1
                continue
            self.rejects.append(
                Reject(
                    line=outcome.row.line,
                    column=column(fault, csv=self.csv),
                    code=fault.code,
                    reason=fault.message,
                    row_id=outcome.row.id,
                )
            )

    def report(self) -> Report:
        return Report(
            rows=self.accepted + self.repeated + self.rejected,
            accepted=self.accepted,
            repeated=self.repeated,
            rejected=self.rejected,
            next_line=self.next_line,
            rejects=self.rejects,
            unlisted=self.unlisted,
        )


def as_csv(report: Report) -> str:
    """The rejects as a table for a spreadsheet."""
    rows = (tuple(reject.model_dump().values()) for reject in report.rejects)
    return csv_rows([tuple(Reject.model_fields), *rows])
