"""Disclosure control: the only way in which a count leaves for a public edition.

HES rule: 0 is shown, 1 to 7 are hidden as `*`, all else is rounded to the nearest 5. Rounded totals
can still give a hidden count away (seven hidden counts in a hidden total are seven ones), also by
comparison with the release before. So for every count of 1 to 7 there must be another set of counts
that gives the same release, and the same former release, with another value in that place: then no
arithmetic can tell it. Where there is none, a few of the counts that stand in the way are withheld.

Not considered: someone who also knows some of the people, or who turns this very procedure round.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice, product
from typing import Final, TypeAlias

SMALL = 7  # NHS Digital, HES analysis guide: counts of 1 to 7 are hidden
NEAREST = 5
HIDDEN: Final = "*"
WITHHELD: Final = ".."
ALL: Final = "All"
PARTNERS = 200  # how many combinations are tried for a count that moves the other way

Combination: TypeAlias = tuple[str, ...]
Cell: TypeAlias = tuple[str | None, ...]
"""A value of each column, or None where the cell sums over all of them."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table to publish: its columns, with all their totals, of the rows where `where` holds."""

    name: str
    columns: tuple[str, ...]
    where: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """How many there are of each combination of values, and the tables to be made of it."""

    columns: tuple[str, ...]
    tables: tuple[Table, ...]
    combinations: Mapping[Combination, int]

    def __post_init__(self) -> None:
        if any(count < 1 for count in self.combinations.values()):
            raise ValueError("a combination that nobody has is left out")

    def cells_over(self, combination: Combination) -> frozenset[Cell]:
        """All published cells in which this combination is counted."""
        values = dict(zip(self.columns, combination, strict=True))
        return frozenset(cell for table in self.tables for cell in self._in_table(table, values))

    def _in_table(self, table: Table, values: Mapping[str, str]) -> Iterator[Cell]:
        if any(values[column] != value for column, value in table.where):
            return
        fixed = dict(table.where)
        for part in product((True, False), repeat=len(table.columns)):
            own = fixed | {
                c: values[c] for c, kept in zip(table.columns, part, strict=True) if kept
            }
            yield tuple(own.get(column) for column in self.columns)


