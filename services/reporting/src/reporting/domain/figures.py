"""A figure: a named question to one table, whose answer and rows anybody can get again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

import polars as pl

from reporting.domain.dataset import TABLES, Frame, columns

Measure: TypeAlias = Literal["count", "median_days", "places"]
MEASURES: Final[tuple[Measure, ...]] = get_args(Measure)

DAYS_COLUMN: Final[Mapping[str, str]] = {
    "pathways": "days_waited",
    "activity": "days_at_activity",
}
# Columns that name one row are no question about many.
NOT_ASKED: Final = frozenset(
    {"pathway_id", "activity_id", "shortlist_id", "message_id", "session_id"}
)


class NoSuchFigure(ValueError):
    """The question names a table, measure, column or value that is not declared."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Rows of `table` where each column has the value given, written as in the CSV file.

    "" asks for empty cells, "*" for all that are not empty, and "a|b" for a or b.
    """

    table: str
    measure: Measure = "count"
    where: tuple[tuple[str, str], ...] = ()

    def narrowed(self, **where: str) -> "Figure":
        """The same question to fewer rows."""
        return Figure(self.table, self.measure, (*self.where, *where.items()))

    def query(self) -> list[tuple[str, str]]:
        """The question as the parameters of a URL."""
        return [("table", self.table), ("measure", self.measure), *self.where]


@dataclass(frozen=True, slots=True)
class Answer:
    """`n` rows were counted; `value` is None where nothing can be said, such as a median of none."""

    value: float | None
    n: int


def figure_of(query: Iterable[tuple[str, str]]) -> Figure:
    """The figure that URL parameters ask for, refused where it is not of the declaration."""
    parameters = list(query)
    given = dict(parameters)
    table = given.pop("table", "pathways")
    measure = given.pop("measure", "count")
    if table not in TABLES:
        raise NoSuchFigure("no such table")
    if measure not in MEASURES:
        raise NoSuchFigure("no such measure")
    if set(given) - (set(columns(table)) - NOT_ASKED):
        raise NoSuchFigure("no such column, or one that names a single patient's row")
    if measure == "median_days" and table not in DAYS_COLUMN:
        raise NoSuchFigure("no wait in this table")
    if measure == "places" and table != "capacity":
        raise NoSuchFigure("no place in this table")
    where = tuple((name, value) for name, value in parameters if name in given)
    return Figure(table, measure, where)


def answer(figure: Figure, frame: Frame) -> Answer:
    """The value of a figure, exact."""
    of = rows_of(figure, frame)
    if figure.measure == "count":
        return Answer(of.height, of.height)
    if figure.measure == "places":
        return Answer(int(of["places"].sum()), of.height)
    days = of[DAYS_COLUMN[figure.table]].drop_nulls()
    median = days.median()
    return Answer(float(median) if isinstance(median, (int, float)) else None, days.len())


def rows_of(figure: Figure, frame: Frame) -> Frame:
    """The rows that a figure is about, in the order of the table."""
    if not figure.where:
        return frame
    return frame.filter(*(_condition(name, value) for name, value in figure.where))


def asked_columns(figure: Figure) -> list[str]:
    """The columns that a figure needs, and the key of its rows."""
    named = [name for name, _ in figure.where]
    days = [DAYS_COLUMN[figure.table]] if figure.measure == "median_days" else []
    places = ["places"] if figure.measure == "places" else []
    return list(dict.fromkeys([key_column(figure.table), *named, *days, *places]))


def askable_columns(table: str) -> list[str]:
    """All columns that a figure may ask for: those that name one row are none of them."""
    return [name for name in columns(table) if name not in NOT_ASKED]


def key_column(table: str) -> str:
    """The column that names a row of this table."""
    return TABLES[table].primary_key()[0]


def keys_of(figure: Figure, frame: Frame) -> list[str]:
    """The keys of those rows."""
    keys: list[str] = rows_of(figure, frame)[key_column(figure.table)].to_list()
    return keys


EMPTY: Final = ""
ANY: Final = "*"
OR: Final = "|"


def _condition(name: str, value: str) -> pl.Expr:
    column = pl.col(name)
    if value == EMPTY:
        return column.is_null()
    if value == ANY:
        return column.is_not_null()
    return column.cast(pl.String).is_in(value.split(OR))
