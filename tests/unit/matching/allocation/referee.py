"""HiGHS as the referee of small instances, in a process of its own: `python referee.py IN OUT SECONDS`.

IN is an archive of options (person, group rows and resource rows with amounts, points); OUT gets the
best objective and the proven bound as JSON. It shares nothing with the solver.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ortools.linear_solver import pywraplp

Array = NDArray[Any]


def main(source: Path, target: Path, seconds: int) -> None:
    given = np.load(source)
    solver = pywraplp.Solver.CreateSolver("HIGHS")
    solver.SetTimeLimit(seconds * 1000)
    seats = [solver.BoolVar("") for _ in given["points"]]
    for person in _rows(given["person"], seats):
        solver.Add(solver.Sum(person) <= 1)
    _capacities(solver, given, seats)
    _groups(solver, given, seats)
    objective = solver.Objective()
    for seat, points in zip(seats, given["points"].tolist(), strict=True):
        objective.SetCoefficient(seat, points)
    objective.SetMaximization()

    parameters = pywraplp.MPSolverParameters()
    parameters.SetDoubleParam(pywraplp.MPSolverParameters.RELATIVE_MIP_GAP, 1e-4)
    status = solver.Solve(parameters)
    answer = {
        "optimal": status == pywraplp.Solver.OPTIMAL,
        "objective": objective.Value(),
        "bound": objective.BestBound(),
    }
    target.write_text(json.dumps(answer))


def _rows(keys: Array, seats: list[Any]) -> Iterable[list[Any]]:
    """The seats of each key; those of no key, below 0, are left out."""
    found: dict[int, list[Any]] = {}
    for key, seat in zip(keys.tolist(), seats, strict=True):
        if key >= 0:
            found.setdefault(key, []).append(seat)
    return found.values()


def _capacities(solver: Any, given: Mapping[str, Array], seats: list[Any]) -> None:
    uses: dict[int, list[Any]] = {}
    for role in range(given["rows"].shape[1]):
        amounts = given["amount"][:, role].tolist()
        for at, row in enumerate(given["rows"][:, role].tolist()):
            if row >= 0 and amounts[at]:
                uses.setdefault(row, []).append(amounts[at] * seats[at])
    for row, terms in uses.items():
        solver.Add(solver.Sum(terms) <= int(given["capacity"][row]))


def _groups(solver: Any, given: Mapping[str, Array], seats: list[Any]) -> None:
    floors, ceilings = given["floor"].tolist(), given["ceiling"].tolist()
    for group, (floor, ceiling) in enumerate(zip(floors, ceilings, strict=True)):
        inside = (given["groups"] == group).any(axis=1)
        members = [seats[at] for at in np.flatnonzero(inside).tolist()]
        if members:
            solver.Add(solver.Sum(members) >= floor)
            solver.Add(solver.Sum(members) <= ceiling)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
