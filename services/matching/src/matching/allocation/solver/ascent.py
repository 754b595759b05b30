"""Finding prices: smoothed dual ascent, from hot to cold.

Everybody spreads over their options by the softmax of what they would gain, at a temperature in
points; where a resource is asked for more than it has, its price rises, else it falls. The step of
each price is scaled by its own use (as in Sinkhorn's method) and carried on by Nesterov's momentum.
As the temperature falls the prices approach those of the linear programme.

Options are priced out: only those near each person's best take part, found anew from all options
several times a temperature. Between two findings no price moves by more than a share of that
nearness, because what was far away might have become near.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np

from matching.allocation.compiling import compiled
from matching.allocation.problem import NONE, Array, Role
from matching.allocation.solver.model import Lines, Model, People
from matching.allocation.solver.pricing import (
    Columns,
    Prices,
    best_responses,
    bound_at,
    columns_near_best,
    dual_part,
    person_tolls,
    slot_prices,
)


class Phase(NamedTuple):
    """One temperature. `within` and `temperature` are points; `clip` is a share of `within`."""

    temperature: float
    within: float
    findings: int
    steps: int
    clip: float


OVER: Final = 2.0  # steps are so much smaller than the curvature allows, since rows interact
MOST_MOMENTUM: Final = 0.9
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Priced:
    """The best prices found and the bound they prove."""

    prices: Prices
    gain: Array  # of everybody's best option
    bound: float
    steps: int


def find_prices(model: Model, start: Prices, phases: Sequence[Phase], tell: Tell) -> Priced:
    """Prices from hot to cold; the best bound of all that were tried, the coldest if equal."""
    at, gain = _joined(start), best_responses(model, start).gain
    best, steps = Priced(start, gain, bound_at(model, start, gain), 0), 0
    for phase in phases:
        climb, momentum = _Climb(model, phase), _Momentum(at, at, 1.0)
        for _ in range(phase.findings):
            columns = columns_near_best(model, _parted(model, at), phase.within, gain)
            momentum = climb.steps(columns, momentum)
            at, steps = momentum.settled, steps + phase.steps
            prices = _parted(model, at)
            gain = best_responses(model, prices).gain
            bound = bound_at(model, prices, gain)
            if bound <= best.bound:
                best = Priced(prices, gain, bound, steps)
        tell(f"prices at {phase.temperature:g} points: no plan passes {best.bound:,.0f}")
    return replace(best, steps=steps)


class _Momentum(NamedTuple):
    """Nesterov's two points and his step count."""

    settled: Array
    ahead: Array
    age: float


class _Climb:
    """Steps at one temperature. All multipliers are one vector: resources, ceilings, floors."""

    def __init__(self, model: Model, phase: Phase) -> None:
        self.model, self.phase = model, phase
        groups = len(model.floor)
        self.supply = np.concatenate([model.reachable, model.ceiling, -model.floor]).astype(float)
        self.unit = np.concatenate([model.unit, np.ones(2 * groups)])

    def steps(self, columns: Columns, momentum: _Momentum) -> _Momentum:
        reach = self.phase.clip * self.phase.within / self.unit
        low, high = momentum.settled - reach, momentum.settled + reach
        settled, ahead, age = momentum
        before = np.inf
        for _ in range(self.phase.steps):
            value, step = self._step(columns, ahead)
            age = 1.0 if value > before else age  # it went up: let go of the momentum
            before = value
            found = np.clip(np.maximum(ahead + step, 0), low, high)
            older = (1 + np.sqrt(1 + 4 * age * age)) / 2
            push = min((age - 1) / older, MOST_MOMENTUM)
            ahead = np.clip(np.maximum(found + push * (found - settled), 0), low, high)
            settled, age = found, older
        return _Momentum(settled, ahead, float(age))

    def _step(self, columns: Columns, at: Array) -> tuple[float, Array]:
        """The smoothed dual at these multipliers, and where to go."""
        model, temperature = self.model, self.phase.temperature
        prices = _parted(model, at)
        tolls = person_tolls(model.people, prices.toll)
        price = slot_prices(model, prices.resource).ravel()
        demand, placed = np.zeros(len(price)), np.zeros(len(tolls))
        share = np.empty(np.diff(columns.start).max(initial=0), np.float32)
        about = (columns, tolls, price.astype(np.float32), temperature)
        value = _soft_demand(*about, demand, placed, share)

        use = np.zeros(len(model.capacity))
        _add_use(model.lines, demand, use)
        seats = _by_group(model.people, placed, len(model.floor))
        torn = _by_group(model.people, placed * (1 - placed), len(model.floor))

        asked = np.concatenate([use, seats, -seats])
        excess = asked - self.supply
        scale = np.maximum(np.abs(asked), np.abs(self.supply)) + 0.2 * self.unit
        step = temperature / (OVER * self.unit) * excess / scale
        groups = len(seats)
        if groups:
            # Few members of a group are torn between a place and none; only they feel its price.
            curvature = np.concatenate([torn, torn]) + 1.0
            step[-2 * groups :] = temperature / OVER * excess[-2 * groups :] / curvature
        return value + dual_part(model, prices), step


