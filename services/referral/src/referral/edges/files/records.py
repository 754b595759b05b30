"""Cutting a stream of bytes into records, each with the line it begins on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

LONGEST: Final = 64 * 1024  # bytes of one record

_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Record:
    """The bytes of one row without its line end. Of one that is too long only that it is."""

    line: int
    content: bytes
    too_long: bool = False


class Records:
    """Cuts what is fed into records. In a CSV file (`quoted`) a quoted field may hold line ends."""

    def __init__(self, *, quoted: bool, first_line: int = 1) -> None:
        self._quoted = quoted
        self._rest = b""
        self._searched = 0
        self._line = first_line
        self._record: list[bytes] = []
        self._size = 0
        self._began = first_line
        self._open = False
        self._begun = False

    @property
    def line(self) -> int:
        """The line after the last one that ended."""
        return self._line

    def feed(self, chunk: bytes) -> Iterator[Record]:
        if not self._begun:
            chunk = self._start(chunk)
        self._rest += chunk
        lines = self._rest.split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            yield from self._ended(line, 1)
        if len(self._rest) > LONGEST:
            self._keep(self._rest)
            self._rest = b""

    def finish(self) -> Iterator[Record]:
        """The last record, which may lack its line end."""
        if self._rest or self._record or self._open:
            self._open = False
            yield from self._ended(self._rest, 0, last=True)

    def renumber(self, line: int) -> None:
        """The next record begins on this line: the body starts in the middle of a file."""
        self._line = self._began = line

    def _start(self, chunk: bytes) -> bytes:
        self._begun = bool(chunk)
        return chunk.removeprefix(_BOM)

    def _ended(self, line: bytes, ends: int, *, last: bool = False) -> Iterator[Record]:
        self._keep(line)
        self._line += ends
        if self._open and not last and self._size <= LONGEST:
            self._keep(b"\n")
            return
        record = self._taken()
        if record.content.strip() or record.too_long:
            yield record

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._quoted and piece.count(b'"') % 2:
            self._open = not self._open
        if self._size <= LONGEST:
            self._record.append(piece)
        else:
            self._record.clear()

    def _taken(self) -> Record:
        content, too_long = b"".join(self._record).removesuffix(b"\r"), self._size > LONGEST
        record = Record(self._began, b"" if too_long else content, too_long)
        self._record, self._size, self._open = [], 0, False
        self._began = self._line
        return record
