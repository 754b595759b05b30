"""The instance as the solver reads it: people in the order of what they wait for, and their options.

A *line* is one procedure at one service; in one week it is a *slot*, numbered line x weeks + week. A
*pair* is a patient and a line that is open to them; with a week it is an *option*. Pairs are stored,
weeks are not: the points of an option are linear in what is left of the urgency.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from matching.allocation.compiling import compiled
from matching.allocation.eligibility import Facts, facts_of, failed_rules, points_of_place
from matching.allocation.problem import NONE, Array, Problem, Role
from matching.allocation.weights import Weights

_PROCEDURES: Final = 256  # more than there can be


class Lines(NamedTuple):
    """`rows` are the resources of each line and week, NONE where nothing is taken of a role."""

    rows: Array  # int32 (lines, weeks, roles)
    amount: Array  # int64 (lines, roles)
    open: Array  # bool (lines, weeks)
    service: Array  # int32
    want: Array  # int32, which people it is for


class Pairs(NamedTuple):
    """The pairs of person p are those from start[p] to start[p + 1]."""

    start: Array  # int64
    line: Array  # int32
    points: Array  # float32, of the place itself


class People(NamedTuple):
    """In the order of the model. `kept_pair` is yesterday's seat, if it is still an option."""

    urgency: Array  # float64
    groups: Array  # int16 (people, groups a person is in)
    kept_pair: Array  # int64
    kept_week: Array  # int64


@dataclass(frozen=True)
class Model:
    """`order[p]` is the patient of the problem that is person p here."""

    order: Array
    people: People
    lines: Lines
    pairs: Pairs
    left: Array  # float64, share of the urgency that is left in each week
    kept_points: float
    capacity: Array  # int64, by resource
    reachable: Array  # int64: the most of a capacity that whole procedures can fill
    unit: Array  # float64: what one use of a resource usually takes
    floor: Array
    ceiling: Array
    want: Array  # int32, by person: the same for everybody who waits for the same thing
    activity: Array  # int8, by person
    primary_need: Array  # int64, by person: slots, or minutes of a list

    @property
    def weeks(self) -> int:
        return len(self.left)

    @property
    def options(self) -> int:
        """How many (patient, site, week) there are to choose from."""
        open_weeks = self.lines.open.sum(axis=1)
        return int(open_weeks[self.pairs.line].sum())


def model_of(problem: Problem, weights: Weights) -> Model:
    """Who could go where, once and for all; prices come later."""
    patients = problem.patients
    order = np.lexsort((patients.place, patients.procedure, patients.function))
    facts = facts_of(problem, weights)
    lines, first, last = _lines(problem, order)
    pairs = Pairs(*_pairs(facts, order, lines.service, first, last))
    capacity = problem.resources.capacity.astype(np.int64)
    reachable, unit = _whole_procedures(lines, capacity)
    urgency = weights.urgency(patients.weeks_waited, patients.priority, patients.decile)
    kept_pair, kept_week = _kept(problem, order, pairs, lines)

    return Model(
        order=order,
        people=People(urgency[order], problem.groups.of[order], kept_pair, kept_week),
        lines=lines,
        pairs=pairs,
        left=weights.left_after(problem.weeks),
        kept_points=weights.kept_seat,
        capacity=capacity,
        reachable=reachable,
        unit=unit,
        floor=problem.groups.floor,
        ceiling=problem.groups.ceiling,
        want=_wants(problem, order),
        activity=problem.procedures.activity[patients.procedure[order]],
        primary_need=problem.procedures.needs[patients.procedure[order], Role.PRIMARY].astype(
            np.int64
        ),
    )


# ---- lines


def _lines(problem: Problem, order: Array) -> tuple[Lines, Array, Array]:
    """The lines that anybody could use, and for each person the first of theirs and the end."""
    first = np.zeros(len(order), np.int64)
    last = np.zeros(len(order), np.int64)
    parts: list[Lines] = []
    count = 0
    for function, procedure, people in _waiting_for(problem, order):
        part = _lines_of(problem, function, procedure)
        parts.append(part)
        first[people], last[people] = count, count + len(part.service)
        count += len(part.service)
    return _joined(parts, problem.weeks), first, last


def _waiting_for(problem: Problem, order: Array) -> Iterator[tuple[int, int, slice]]:
    """Each function and procedure that people wait for, and where they are in the order."""
    found, start = np.unique(_wants(problem, order), return_index=True)
    ends = [*start[1:].tolist(), len(order)]
    for want, begin, end in zip(found.tolist(), start.tolist(), ends, strict=True):
        yield want // _PROCEDURES, want % _PROCEDURES, slice(begin, end)


def _wants(problem: Problem, order: Array) -> Array:
    """One number for the function and the procedure of each person."""
    function = problem.patients.function[order].astype(np.int32)
    wants: Array = function * _PROCEDURES + problem.patients.procedure[order]
    return wants


