"""What HiGHS says of an instance, or of a part of it, in a process of its own."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from matching.allocation import Plan, Problem
from matching.allocation.illusion import use_of
from matching.allocation.problem import NONE, Array, Seats
from matching.allocation.solver.model import model_of
from matching.allocation.solver.pricing import Prices, best_responses, columns_near_best
from tests.unit.matching.allocation import referee
from tests.unit.matching.allocation.countries import WEIGHTS

EVERYTHING = 1e9  # points below the best: all options


@dataclass(frozen=True)
class Verdict:
    """The best plan that HiGHS found, and the bound that it proved."""

    objective: float
    bound: float
    optimal: bool


def prices_of(plan: Plan) -> Prices:
    """The prices that a plan was made at."""
    return Prices(plan.prices, np.maximum(plan.tolls, 0), np.maximum(-plan.tolls, 0))


def best_by_referee(
    problem: Problem,
    plan: Plan,
    folder: Path,
    *,
    people: Array | None = None,
    within: float = EVERYTHING,
    seconds: int = 120,
) -> Verdict:
    """The best for these patients, where all others keep the seats of the plan.

    Options more than `within` points below the best at the prices of the plan are left out.
    """
    model = model_of(problem, WEIGHTS)
    prices = prices_of(plan)
    gain = best_responses(model, prices).gain
    columns = columns_near_best(model, prices, within, gain)
    person = np.repeat(np.arange(len(model.order)), np.diff(columns.start))
    chosen = np.ones(problem.patients.count, bool) if people is None else people
    wanted = (columns.points > 0) & chosen[model.order[person]]
    person, slot = person[wanted], columns.slot[wanted]

    others = Seats(np.where(chosen, NONE, plan.seats.service), plan.seats.week)
    placed = problem.groups.of[others.service != NONE]
    elsewhere = np.bincount(placed[placed != NONE], minlength=problem.groups.count)
    np.savez(
        folder / "in.npz",
        person=person,
        rows=model.lines.rows.reshape(-1, 4)[slot],
        amount=model.lines.amount[slot // model.weeks],
        points=columns.points[wanted].astype(float),
        capacity=model.capacity - use_of(problem, others),
        groups=model.people.groups[person],
        floor=model.floor - elsewhere,
        ceiling=model.ceiling - elsewhere,
    )
    given = [str(folder / "in.npz"), str(folder / "out.json"), str(seconds)]
    subprocess.run([sys.executable, referee.__file__, *given], check=True, capture_output=True)
    return Verdict(**json.loads((folder / "out.json").read_text()))
