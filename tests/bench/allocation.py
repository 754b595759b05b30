"""The daily plan by size: proven gap, what it costs in pricing passes, and what it is worth.

    make bench BENCH=allocation
    python -m tests.bench.allocation --sizes 1000 10000 100000 400000

A *pass* looks once at every option at given prices, exactly: the floor. Each size runs in a process
of its own, so that its peak memory is its own. Times are of the processor. HiGHS is the referee up to
10,000 patients, and above that of five treatment functions while all others keep their seats.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np

from matching.allocation import Plan, Problem, allocate, carried_over
from matching.allocation.checker import violations
from matching.allocation.explain import TOLERANCE, Outcome, explain
from matching.allocation.generate import generate
from matching.allocation.greedy import greedy_plan, with_floors
from matching.allocation.illusion import SHARED, overbooking, slots_only
from matching.allocation.problem import NONE, Patients, Seats
from matching.allocation.solver.allocating import seat_points
from matching.allocation.solver.model import model_of
from matching.allocation.solver.pricing import best_responses
from tests.unit.matching.allocation.countries import WEIGHTS, england
from tests.unit.matching.allocation.refereed import best_by_referee, prices_of

SIZES: Final = (1_000, 10_000, 100_000)
REFEREED: Final = 10_000  # patients up to which HiGHS sees the whole instance
NEAR: Final = 60.0  # points below the best: the options that the referee sees
BLOCKS: Final = 5
FLOOR: Final = 0.95
LONG: Final = 65  # weeks
T = TypeVar("T")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=300, help="for each answer of the referee")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measured(options.one, options.seed, options.seconds)))
        return
    broken = False
    for size in options.sizes:
        given = ["--one", str(size), "--seed", str(options.seed), "--seconds", str(options.seconds)]
        found = subprocess.run(
            [sys.executable, "-m", "tests.bench.allocation", *given],
            check=True,
            stdout=subprocess.PIPE,
        )
        figures = json.loads(found.stdout)
        print("\n".join(told(figures)), flush=True)
        broken |= figures["violations"] > 0
    sys.exit(broken)


def told(found: dict[str, Any]) -> Iterator[str]:
    """The figures of one size in words."""
    yield f"{found['patients']:,} patients, {found['options']:,} options"
    yield (
        f"  one pass {found['pass']:.3f} s; cold {found['cold'] / found['pass']:.0f} passes, "
        f"warm {found['warm'] / found['pass']:.0f}, reasons {found['reasons'] / found['pass']:.0f}; "
        f"{found['cold'] / found['patients'] * 1e6:.0f} us a patient; "
        f"peak {found['peak'] / 1e9:.2f} GB"
    )
    yield f"  proven gap {found['gap']:.2%}, violations {found['violations']}"
    for what, under in found["referee"].items():
        if under == float("inf"):
            yield f"  HiGHS had no answer in its time for {what}"
        else:
            yield f"  {under:.2%} below the bound of HiGHS for {what}"
    yield (
        f"  placed {found['placed'] / found['greedy'] - 1:+.1%} against priority and wait, of those "
        f"over {LONG} weeks {(found['long'] - found['greedy_long']) * 100:+.1f} points; "
        f"groups below their floor: {found['short']}"
    )
    yield (
        f"  a plan of slots alone overbooks {found['overbooked']:.1%} of shared clinician-weeks, "
        f"this one {found['ours']:.1%}"
    )
    yield (
        f"  the next day {found['kept']:.1%} keep site and week; "
        f"told 'price' with more to gain than {TOLERANCE:g} points: {found['dishonest']}"
    )


def measured(patients: int, seed: int, seconds: int) -> dict[str, Any]:
    """All figures of one size."""
    warm_up(seed)
    drawn = generate(england(), patients, seed)
    greedy = greedy_plan(drawn, WEIGHTS)
    problem = replace(drawn, groups=with_floors(drawn, greedy, FLOOR))
    cold, plan = cpu(lambda: allocate(problem, WEIGHTS, seed, tell=tell))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1_000
    reasons_cost, reasons = cpu(lambda: explain(problem, WEIGHTS, plan))
    tomorrow = next_day(problem, plan, seed)
    prices = carried_over(problem, plan, tomorrow)
    warm, again = cpu(lambda: allocate(tomorrow, WEIGHTS, seed, prices=prices, tell=tell))
    blind = allocate(slots_only(drawn), WEIGHTS, seed)
    long = problem.patients.weeks_waited > LONG
    outbid = reasons.outcome == Outcome.OUTBID
    return {
        "patients": patients,
        "options": model_of(problem, WEIGHTS).options,
        "pass": pass_cost(problem, plan),
        "cold": cold,
        "warm": warm,
        "reasons": reasons_cost,
        "peak": peak,
        "gap": plan.gap,
        "violations": len(violations(problem, plan)) + len(violations(tomorrow, again)),
        "referee": refereed(problem, plan, seconds),
        "placed": int(plan.placed.sum()),
        "greedy": int(greedy.placed.sum()),
        "long": float(plan.placed[long].mean()) if long.any() else 0.0,
        "greedy_long": float(greedy.placed[long].mean()) if long.any() else 0.0,
        "short": short_groups(problem, plan),
        "overbooked": overbooking(problem, blind.seats).share(SHARED),
        "ours": overbooking(problem, plan.seats).share(SHARED),
        "kept": kept_share(tomorrow, again),
        "dishonest": int((reasons.other_gain[outbid] > TOLERANCE).sum()),
    }


def warm_up(seed: int) -> None:
    """Compiles all loops, so that no figure holds their compilation."""
    problem = generate(england(), 300, seed)
    explain(problem, WEIGHTS, allocate(problem, WEIGHTS, seed))


def cpu(work: Callable[[], T]) -> tuple[float, T]:
    begun = time.process_time()
    found = work()
    return time.process_time() - begun, found


def pass_cost(problem: Problem, plan: Plan) -> float:
    """Seconds of one exact look at all options: the least of five."""
    model = model_of(problem, WEIGHTS)
    prices = prices_of(plan)
    return min(cpu(lambda: best_responses(model, prices))[0] for _ in range(5))


def short_groups(problem: Problem, plan: Plan) -> int:
    of = problem.groups.of[plan.placed]
    return int(
        (np.bincount(of.ravel(), minlength=problem.groups.count) < problem.groups.floor).sum()
    )


def refereed(problem: Problem, plan: Plan, seconds: int) -> dict[str, float]:
    """How far the plan is below what HiGHS proves: of the whole, or of five blocks."""
    with tempfile.TemporaryDirectory() as folder:
        if problem.patients.count <= REFEREED:
            best = best_by_referee(problem, plan, Path(folder), within=NEAR, seconds=seconds)
            return {"the whole": below(plan.objective - plan.kept_points, best.bound)}
        return dict(_blocks(problem, plan, Path(folder), seconds))


def _blocks(
    problem: Problem, plan: Plan, folder: Path, seconds: int
) -> Iterator[tuple[str, float]]:
    points = seat_points(model_of(problem, WEIGHTS), plan.seats)
    step = max(1, (len(problem.functions) - 10) // BLOCKS)
    for function in range(10, len(problem.functions), step)[:BLOCKS]:
        people = problem.patients.function == function
        best = best_by_referee(problem, plan, folder, people=people, within=NEAR, seconds=seconds)
        name = f"function {problem.functions[function]}"
        yield name, below(float(points[people].sum()), best.bound)


def below(points: float, bound: float) -> float:
    """How far below a bound; infinitely where the referee proved none in its time."""
    return 1 - points / bound if bound > 0 else float("inf")


def next_day(problem: Problem, plan: Plan, seed: int) -> Problem:
    """2 % of the patients are others, 3 % of all capacities one unit more or less."""
    draw = np.random.default_rng([seed, 99])
    count = problem.patients.count
    new = draw.random(count) < 0.02
    stranger = draw.permutation(count)
    columns = {
        name: np.where(new.reshape(-1, *[1] * (value.ndim - 1)), value[stranger], value)
        for name, value in vars(problem.patients).items()
    }
    groups = np.where(new[:, None], problem.groups.of[stranger], problem.groups.of)
    resources = problem.resources
    usual = np.array([120, 1, 1, 20, 120, 1])[resources.kind]  # one unit of each kind
    change = np.where(draw.random(resources.count) < 0.03, draw.choice([-1, 1], resources.count), 0)
    capacity = np.maximum(resources.capacity + change * usual, 0).astype(np.int32)
    return replace(
        problem,
        patients=Patients(**columns),
        groups=replace(problem.groups, of=groups, floor=problem.groups.floor * 95 // 100),
        resources=replace(resources, capacity=capacity),
        kept=Seats(np.where(new, NONE, plan.seats.service), np.where(new, NONE, plan.seats.week)),
    )


def kept_share(problem: Problem, plan: Plan) -> float:
    """Of those who had a seat and wait still, the share that has the same."""
    had = problem.kept.service != NONE
    same = (plan.seats.service == problem.kept.service) & (plan.seats.week == problem.kept.week)
    return float(same[had].mean())


def tell(what: str) -> None:
    print(f"    {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
