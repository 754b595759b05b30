"""The whole way from an instance to a plan: options, prices, people, proof."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from matching.allocation.plan import Plan
from matching.allocation.problem import NONE, Array, Problem, Seats
from matching.allocation.solver.ascent import Phase, Priced, find_prices, national_prices
from matching.allocation.solver.flow import seat_slots_exactly
from matching.allocation.solver.model import (
    Model,
    Pairs,
    People,
    model_of,
    pair_of_service,
)
from matching.allocation.solver.pricing import Prices, columns_near_best
from matching.allocation.solver.rounding import eject, seat_by_gain, seat_where_they_were
from matching.allocation.solver.ruin import ruin_and_recreate
from matching.allocation.solver.seating import Book, Choice, choice_of, empty_book
from matching.allocation.validation import checked
from matching.allocation.weights import Weights

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Budget:
    """How much work a plan may cost: counted, never timed, so that a plan can be made again.

    `rough` are phases on a sample of at most `sample` people, `cold` on everybody; `warm` replace
    both where prices of yesterday are given. Columns for whole people are those `within` so many
    points of the best. `tries` are those of ruin and recreate for each slot that has a price, from
    `hot` points on; the next day, where most people keep their seats, `warm_tries`.
    """

    name: str
    rough: tuple[Phase, ...]
    sample: int
    cold: tuple[Phase, ...]
    warm: tuple[Phase, ...]
    within: float
    ejections: int
    breadth: int
    tries: float
    warm_tries: float
    hot: float


STANDARD: Final = Budget(
    name="standard-1",
    rough=(
        Phase(160.0, 800.0, 1, 20, 0.5),
        Phase(80.0, 400.0, 2, 15, 0.5),
        Phase(40.0, 240.0, 2, 15, 0.5),
    ),
    sample=20_000,
    cold=(
        Phase(20.0, 110.0, 6, 8, 1.0),
        Phase(10.0, 65.0, 6, 8, 1.0),
        Phase(5.0, 40.0, 6, 8, 1.0),
        Phase(2.5, 25.0, 6, 8, 1.0),
        Phase(1.25, 18.0, 6, 8, 1.0),
        Phase(0.6, 13.0, 6, 8, 1.0),
    ),
    warm=(
        Phase(10.0, 65.0, 3, 6, 1.0),
        Phase(5.0, 40.0, 3, 6, 1.0),
        Phase(2.5, 25.0, 3, 6, 1.0),
        Phase(1.25, 18.0, 3, 6, 1.0),
    ),
    within=40.0,
    ejections=3,
    breadth=8,
    tries=20.0,
    warm_tries=2.0,
    hot=10.0,
)
THOROUGH: Final = replace(
    STANDARD,
    name="thorough-1",
    warm=STANDARD.cold,
    within=320.0,
    tries=500.0,
    warm_tries=50.0,
    hot=80.0,
)
"""For small instances, where a few whole people are a large share of the gap."""


def budget_for(patients: int) -> Budget:
    """Thorough up to 20,000 patients, standard for more."""
    return THOROUGH if patients <= 20_000 else STANDARD


def allocate(
    problem: Problem,
    weights: Weights,
    seed: int,
    *,
    budget: Budget | None = None,
    prices: Array | None = None,
    tell: Tell = lambda _: None,
) -> Plan:
    """The best plan that the budget finds, with the bound that its prices prove.

    The same instance, weights, seed, budget and prices give the same bytes. `prices` are those of
    yesterday in the order of `problem.resources`: see `carried_over`. Raises `ProblemFaulty`.
    """
    budget = budget or budget_for(problem.patients.count)
    model = model_of(checked(problem), weights)
    tell(f"{model.options:,} options of {len(model.order):,} patients")
    priced = _priced(model, budget, prices, tell)
    columns = columns_near_best(model, priced.prices, budget.within, priced.gain)
    choice = choice_of(model, columns, priced.prices)
    tries = budget.tries if prices is None else budget.warm_tries
    book = _seated(model, choice, replace(budget, tries=tries), seed, priced, tell)
    return _plan(problem, weights, seed, budget, model, choice, book, priced)


def carried_over(before: Problem, plan: Plan, today: Problem) -> Array:
    """The prices of a plan in the order of another day's resources; 0 for what is new."""
    known = dict(zip(before.resources.identities(), plan.prices.tolist(), strict=True))
    return np.array([known.get(key, 0.0) for key in today.resources.identities()])


# ---- prices


def _priced(model: Model, budget: Budget, prices: Array | None, tell: Tell) -> Priced:
    none = np.zeros(len(model.floor))
    if prices is not None:
        return find_prices(model, Prices(prices, none, none), budget.warm, tell)
    start = national_prices(model)
    sample = _sample(model, budget.sample)
    rough = find_prices(sample, start, budget.rough, lambda _: None)
    return find_prices(model, rough.prices, budget.cold, tell)


