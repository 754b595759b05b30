"""HiGHS as the referee of an instance, in a process of its own: `python referee.py IN OUT SECONDS`.

IN is an archive of options (person, group rows and resource rows with amounts, points); OUT gets the
best objective and the proven bound as JSON. It shares nothing with the solver.
"""

import datetime
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ortools.math_opt import model_pb2
from ortools.math_opt.python import mathopt

Array = NDArray[Any]
GAP = 1e-4


def main(source: Path, target: Path, seconds: int) -> None:
    given = np.load(source)
    seats = len(given["points"])
    found = mathopt.solve(
        mathopt.Model.from_model_proto(model_of(given, seats)),
        mathopt.SolverType.HIGHS,
        params=mathopt.SolveParameters(
            time_limit=datetime.timedelta(seconds=seconds), relative_gap_tolerance=GAP
        ),
    )
    has = found.has_primal_feasible_solution()
    answer = {
        "optimal": found.termination.reason == mathopt.TerminationReason.OPTIMAL,
        "objective": found.objective_value() if has else 0.0,
        "bound": found.best_objective_bound(),
    }
    target.write_text(json.dumps(answer))


def model_of(given: Mapping[str, Array], seats: int) -> model_pb2.ModelProto:
    """Each option is taken or not; rows are people, resources and groups."""
    model = model_pb2.ModelProto()
    variables, objective = model.variables, model.objective
    variables.ids.extend(range(seats))
    variables.lower_bounds.extend([0.0] * seats)
    variables.upper_bounds.extend([1.0] * seats)
    variables.integers.extend([True] * seats)
    objective.maximize = True
    objective.linear_coefficients.ids.extend(range(seats))
    objective.linear_coefficients.values.extend(given["points"].tolist())

    rows, columns, amounts, first = [], [], [], 0
    for row, column, amount, low, high in constraints(given, seats):
        rows.append(row + first)
        columns.append(column)
        amounts.append(amount)
        first += len(low)
        model.linear_constraints.lower_bounds.extend(low.tolist())
        model.linear_constraints.upper_bounds.extend(high.tolist())
    model.linear_constraints.ids.extend(range(first))
    row, column, amount = (np.concatenate(parts) for parts in (rows, columns, amounts))
    order = np.lexsort((column, row))
    model.linear_constraint_matrix.row_ids.extend(row[order].tolist())
    model.linear_constraint_matrix.column_ids.extend(column[order].tolist())
    model.linear_constraint_matrix.coefficients.extend(amount[order].tolist())
    return model


def constraints(
    given: Mapping[str, Array], seats: int
) -> Iterator[tuple[Array, Array, Array, Array, Array]]:
    """Row and column and amount of each entry, and the limits of each row."""
    every, one = np.arange(seats), np.ones(seats)
    _, person = np.unique(given["person"], return_inverse=True)
    people = int(person.max(initial=-1)) + 1
    yield person, every, one, np.full(people, -np.inf), np.ones(people)

    capacity, used = given["capacity"].astype(float), given["rows"]
    column, role = np.nonzero((used >= 0) & (given["amount"] > 0))
    amount = given["amount"][column, role].astype(float)
    yield used[column, role], column, amount, np.full(len(capacity), -np.inf), capacity

    groups = given["groups"]
    column, place = np.nonzero(groups >= 0)
    low, high = given["floor"].astype(float), given["ceiling"].astype(float)
    yield groups[column, place].astype(np.int64), column, one[column], low, high


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