def _joined(prices: Prices) -> Array:
    return np.concatenate([prices.resource, prices.ceiling, prices.floor])


def _parted(model: Model, at: Array) -> Prices:
    resources, groups = len(model.capacity), len(model.floor)
    return Prices(at[:resources], at[resources : resources + groups], at[resources + groups :])


def _by_group(people: People, amount: Array, groups: int) -> Array:
    total = np.zeros(groups)
    for column in range(people.groups.shape[1]):
        group = people.groups[:, column]
        inside = group != NONE
        total += np.bincount(group[inside], amount[inside], groups)
    return total


@compiled
def _soft_demand(
    columns: Columns,
    tolls: Array,
    price: Array,
    temperature: float,
    demand: Array,
    placed: Array,
    share: Array,
) -> float:
    """The smoothed gain; adds what is asked of each slot and how surely each person is placed.

    `share` is room for the columns of one person.
    """
    inverse = np.float32(1.0 / temperature)
    total = 0.0
    for person in range(tolls.size):
        first, last = columns.start[person], columns.start[person + 1]
        if first == last:
            continue
        toll = np.float32(tolls[person])
        best = toll  # staying costs no toll
        for at in range(first, last):
            gain = columns.points[at] - price[columns.slot[at]]
            share[at - first] = gain
            best = max(best, gain)
        stay = np.exp(max((toll - best) * inverse, np.float32(-80.0)))
        whole = stay
        for at in range(last - first):
            below = (share[at] - best) * inverse
            if below > np.float32(-11.0):
                share[at] = np.exp(below)
                whole += share[at]
            else:
                share[at] = np.float32(0.0)
        total += best - toll + temperature * np.log(whole)
        placed[person] = 1.0 - stay / whole
        part = np.float32(1.0) / whole
        for at in range(first, last):
            if share[at - first] > 0:
                demand[columns.slot[at]] += share[at - first] * part
    return total


@compiled
def _add_use(lines: Lines, demand: Array, use: Array) -> None:
    """Adds how much of each resource the demand for slots takes."""
    weeks = lines.rows.shape[1]
    for line in range(lines.rows.shape[0]):
        for week in range(weeks):
            asked = demand[line * weeks + week]
            if asked > 0:
                for role in range(lines.rows.shape[2]):
                    row = lines.rows[line, week, role]
                    if row >= 0:
                        use[row] += asked * lines.amount[line, role]


# ---- first prices


def national_prices(model: Model) -> Prices:
    """Prices as if all hospitals were one: where the urgency a unit is that of the last who fits.

    Slots and list minutes only; other resources, ceilings and floors start at 0.
    """
    resource = np.zeros(len(model.capacity))
    for people, rows in _pools(model):
        amount = model.primary_need[people]
        density = np.sort(model.people.urgency[people] / amount)[::-1]
        fits = int(model.capacity[rows].sum() / amount.mean())
        if fits < len(density):
            resource[rows] = density[fits] * model.left.mean()
    none = np.zeros(len(model.floor))
    return Prices(resource, none, none)


def _pools(model: Model) -> Iterator[tuple[Array, Array]]:
    """People who compete for the same rows of slots or minutes, and those rows."""
    people: dict[int, list[Array]] = {}
    rows: dict[int, Array] = {}
    for want in np.unique(model.want).tolist():
        lines = model.lines.rows[model.lines.want == want, :, Role.PRIMARY]
        found = np.unique(lines[lines != NONE])
        if len(found):
            pool = int(found[0])  # those who share rows share the first of them
            people.setdefault(pool, []).append(np.flatnonzero(model.want == want))
            rows[pool] = np.union1d(rows[pool], found) if pool in rows else found
    for pool, parts in people.items():
        yield np.concatenate(parts), rows[pool]