def _lines_of(problem: Problem, function: int, procedure: int) -> Lines:
    """The services that do this, without those that never have room for it."""
    services, needs = problem.services, problem.procedures.needs[procedure].astype(np.int64)
    does = (services.function == function) & (
        services.activity == problem.procedures.activity[procedure]
    )
    service = np.flatnonzero(does).astype(np.int32)
    rows = services.rows[service]

    capacity = np.append(problem.resources.capacity, np.iinfo(np.int32).max)
    fits = (capacity[rows] >= needs) | (needs == 0)
    is_open = fits.all(axis=2) & (rows[:, :, Role.PRIMARY] != NONE)
    some = is_open.any(axis=1)

    return Lines(
        rows=np.where(needs > 0, rows, NONE)[some].astype(np.int32),
        amount=np.broadcast_to(needs, (int(some.sum()), len(Role))),
        open=is_open[some],
        service=service[some],
        want=np.full(int(some.sum()), function * _PROCEDURES + procedure, np.int32),
    )


def _joined(parts: list[Lines], weeks: int) -> Lines:
    if not parts:
        return Lines(
            np.zeros((0, weeks, len(Role)), np.int32),
            np.zeros((0, len(Role)), np.int64),
            np.zeros((0, weeks), bool),
            np.zeros(0, np.int32),
            np.zeros(0, np.int32),
        )
    return Lines(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


# ---- pairs


def _pairs(
    facts: Facts, order: Array, service: Array, first: Array, last: Array
) -> tuple[Array, Array, Array]:
    start = np.zeros(len(order) + 1, np.int64)
    _count_pairs(facts, order, service, first, last, start[1:])
    np.cumsum(start, out=start)
    line, points = np.empty(start[-1], np.int32), np.empty(start[-1], np.float32)
    _find_pairs(facts, order, service, first, last, start, line, points)
    return start, line, points


@compiled
def _count_pairs(
    facts: Facts, order: Array, service: Array, first: Array, last: Array, count: Array
) -> None:
    for person in range(order.size):
        for line in range(first[person], last[person]):
            if failed_rules(facts, order[person], service[line]) == 0:
                count[person] += 1


@compiled
def _find_pairs(
    facts: Facts,
    order: Array,
    service: Array,
    first: Array,
    last: Array,
    start: Array,
    lines: Array,
    points: Array,
) -> None:
    for person in range(order.size):
        at = start[person]
        for line in range(first[person], last[person]):
            if failed_rules(facts, order[person], service[line]) == 0:
                lines[at] = line
                points[at] = points_of_place(facts, order[person], service[line])
                at += 1


def _kept(problem: Problem, order: Array, pairs: Pairs, lines: Lines) -> tuple[Array, Array]:
    """Yesterday's seats as pairs; NONE where the seat is no option any more."""
    service, week = problem.kept.service[order], problem.kept.week[order].astype(np.int64)
    pair = pair_of_service(pairs, lines.service, service)
    still = (pair != NONE) & (week != NONE)
    still[still] = lines.open[pairs.line[pair[still]], week[still]]
    return np.where(still, pair, NONE), np.where(still, week, NONE)


def pair_of_service(pairs: Pairs, services: Array, service: Array) -> Array:
    """The pair of each person with this service; NONE for those without."""
    found = np.full(service.size, NONE, np.int64)
    _find_pair_of_service(pairs, services, service, found)
    return found


@compiled
def _find_pair_of_service(pairs: Pairs, services: Array, service: Array, found: Array) -> None:
    for person in range(service.size):
        if service[person] >= 0:
            for pair in range(pairs.start[person], pairs.start[person + 1]):
                if services[pairs.line[pair]] == service[person]:
                    found[person] = pair


# ---- whole procedures


def _whole_procedures(lines: Lines, capacity: Array) -> tuple[Array, Array]:
    """Capacities rounded down to what whole procedures can fill, and the usual size of one use.

    35 minutes for procedures of 30 and 45 are 30. No plan changes, but the bound comes down: this is
    the subset-sum tightening of Chvátal for rows of one kind.
    """
    sizes = np.unique(lines.amount[lines.amount > 0])
    taken = np.zeros((len(capacity), len(sizes)), bool)
    for role in range(lines.rows.shape[2]):
        row = np.where(lines.open, lines.rows[:, :, role], NONE)
        line, week = np.nonzero(row != NONE)
        size = np.searchsorted(sizes, lines.amount[line, role])
        taken[row[line, week], size] = True

    reachable, unit = capacity.copy(), np.ones(len(capacity))
    for pattern in np.unique(taken, axis=0):
        if pattern.any():
            these = (taken == pattern).all(axis=1)
            sums = np.zeros(int(capacity[these].max()) + 1, np.int64)
            _find_sums(sizes[pattern], sums)
            reachable[these] = sums[capacity[these]]
            unit[these] = np.sqrt(sizes[pattern].min() * sizes[pattern].max())
    return reachable, unit


@compiled
def _find_sums(sizes: Array, found: Array) -> None:
    """For every number, the largest number up to it that is a sum of sizes."""
    for total in range(1, found.size):
        found[total] = found[total - 1]
        for size in sizes:
            if total >= size and found[total - size] == total - size:
                found[total] = total
                break
