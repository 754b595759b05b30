"""Reading the published files: one record at a time, and a bad one never stops the rest."""

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NoReturn, Protocol, TypeVar

REPORT_EVERY = 5_000  # records between two steps of a progress bar

T = TypeVar("T")


class Progress(Protocol):
    """Told how many bytes of a file have been read."""

    def __call__(self, file: str, done: int, total: int) -> None:
        """May be called often."""


def unwatched(file: str, done: int, total: int) -> None:
    """Progress that nobody looks at."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that was not used, and the cell that says why."""

    file: str
    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        """As a person looks for it in the file."""
        return f"{self.file}, line {self.line}, column {self.column!r}: {self.reason}"


class RecordRefused(Exception):
    """This record cannot be used."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


class SourceUnreadable(Exception):
    """The whole file cannot be used: anything made from the rest of it would be wrong."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a published file is written.

    `columns` are those we need; without a `header` line, the names of the first ones in order.
    """

    columns: Sequence[str]
    delimiter: str = ","
    encoding: str = "utf-8-sig"
    quoted: bool = True
    header: bool = True


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a file."""

    file: str
    line: int
    cells: Sequence[str]
    places: Mapping[str, int]

    def optional(self, column: str) -> str:
        """The cell without surrounding spaces."""
        text = self.cells[self.places[column]].strip()
        if "\ufffd" in text:
            self.refuse(column, "is not text in the encoding of this file")
        return text

    def text(self, column: str) -> str:
        """The cell, which may not be empty."""
        return self.optional(column) or self.refuse(column, "is empty")

    def number(self, column: str, least: float, most: float) -> float:
        """A decimal number within these bounds."""
        try:
            number = float(self.text(column))
        except ValueError:
            self.refuse(column, "is not a number")
        if not least <= number <= most:
            self.refuse(column, f"is not between {least:g} and {most:g}")
        return number

    def count(self, column: str) -> int:
        """A number of people; an empty cell is none, as the publisher says."""
        text = self.optional(column)
        if text and not (text.isascii() and text.isdigit()):
            self.refuse(column, "is not a count")
        return int(text or 0)

    def counts(self, columns: Sequence[str]) -> list[int]:
        """Many counts at once, as of a row with a hundred of them."""
        cells = [self.cells[self.places[column]] for column in columns]
        try:
            counts = [int(cell or 0) for cell in cells]
        except ValueError:
            counts = [-1]
        return counts if min(counts) >= 0 else [self.count(column) for column in columns]

    def refuse(self, column: str, reason: str) -> NoReturn:
        """Give this record up."""
        raise RecordRefused(Refusal(self.file, self.line, column, reason))


@dataclass(slots=True)
class Source:
    """A published file while it is read: how many records it had, and which were refused."""

    title: str
    path: Path
    layout: Layout
    read: int = 0
    refusals: list[Refusal] = field(default_factory=list)

    def digest(self) -> str:
        """The SHA-256 of the file, so that anybody can tell whether theirs is the same."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def values(self, parse: Callable[[Record], T], progress: Progress = unwatched) -> Iterator[T]:
        """What `parse` makes of every record; what it refuses is kept in `refusals`."""
        for record in self.records(progress):
            try:
                yield parse(record)
            except RecordRefused as refused:
                self.refusals.append(refused.refusal)

    def records(self, progress: Progress = unwatched) -> Iterator[Record]:
        """The records in the order of the file, without holding the file in memory."""
        line = 0
        try:
            with self.path.open("rb") as raw:
                total = self.path.stat().st_size
                for record in self._lines(raw):
                    line = record.line
                    self.read += 1
                    if self.read % REPORT_EVERY == 0:
                        progress(self.path.name, raw.tell(), total)
                    yield record
                progress(self.path.name, total, total)
        except (OSError, EOFError, zlib.error, csv.Error) as error:
            raise SourceUnreadable(f"{self.path.name} cannot be read after line {line}") from error

    def _lines(self, raw: BinaryIO) -> Iterator[Record]:
        lines = csv.reader(
            self._text(raw),
            delimiter=self.layout.delimiter,
            quoting=csv.QUOTE_MINIMAL if self.layout.quoted else csv.QUOTE_NONE,
        )
        header = next(lines, []) if self.layout.header else list(self.layout.columns)
        places = self._places(header)

        for cells in lines:
            if len(cells) == len(header) or (not self.layout.header and len(cells) > len(header)):
                yield Record(self.path.name, lines.line_num, cells, places)
            elif cells:
                self._refuse_length(lines.line_num, header, cells)

    def _text(self, raw: BinaryIO) -> io.TextIOWrapper:
        binary = gzip.GzipFile(fileobj=raw) if self.path.suffix == ".gz" else raw
        return io.TextIOWrapper(binary, encoding=self.layout.encoding, errors="replace", newline="")

    def _places(self, header: Sequence[str]) -> dict[str, int]:
        places = {name.strip(): place for place, name in enumerate(header)}
        missing = [column for column in self.layout.columns if column not in places]
        if missing:
            raise SourceUnreadable(f"{self.path.name}, line 1: no column {missing[0]!r}")
        return places

    def _refuse_length(self, line: int, header: Sequence[str], cells: Sequence[str]) -> None:
        last = header[min(len(cells), len(header)) - 1].strip()
        reason = f"the line has {len(cells)} cells and not {len(header)}"
        self.read += 1
        self.refusals.append(Refusal(self.path.name, line, last, reason))