def rounded(count: int) -> int:
    """To the nearest 5; meant for 0 and for counts over 7."""
    return (count + NEAREST // 2) // NEAREST * NEAREST


def is_small(count: int) -> bool:
    """Whether a count may describe people: 1 to 7."""
    return 1 <= count <= SMALL


def disclosed(count: int) -> str:
    """A count as it may be shown, looked at alone."""
    return HIDDEN if is_small(count) else str(rounded(count))


def bounds(shown: str) -> tuple[int, int | None]:
    """What a reader knows of a count from how it is shown: at least, at most."""
    if shown == WITHHELD:
        return 0, None
    if shown == HIDDEN:
        return 1, SMALL
    value = int(shown)
    return (0, 0) if value == 0 else (value - NEAREST // 2, value + NEAREST // 2)


def percentage(part: str, whole: str) -> str:
    """A share in whole percent from counts as shown, and from nothing else."""
    if WITHHELD in (part, whole):
        return WITHHELD
    if HIDDEN in (part, whole):
        return HIDDEN
    return str(round(100 * int(part) / int(whole))) if int(whole) else "n/a"


def average(value: float | None, count: int) -> str:
    """A mean or median as it may be shown: hidden when it is that of 1 to 7 people."""
    if value is None or count == 0:
        return "n/a"
    return HIDDEN if is_small(count) else f"{value:.1f}"


@dataclass(frozen=True)
class Release:
    """Counts as they are shown. Whoever publishes looks at `shown` and at nothing else."""

    counts: Counts
    withheld: frozenset[Cell] = frozenset()

    @cached_property
    def cells(self) -> Mapping[Cell, int]:
        """The exact count of every published cell that is not 0."""
        cells: defaultdict[Cell, int] = defaultdict(int)
        for combination, count in self.counts.combinations.items():
            for cell in self.over(combination):
                cells[cell] += count
        return dict(cells)

    def over(self, combination: Combination) -> frozenset[Cell]:
        """The cells in which this combination is counted; remembered."""
        found = self._over.get(combination)
        if found is None:
            found = self._over[combination] = self.counts.cells_over(combination)
        return found

    @cached_property
    def _over(self) -> dict[Combination, frozenset[Cell]]:
        return {}

    @cached_property
    def within(self) -> Mapping[Cell, list[Combination]]:
        """The combinations that each small cell counts."""
        parts: defaultdict[Cell, list[Combination]] = defaultdict(list)
        for combination in sorted(self.counts.combinations):
            for cell in self.over(combination):
                if is_small(self.cells.get(cell, 0)):
                    parts[cell].append(combination)
        return parts

    def neighbours(self, combination: Combination) -> Iterable[Combination]:
        """Others to move the other way: those that differ in one value, or else the first few."""
        near = (self._near.get(key, ()) for key in _without_one(combination))
        found = list(dict.fromkeys(other for others in near for other in others))
        return (found or list(islice(self.counts.combinations, PARTNERS)))[:PARTNERS]

    @cached_property
    def _near(self) -> Mapping[tuple[int, Combination], list[Combination]]:
        near: defaultdict[tuple[int, Combination], list[Combination]] = defaultdict(list)
        for combination in sorted(self.counts.combinations):
            for key in _without_one(combination):
                near[key].append(combination)
        return near

    def shown(self, cell: Cell) -> str:
        """A cell as everybody may see it."""
        return WITHHELD if cell in self.withheld else disclosed(self.cells.get(cell, 0))

    def rows(self, table: Table) -> Iterator[tuple[tuple[str, ...], str, str]]:
        """The rows of a table: its values, the count, and its share of the row's total, as shown.

        Combinations of values that nobody has are rows too, with 0.
        """
        for values in product(*(self._values(column, table) for column in table.columns)):
            cell = self._cell(table, values)
            whole = self._cell(table, (*values[:-1], ALL))
            count = self.shown(cell)
            yield values, count, percentage(count, self.shown(whole))

    def _values(self, column: str, table: Table) -> list[str]:
        place = self.counts.columns.index(column)
        where = [(self.counts.columns.index(name), value) for name, value in table.where]
        met = {
            combination[place]
            for combination in self.counts.combinations
            if all(combination[at] == value for at, value in where)
        }
        return [*sorted(met), ALL]

    def _cell(self, table: Table, values: Sequence[str]) -> Cell:
        own = dict(table.where) | {
            column: value
            for column, value in zip(table.columns, values, strict=True)
            if value != ALL
        }
        return tuple(own.get(column) for column in self.counts.columns)


def _without_one(combination: Combination) -> Iterator[tuple[int, Combination]]:
    for place in range(len(combination)):
        yield place, combination[:place] + combination[place + 1 :]


Move: TypeAlias = tuple[tuple[Combination, int], ...]
"""One more or one less of a combination or two: the way from the true counts to other ones."""


def control(counts: Counts, former: Release | None = None) -> Release:
    """The release of these counts in which nothing small can be worked out.

    `former` is the release before; counts that are the same in both are taken to be known to be so.
    """
    if former is not None and former.counts.columns != counts.columns:
        former = None
    return Release(counts, _Control(Release(counts), former).run())


class NotProtected(Exception):
    """No withholding in the new release can protect a cell that the former one gave away."""


@dataclass
class _Control:
    """Finds for each small cell a move that nobody can see, withholding what would show it."""

    new: Release
    former: Release | None
    withheld: set[Cell] = field(default_factory=set)

    def run(self) -> frozenset[Cell]:
        gone = self._gone()
        for cell in sorted(self.new.within, key=_order):
            own = [*self.new.within[cell], *gone.get(cell, ())]
            self._protect(own, self.new)
        if self.former is not None:
            for cell in sorted(self.former.within, key=_order):
                self._protect(self.former.within[cell], self.former)
        return frozenset(self.withheld)

    def _gone(self) -> Mapping[Cell, list[Combination]]:
        """By cell, the combinations that the former release had and this one has no more."""
        gone: defaultdict[Cell, list[Combination]] = defaultdict(list)
        for combination in self.former.counts.combinations if self.former else ():
            if combination not in self.new.counts.combinations:
                for cell in self.new.over(combination):
                    gone[cell].append(combination)
        return gone

    def _protect(self, own: Sequence[Combination], release: Release) -> None:
        """Makes sure of a move that changes the cell of these combinations and can't be seen."""
        best: set[Cell] | None = None
        for move in self._moves(own):
            in_the_way = self._in_the_way(move, own, release)
            if in_the_way is None:
                continue
            if not in_the_way:
                return
            if best is None or self._cost(in_the_way) < self._cost(best):
                best = in_the_way
        if best is None:
            raise NotProtected
        self.withheld |= best

    def _moves(self, own: Sequence[Combination]) -> Iterator[Move]:
        """Ways to another value: alone, or with a neighbour that moves the other way."""
        for combination in own:
            yield ((combination, 1),)
            yield ((combination, -1),)
        inside = set(own)
        for combination in own:
            for other in self._neighbours(combination):
                if other not in inside:
                    yield ((combination, 1), (other, -1))
                    yield ((combination, -1), (other, 1))

    def _neighbours(self, combination: Combination) -> Iterator[Combination]:
        yield from self.new.neighbours(combination)
        if self.former is not None:
            yield from self.former.neighbours(combination)

    def _in_the_way(
        self, move: Move, own: Sequence[Combination], release: Release
    ) -> set[Cell] | None:
        """The cells to withhold for this move; None when it cannot be, or was shown before."""
        if self.former is None:
            return self._now(move)
        # Counts that changed are two, one in each release, and need not move together.
        anywhere = (move, self._shared(move))
        here = [one for one in anywhere if sum(step for at, step in one if at in own)]
        if not any(map(self._then, here if release is self.former else anywhere)):
            return None
        found = map(self._now, here if release is self.new else anywhere)
        return min((cells for cells in found if cells is not None), key=self._cost, default=None)

    def _now(self, move: Move) -> set[Cell] | None:
        if not _possible(self.new, move):
            return None
        return set(_seen(self.new, move)) - self.withheld

    def _then(self, move: Move) -> bool:
        """Whether the former release would have been the same after this move."""
        assert self.former is not None
        return _possible(self.former, move) and not any(_seen(self.former, move))

    def _shared(self, move: Move) -> Move:
        """The part of a move that is one in both releases: counts that did not change."""
        assert self.former is not None
        now, then = self.new.counts.combinations, self.former.counts.combinations
        return tuple(step for step in move if now.get(step[0], 0) == then.get(step[0], 0))

    def _cost(self, cells: Iterable[Cell]) -> tuple[int, int]:
        """Sums over few columns go first, then small counts: grand totals are withheld last."""
        found = list(cells)
        sums = sum(4 ** sum(value is None for value in cell) for cell in found)
        return sums, sum(self.new.cells.get(cell, 0) for cell in found)


def _order(cell: Cell) -> tuple[str, ...]:
    return tuple(value or "" for value in cell)


def _possible(release: Release, move: Move) -> bool:
    return all(release.counts.combinations.get(one, 0) + step >= 0 for one, step in move)


def _seen(release: Release, move: Move) -> Iterator[Cell]:
    """The cells that would be shown otherwise after this move."""
    by: defaultdict[Cell, int] = defaultdict(int)
    for combination, step in move:
        for cell in release.over(combination):
            by[cell] += step
    for cell, step in by.items():
        if step and cell not in release.withheld:
            count = release.cells.get(cell, 0)
            if disclosed(count + step) != disclosed(count):
                yield cell
