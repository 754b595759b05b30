"""The illusion: what a plan that only sees slots would promise, and whether staff exist for it.

A matcher that reads published slots takes every list for so many cases of usual length and every
clinician for as many people as places advertise them. Its plan is made as well as can be, and then
counted against what there really is.
"""

from dataclasses import dataclass, replace

import numpy as np

from matching.allocation.problem import (
    NONE,
    Activity,
    Array,
    Kind,
    Problem,
    Procedures,
    Role,
    Seats,
    Services,
)


@dataclass(frozen=True, slots=True)
class Overbooking:
    """Resource-weeks that a plan uses, and those of them where it uses more than there is."""

    used: dict[str, int]
    over: dict[str, int]

    def share(self, what: str) -> float:
        """The share overbooked; 0 where nothing is used."""
        return self.over[what] / self.used[what] if self.used[what] else 0.0


SHARED = "shared clinicians"


def slots_only(problem: Problem) -> Problem:
    """The instance as a slot matcher sees it: everybody takes one slot and nothing else."""
    needs = np.zeros_like(problem.procedures.needs)
    needs[:, Role.PRIMARY] = 1
    rows = problem.services.rows.copy()
    rows[:, :, Role.CLINICIAN :] = NONE
    resources = problem.resources
    lists = resources.kind == Kind.LIST_MINUTES
    usual = _usual_minutes(problem)[resources.function[lists]]
    capacity = resources.capacity.copy()
    capacity[lists] = np.rint(capacity[lists] / usual)
    return replace(
        problem,
        procedures=Procedures(problem.procedures.name, problem.procedures.activity, needs),
        services=Services(**{**vars(problem.services), "rows": rows}),
        resources=replace(resources, capacity=capacity),
    )


def overbooking(problem: Problem, seats: Seats) -> Overbooking:
    """How the seats stand against what there really is, by kind of resource."""
    used = use_of(problem, seats)
    over = used > problem.resources.capacity
    kinds = {kind.name.lower().replace("_", " "): problem.resources.kind == kind for kind in Kind}
    kinds[SHARED] = problem.resources.shared
    return Overbooking(
        used={name: int((used[these] > 0).sum()) for name, these in kinds.items()},
        over={name: int(over[these].sum()) for name, these in kinds.items()},
    )


def use_of(problem: Problem, seats: Seats) -> Array:
    """How much of each resource the seats take."""
    who = np.flatnonzero(seats.service != NONE)
    rows = problem.services.rows[seats.service[who], seats.week[who]]
    needs = problem.procedures.needs[problem.patients.procedure[who]]
    taken = rows != NONE
    used: Array = np.bincount(rows[taken], needs[taken], problem.resources.count).astype(np.int64)
    return used


def _usual_minutes(problem: Problem) -> Array:
    """The mean minutes of an operation of each function; 60 where nobody waits for one."""
    patients, procedures = problem.patients, problem.procedures
    operations = procedures.activity[patients.procedure] == Activity.SURGERY
    function = patients.function[operations]
    minutes = procedures.needs[patients.procedure[operations], Role.PRIMARY]
    count = np.bincount(function, minlength=len(problem.functions))
    total = np.bincount(function, minutes, len(problem.functions))
    usual: Array = np.where(count > 0, total / np.maximum(count, 1), 60.0)
    return usual
