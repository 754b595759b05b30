"""A list of codes, each with the dates between which it may be used."""

import csv
import hashlib
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from importlib.resources import files
from types import MappingProxyType
from typing import Generic, TypedDict, TypeVar

Row = Mapping[str, str]


class UnknownCode(ValueError):
    """No such code in this list on this date. The text does not repeat the code."""


@dataclass(frozen=True, slots=True)
class Code:
    """A code and its meaning, usable from the first to the last of its days; None is an open end."""

    code: str
    name: str
    valid_from: date | None
    valid_to: date | None

    def is_valid(self, on: date) -> bool:
        """Whether the code may be used on this day."""
        started = self.valid_from is None or self.valid_from <= on
        return started and (self.valid_to is None or on <= self.valid_to)


class Dated(TypedDict):
    """The columns that every list has."""

    code: str
    name: str
    valid_from: date | None
    valid_to: date | None


def dated(row: Row) -> Dated:
    """The common columns of a row; an empty date is an open end."""
    return Dated(
        code=row["code"],
        name=row["name"],
        valid_from=_date_or_none(row["valid_from"]),
        valid_to=_date_or_none(row["valid_to"]),
    )


def _date_or_none(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def plain(row: Row) -> Code:
    """A code with nothing but its name and dates."""
    return Code(**dated(row))


C = TypeVar("C", bound=Code)


class CodeList(Generic[C]):
    """The codes of one CSV file of this package, read when first asked for."""

    def __init__(self, name: str, read: Callable[[Row], C], published: str) -> None:
        """`published` is the date of the source; `version` adds what the file holds."""
        self.name = name
        self._read = read
        self._published = published
        self._by_period: dict[int, Mapping[str, C]] = {}

    @cached_property
    def version(self) -> str:
        """For records: the date of the source and a digest of the content, as 2026-05-19.1f2e3d4c."""
        return f"{self._published}.{hashlib.sha256(self._content).hexdigest()[:8]}"

    def every(self) -> tuple[C, ...]:
        """All codes that ever were, in the order of the file; one with two meanings comes twice."""
        return self._codes

    def at(self, on: date) -> Mapping[str, C]:
        """The codes that may be used on this day, by code."""
        period = bisect_right(self._changes, on)
        if period not in self._by_period:
            valid = {code.code: code for code in self._codes if code.is_valid(on)}
            self._by_period[period] = MappingProxyType(valid)
        return self._by_period[period]

    def get(self, code: str, on: date) -> C:
        """The code as it stood on this day; `UnknownCode` if there was none."""
        found = self.at(on).get(code)
        if found is None:
            raise UnknownCode(f"not a code of {self.name} on {on.isoformat()}")
        return found

    @cached_property
    def _content(self) -> bytes:
        return files(__package__).joinpath(f"{self.name}.csv").read_bytes()

    @cached_property
    def _codes(self) -> tuple[C, ...]:
        lines = self._content.decode().splitlines()
        return tuple(self._read(row) for row in csv.DictReader(lines))

    @cached_property
    def _changes(self) -> list[date]:
        """The days from which the list differs from the day before."""
        starts = {code.valid_from for code in self._codes if code.valid_from}
        ends = {code.valid_to + timedelta(days=1) for code in self._codes if code.valid_to}
        return sorted(starts | ends)
