"""What is done without an allocation: by priority, then by wait, each the best that is left."""

import numpy as np

from matching.allocation.compiling import compiled
from matching.allocation.plan import Plan
from matching.allocation.problem import NONE, Array, Groups, Problem, Seats
from matching.allocation.solver.model import Lines, Model, Pairs, People, model_of
from matching.allocation.weights import Weights


def greedy_plan(problem: Problem, weights: Weights) -> Plan:
    """P1 before P2 and so on, the longest wait first. It proves nothing: its bound is infinite."""
    model = model_of(problem, weights)
    patients = problem.patients
    order = np.lexsort((-patients.weeks_waited[model.order], patients.priority[model.order]))
    pair, week = np.full(len(order), NONE, np.int64), np.full(len(order), NONE, np.int64)
    about = (model.people, model.pairs, model.lines, model.left, model.capacity.copy())
    points = _greedy(order, *about, pair, week)
    return Plan(
        seats=_seats(model, pair, week),
        prices=np.zeros(problem.resources.count),
        tolls=np.zeros(problem.groups.count),
        objective=points,
        kept_points=0.0,
        bound=np.inf,
        seed=0,
        weights=weights.version,
        problem=problem.digest,
        budget="greedy",
    )


def with_floors(problem: Problem, plan: Plan, share: float) -> Groups:
    """Groups of every board and decile, with a floor of such a share of the places of a plan.

    The plan shows that the floors can be met: nobody's board or decile loses much by a better one.
    """
    patients = problem.patients
    boards = len(problem.icbs)
    of = np.stack([patients.icb, boards + patients.decile - 1], axis=1).astype(np.int16)
    placed = np.bincount(of[plan.placed].ravel(), minlength=boards + 10)
    everybody = np.bincount(of.ravel(), minlength=boards + 10)
    names = (*problem.icbs, *(f"decile {decile}" for decile in range(1, 11)))
    return Groups(names, np.floor(placed * share).astype(np.int64), everybody.astype(np.int64), of)


def _seats(model: Model, pair: Array, week: Array) -> Seats:
    service = np.full(len(model.order), NONE, np.int32)
    weeks = np.full(len(model.order), NONE, np.int8)
    seated = pair != NONE
    patients = model.order[seated]
    service[patients] = model.lines.service[model.pairs.line[pair[seated]]]
    weeks[patients] = week[seated]
    return Seats(service, weeks)


@compiled
def _greedy(
    order: Array,
    people: People,
    pairs: Pairs,
    lines: Lines,
    left: Array,
    room: Array,
    chosen: Array,
    week_of: Array,
) -> float:
    total = 0.0
    for person in order:
        urgency, best = people.urgency[person], 0.0
        for pair in range(pairs.start[person], pairs.start[person + 1]):
            line = pairs.line[pair]
            if pairs.points[pair] + urgency <= best:
                continue
            for week in range(left.size):
                found = pairs.points[pair] + urgency * left[week]
                if found > best and lines.open[line, week] and _has_room(lines, line, week, room):
                    best = found
                    chosen[person], week_of[person] = pair, week
        if chosen[person] >= 0:
            total += best
            line = pairs.line[chosen[person]]
            for role in range(lines.rows.shape[2]):
                row = lines.rows[line, week_of[person], role]
                if row >= 0:
                    room[row] -= lines.amount[line, role]
    return total


@compiled
def _has_room(lines: Lines, line: int, week: int, room: Array) -> bool:
    for role in range(lines.rows.shape[2]):
        row = lines.rows[line, week, role]
        if row >= 0 and room[row] < lines.amount[line, role]:
            return False
    return True
