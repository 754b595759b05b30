"""Clinics and diagnostics exactly: places that are whole slots are a flow of least cost.

With the operations fixed, a person flows into a slot, a slot into what is left of its clinician
team, and that into the sink. Costs are points in twentieths. Everything that is known of OR-Tools is
in this module.
"""

from typing import Final

import numpy as np
from ortools.graph.python import min_cost_flow

from matching.allocation.compiling import compiled
from matching.allocation.problem import NONE, Array, Role
from matching.allocation.solver.model import Model
from matching.allocation.solver.rounding import SHORT_POINTS
from matching.allocation.solver.seating import Book, Choice, fits, seat, unseat

_PARTS: Final = 20  # of a point
_WITHIN: Final = 20.0  # points of the best of a person; the prices hardly ever err by more


def seat_slots_exactly(model: Model, book: Book, choice: Choice) -> bool:
    """Seats everybody who needs one slot and at most a clinician's time as well as can be.

    False, and nothing changed, where they are no pure flow or where it would not be better, which
    can only be when groups have floors or ceilings.
    """
    person, column = _flow_columns(model, book, choice)
    if not len(column):
        return False
    people = np.unique(person)
    now = book.seat[people].copy()
    before = _worth(book, choice)

    _unseat_people(book, choice, people)
    chosen = _flow(model, book, choice, person, column)
    if chosen is not None:
        seats = np.full(len(book.seat), NONE, np.int64)
        seats[person[chosen]] = column[chosen]
        if _seat_people(book, choice, people, seats[people]) and _worth(book, choice) >= before:
            return True
        _unseat_people(book, choice, people)
    _seat_people(book, choice, people, now)
    return False


def _worth(book: Book, choice: Choice) -> float:
    seated = book.seat[book.seat != NONE]
    points = float(choice.points[seated].sum(dtype=np.float64))
    return points - SHORT_POINTS * int(book.short[0])


def _flow_columns(model: Model, book: Book, choice: Choice) -> tuple[Array, Array]:
    """The people who take one slot and no theatre or bed, their seats and their columns near the best."""
    lines = model.lines
    simple = (
        (lines.amount[:, Role.PRIMARY] == 1)
        & (lines.rows[:, :, Role.THEATRE] == NONE).all(axis=1)
        & (lines.rows[:, :, Role.BED] == NONE).all(axis=1)
    )
    person = np.repeat(np.arange(len(model.order)), np.diff(choice.start))
    best = choice.gain[choice.start[person]]  # columns are ordered by gain
    near = (choice.gain >= best - _WITHIN) | (book.seat[person] == np.arange(len(person)))
    is_simple = simple[choice.slot // choice.weeks] & (choice.points > 0) & near
    return person[is_simple], np.flatnonzero(is_simple)


def _flow(model: Model, book: Book, choice: Choice, person: Array, column: Array) -> Array | None:
    """Which of the columns are chosen; None where the clinicians' time is no flow."""
    slot = choice.slot[column]
    slots, to_slot = np.unique(choice.rows[slot, Role.PRIMARY], return_inverse=True)
    team_of = np.full(len(slots), NONE, np.int64)
    team_of[to_slot] = choice.rows[slot, Role.CLINICIAN]
    minutes = np.zeros(len(model.capacity), np.int64)
    needs = choice.amount[slot // choice.weeks, Role.CLINICIAN]
    teams = choice.rows[slot, Role.CLINICIAN]
    np.maximum.at(minutes, teams[teams != NONE], needs[teams != NONE])
    if ((teams != team_of[to_slot]) | ((teams != NONE) & (minutes[teams] != needs))).any():
        return None

    people, from_person = np.unique(person, return_inverse=True)
    left = book.capacity - book.used
    teams = np.unique(team_of[team_of != NONE])
    first_slot, first_team = len(people), len(people) + len(slots)
    sink = first_team + len(teams)
    has_team = team_of != NONE
    after_slot = np.where(has_team, first_team + np.searchsorted(teams, team_of), sink)

    solver = min_cost_flow.SimpleMinCostFlow()
    cost = -np.round(choice.points[column].astype(float) * _PARTS)
    _arcs(solver, from_person, first_slot + to_slot, np.ones(len(column)), cost)
    _arcs(solver, first_slot + np.arange(len(slots)), after_slot, left[slots])
    _arcs(
        solver,
        first_team + np.arange(len(teams)),
        np.full(len(teams), sink),
        left[teams] // minutes[teams],
    )
    _arcs(solver, np.arange(len(people)), np.full(len(people), sink), np.ones(len(people)))
    solver.set_nodes_supplies(
        np.append(np.arange(len(people)), sink).astype(np.int32),
        np.append(np.ones(len(people)), -len(people)).astype(np.int64),
    )
    if solver.solve() != solver.OPTIMAL:
        return None
    chosen: Array = np.asarray(solver.flows(np.arange(len(column), dtype=np.int32))) > 0
    return chosen


def _arcs(
    solver: min_cost_flow.SimpleMinCostFlow,
    tail: Array,
    head: Array,
    capacity: Array,
    cost: Array | None = None,
) -> None:
    solver.add_arcs_with_capacity_and_unit_cost(
        tail.astype(np.int32),
        head.astype(np.int32),
        capacity.astype(np.int64),
        (np.zeros(len(tail)) if cost is None else cost).astype(np.int64),
    )


@compiled
def _unseat_people(book: Book, choice: Choice, people: Array) -> None:
    for person in people:
        if book.seat[person] >= 0:
            unseat(book, choice, person)


@compiled
def _seat_people(book: Book, choice: Choice, people: Array, columns: Array) -> bool:
    """Seats everybody; whether all of them fitted."""
    fitted = True
    for at in range(people.size):
        if columns[at] >= 0:
            if fits(book, choice, people[at], columns[at]):
                seat(book, choice, people[at], columns[at])
            else:
                fitted = False
    return fitted
