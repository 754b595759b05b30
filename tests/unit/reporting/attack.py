"""An attacker on releases: all that is shown, as equations, given to an integer solver."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from random import Random
from typing import Any, Final

from ortools.sat.python import cp_model

from reporting.domain.disclosure import Cell, Combination, Counts, Release, Table, bounds, is_small

MOST: Final = 100_000


class Attack:
    """Knows every cell shown in a release and its former one, and which counts stayed the same."""

    def __init__(self, new: Release, former: Release | None, universe: Sequence[Combination]):
        self.model = cp_model.CpModel()
        self._universe = universe
        now = self._variables(new, {})
        same = {}
        if former is not None:
            a, b = new.counts.combinations, former.counts.combinations
            same = {one: now[one] for one in universe if a.get(one, 0) == b.get(one, 0)}
        self._sums: list[tuple[Any, int]] = []
        self._equations(new, now)
        if former is not None:
            self._equations(former, self._variables(former, same))

    def _variables(self, release: Release, known: Mapping[Combination, Any]) -> dict[Any, Any]:
        return {
            one: known[one] if one in known else self.model.new_int_var(0, MOST, "")
            for one in self._universe
        }

    def _equations(self, release: Release, variables: Mapping[Combination, Any]) -> None:
        parts: dict[Cell, list[Any]] = {}
        for one in self._universe:
            for cell in release.counts.cells_over(one):
                parts.setdefault(cell, []).append(variables[one])
        for cell, inside in parts.items():
            low, high = bounds(release.shown(cell))
            total = self.model.new_int_var(low, MOST if high is None else high, "")
            self.model.add(total == sum(inside))
            count = release.cells.get(cell, 0)
            if is_small(count):
                self._sums.append((total, count))

    def recovered(self) -> int:
        """How many small cells can have no other value than the true one."""
        left = self._sums
        while left:
            found = self._another(left)
            if len(found) == len(left):
                return len(left)
            left = found
        return 0

    def _another(self, cells: list[tuple[Any, int]]) -> list[tuple[Any, int]]:
        """A solution in which at least one of these cells is otherwise; those that are not."""
        model = self.model.clone()
        others = []
        for total, count in cells:
            other = model.new_bool_var("")
            own = model.get_int_var_from_proto_index(total.index)
            model.add(own != count).only_enforce_if(other)
            others.append(other)
        model.add_bool_or(others)
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return cells
        return [
            (total, count)
            for total, count in cells
            if solver.value(model.get_int_var_from_proto_index(total.index)) == count
        ]


# ---- tables at random, made to be mean: full of edges of classes


COUNTS: Final = (0, 0, 0, 1, 1, 1, 2, 3, 5, 6, 7, 7, 7, 8, 8, 10, 12, 12, 13, 17, 40, 43)


def universe_of(shape: Sequence[int]) -> list[Combination]:
    return list(
        product(*([f"{'abc'[at]}{n}" for n in range(size)] for at, size in enumerate(shape)))
    )


def tables_of(columns: tuple[str, ...], random: Random) -> tuple[Table, ...]:
    """One table over everything, or several that share their margins."""
    if len(columns) == 1 or random.random() < 0.6:
        return (Table("all", columns),)
    pairs = [columns[at : at + 2] for at in range(len(columns) - 1)]
    return tuple(Table("-".join(pair), pair) for pair in pairs)


def counts_of(random: Random) -> tuple[Counts, list[Combination]]:
    shape = random.choice([(3,), (7,), (4,), (2, 2), (3, 3), (2, 4), (4, 4), (2, 2, 2), (3, 2, 2)])
    columns = ("a", "b", "c")[: len(shape)]
    universe = universe_of(shape)
    pool = random.choice([COUNTS, (0, 1), (7,), (1, 7, 8), (0, 1, 2, 3), COUNTS])
    counts = {one: random.choice(pool) for one in universe}
    present = {one: count for one, count in counts.items() if count}
    return Counts(columns, tables_of(columns, random), present), universe


def later(counts: Counts, universe: Sequence[Combination], random: Random) -> Counts:
    """The counts after late data: a few are other ones."""
    combinations = dict(counts.combinations)
    for one in random.sample(list(universe), k=random.randrange(0, min(4, len(universe)) + 1)):
        count = max(0, combinations.pop(one, 0) + random.choice([-2, -1, 1, 1, 2, 6]))
        if count:
            combinations[one] = count
    return Counts(counts.columns, counts.tables, combinations)


def releases(seed: int) -> Iterator[tuple[Release | None, Release, list[Combination]]]:
    """A first release, one after late data, and one after that, with the former of each."""
    from reporting.domain.disclosure import control

    random = Random(seed)
    counts, universe = counts_of(random)
    former: Release | None = None
    for _ in range(2):
        release = control(counts, former)
        yield former, release, universe
        former, counts = release, later(counts, universe, random)