def _sample(model: Model, most: int) -> Model:
    """Every so manieth person and as large a share of everything that there is.

    People are in the order of what they wait for and where they live, so the sample is spread evenly.
    """
    step = -(-len(model.order) // most)
    if step <= 1:
        return model
    chosen = np.arange(0, len(model.order), step)
    people = People(*(array[chosen] for array in model.people))
    return replace(
        model,
        order=model.order[chosen],
        people=people._replace(kept_pair=np.full(len(chosen), NONE, np.int64)),
        pairs=_pairs_of(model.pairs, chosen),
        reachable=model.reachable / step,
        floor=model.floor / step,
        ceiling=model.ceiling / step,
        want=model.want[chosen],
        activity=model.activity[chosen],
        primary_need=model.primary_need[chosen],
    )


def _pairs_of(pairs: Pairs, chosen: Array) -> Pairs:
    count = np.diff(pairs.start)[chosen]
    start = np.zeros(len(chosen) + 1, np.int64)
    np.cumsum(count, out=start[1:])
    at = np.repeat(pairs.start[chosen] - start[:-1], count) + np.arange(start[-1])
    return Pairs(start, pairs.line[at], pairs.points[at])


# ---- people


def _seated(
    model: Model, choice: Choice, budget: Budget, seed: int, priced: Priced, tell: Tell
) -> Book:
    book = empty_book(model)
    seat_where_they_were(book, choice, _kept_columns(model, choice))
    seat_by_gain(book, choice)
    tell(_progress("seated by gain", book, choice, priced))
    eject(book, choice, budget.ejections, budget.breadth)
    seat_slots_exactly(model, book, choice)
    tell(_progress("moved where it pays", book, choice, priced))

    slots = _priced_slots(choice, priced.prices)
    ruin_and_recreate(book, choice, slots, int(budget.tries * len(slots)), seed, budget.hot)
    eject(book, choice, budget.ejections, budget.breadth)
    seat_slots_exactly(model, book, choice)
    tell(_progress("ruined and recreated", book, choice, priced))
    return book


def _kept_columns(model: Model, choice: Choice) -> Array:
    """The column of yesterday's seat for each person; NONE where there is none."""
    people, kept = model.people, np.full(len(model.order), NONE, np.int64)
    has = people.kept_pair != NONE
    slot = np.full(len(model.order), NONE, np.int64)
    slot[has] = model.pairs.line[people.kept_pair[has]] * model.weeks + people.kept_week[has]
    person = np.repeat(np.arange(len(model.order)), np.diff(choice.start))
    column = np.flatnonzero(choice.slot == slot[person])
    kept[person[column]] = column
    return kept


def _priced_slots(choice: Choice, prices: Prices) -> Array:
    """The slots that somebody could have and whose list or team has a price."""
    slots = np.unique(choice.slot)
    rows = choice.rows[slots, :2]
    priced = (np.append(prices.resource, 0.0)[rows] > 0).any(axis=1)
    return slots[priced]


def _progress(what: str, book: Book, choice: Choice, priced: Priced) -> str:
    seats = book.seat[book.seat != NONE]
    points = float(choice.points[seats].sum(dtype=np.float64))
    below = (priced.bound / points - 1) * 100 if points else 0.0
    return f"{what}: {len(seats):,} placed, {below:.2f} % below the bound"


# ---- the plan

_LAST_DIGITS: Final = 1e-9  # sums in another order differ by less


def seat_points(model: Model, seats: Seats) -> Array:
    """What each patient's seat is worth, without what it is worth to keep it; 0 for none."""
    pair = pair_of_service(model.pairs, model.lines.service, seats.service[model.order])
    seated = pair != NONE
    left = model.left[seats.week[model.order][seated]]
    points = np.zeros(len(model.order))
    points[model.order[seated]] = (
        model.pairs.points[pair[seated]] + model.people.urgency[seated] * left
    )
    return points


def _plan(
    problem: Problem,
    weights: Weights,
    seed: int,
    budget: Budget,
    model: Model,
    choice: Choice,
    book: Book,
    priced: Priced,
) -> Plan:
    seated = book.seat != NONE
    slot = choice.slot[book.seat[seated]]
    service = np.full(len(model.order), NONE, np.int32)
    week = np.full(len(model.order), NONE, np.int8)
    patients = model.order[seated]
    service[patients] = model.lines.service[slot // model.weeks]
    week[patients] = slot % model.weeks
    kept = (service == problem.kept.service) & (week == problem.kept.week) & (service != NONE)
    kept_points = float(kept.sum() * weights.kept_seat)
    seats = Seats(service, week)
    return Plan(
        seats=seats,
        prices=priced.prices.resource,
        tolls=priced.prices.toll,
        objective=float(seat_points(model, seats)[patients].sum()) + kept_points,
        kept_points=kept_points,
        bound=priced.bound * (1 + _LAST_DIGITS),
        seed=seed,
        weights=weights.version,
        problem=problem.digest,
        budget=budget.name,
    )
