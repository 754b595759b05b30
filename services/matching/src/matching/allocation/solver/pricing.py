"""One pass over every option at given prices: the best response of each person, and the bound.

Prices are points a unit of a resource. A toll is what a place costs a member of a group; below 0 it
is what a floor pays for it. For any prices of 0 or more,

    sum of what everybody gains at them + sum of price x capacity

is at least the points of every plan that keeps to the capacities (Lagrangian duality). That is the
bound, and it needs no trust in how the prices were found.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from matching.allocation.compiling import compiled
from matching.allocation.problem import NONE, Array
from matching.allocation.solver.model import Lines, Model, Pairs, People

CLOSED = np.inf


@dataclass(frozen=True)
class Prices:
    """`ceiling` and `floor` are prices of a place for each group; their difference is the toll."""

    resource: Array  # float64
    ceiling: Array  # float64
    floor: Array  # float64

    @property
    def toll(self) -> Array:
        tolls: Array = self.ceiling - self.floor
        return tolls


class Responses(NamedTuple):
    """What each person would choose, NONE for nothing, and what they would gain by it."""

    pair: Array  # int64
    week: Array  # int64
    gain: Array  # float64


def slot_prices(model: Model, resource: Array) -> Array:
    """What each line costs in each week; infinite where it is closed."""
    priced = np.full(model.lines.open.shape, CLOSED)
    _find_slot_prices(model.lines, resource, priced)
    return priced


@compiled
def _find_slot_prices(lines: Lines, resource: Array, priced: Array) -> None:
    for line in range(priced.shape[0]):
        for week in range(priced.shape[1]):
            if lines.open[line, week]:
                cost = 0.0
                for role in range(lines.rows.shape[2]):
                    row = lines.rows[line, week, role]
                    if row >= 0:
                        cost += resource[row] * lines.amount[line, role]
                priced[line, week] = cost


def person_tolls(people: People, toll: Array) -> Array:
    """The sum of the tolls of each person's groups."""
    tolls: Array = np.append(toll, 0.0)[people.groups].sum(axis=1)
    return tolls


def best_responses(model: Model, prices: Prices) -> Responses:
    """The best option of everybody, exactly."""
    price = slot_prices(model, prices.resource)
    tolls = person_tolls(model.people, prices.toll)
    people = len(tolls)
    found = Responses(
        pair=np.full(people, NONE, np.int64),
        week=np.full(people, NONE, np.int64),
        gain=np.zeros(people),
    )
    cheapest = _cheapest(price)
    about = (model.people, model.pairs, model.left, price, cheapest, tolls, model.kept_points)
    _best(*about, *found)
    return found


def bound_at(model: Model, prices: Prices, gain: Array) -> float:
    """A number of points that no plan can pass, from what everybody gains at these prices."""
    return float(gain.sum() + dual_part(model, prices))


def dual_part(model: Model, prices: Prices) -> float:
    """What the capacities, ceilings and floors are worth at these prices."""
    parts = (
        (prices.resource * model.reachable).sum(),
        (prices.ceiling * model.ceiling).sum(),
        -(prices.floor * model.floor).sum(),
    )
    return float(sum(parts))


def _cheapest(price: Array) -> Array:
    least: Array = price.min(axis=1, initial=CLOSED)
    return least


@compiled
def _best(
    people: People,
    pairs: Pairs,
    left: Array,
    price: Array,
    cheapest: Array,
    tolls: Array,
    kept_points: float,
    best_pair: Array,
    best_week: Array,
    gain: Array,
) -> None:
    count, weeks = people.urgency.size, left.size
    for person in range(count):
        urgency, toll = people.urgency[person], tolls[person]
        best = 0.0
        kept = people.kept_pair[person]
        if kept >= 0:
            week = people.kept_week[person]
            found = (
                pairs.points[kept]
                + urgency * left[week]
                + kept_points
                - price[pairs.line[kept], week]
                - toll
            )
            if found > best:
                best = found
                best_pair[person], best_week[person] = kept, week
        for pair in range(pairs.start[person], pairs.start[person + 1]):
            line = pairs.line[pair]
            base = pairs.points[pair] - toll
            # Nothing of this line can be better: the first week is worth most.
            if base + urgency - cheapest[line] <= best:
                continue
            for week in range(weeks):
                found = base + urgency * left[week] - price[line, week]
                if found > best:
                    best = found
                    best_pair[person], best_week[person] = pair, week
        gain[person] = best


# ---- columns


class Columns(NamedTuple):
    """The options near each person's best one, from start[p] to start[p + 1], in the order of pairs.

    `slot` is line x weeks + week. `points` are what the option is worth, kept points included.
    """

    start: Array  # int64
    slot: Array  # int32
    points: Array  # float32


def columns_near_best(model: Model, prices: Prices, within: float, gain: Array) -> Columns:
    """Every option that at these prices is at most so many points below the best, or below staying.

    `gain` is what the best of everybody gains.
    """
    price = slot_prices(model, prices.resource)
    cheapest = _cheapest(price)
    tolls = person_tolls(model.people, prices.toll)
    least = gain + tolls - within  # in points before the toll

    about = (model.people, model.pairs, model.left, price, cheapest, least, model.kept_points)
    start = np.zeros(len(gain) + 1, np.int64)
    _count_near(*about, start[1:])
    np.cumsum(start, out=start)
    slot, points = np.empty(start[-1], np.int32), np.empty(start[-1], np.float32)
    _find_near(*about, start, slot, points)
    return Columns(start, slot, points)


@compiled
def _count_near(
    people: People,
    pairs: Pairs,
    left: Array,
    price: Array,
    cheapest: Array,
    least: Array,
    kept_points: float,
    near: Array,
) -> None:
    count, weeks = people.urgency.size, left.size
    for person in range(count):
        urgency, enough = people.urgency[person], least[person]
        kept, kept_week = people.kept_pair[person], people.kept_week[person]
        for pair in range(pairs.start[person], pairs.start[person + 1]):
            line, base = pairs.line[pair], pairs.points[pair]
            if pair != kept and base + urgency - cheapest[line] < enough:
                continue
            for week in range(weeks):
                found = base + urgency * left[week] - price[line, week]
                if (pair == kept and week == kept_week) or found >= enough:
                    near[person] += 1


@compiled
def _find_near(
    people: People,
    pairs: Pairs,
    left: Array,
    price: Array,
    cheapest: Array,
    least: Array,
    kept_points: float,
    start: Array,
    slots: Array,
    points: Array,
) -> None:
    count, weeks = people.urgency.size, left.size
    for person in range(count):
        at = start[person]
        urgency, enough = people.urgency[person], least[person]
        kept, kept_week = people.kept_pair[person], people.kept_week[person]
        for pair in range(pairs.start[person], pairs.start[person + 1]):
            line, base = pairs.line[pair], pairs.points[pair]
            if pair != kept and base + urgency - cheapest[line] < enough:
                continue
            for week in range(weeks):
                worth = base + urgency * left[week]
                is_kept = pair == kept and week == kept_week
                if is_kept or worth - price[line, week] >= enough:
                    slots[at] = line * weeks + week
                    points[at] = worth + kept_points if is_kept else worth
                    at += 1
