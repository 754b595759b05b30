"""The plan: within every limit, near the best, proven, and the same again."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.allocation import THOROUGH, ProblemFaulty, allocate, carried_over
from matching.allocation.checker import violations
from matching.allocation.greedy import greedy_plan
from matching.allocation.illusion import SHARED, overbooking, slots_only
from matching.allocation.problem import NONE
from matching.allocation.solver.model import model_of
from matching.allocation.solver.pricing import Prices, best_responses, bound_at
from tests.unit.matching.allocation.countries import (
    QUICK,
    WEIGHTS,
    instance,
    planned,
    with_groups,
)
from tests.unit.matching.allocation.refereed import best_by_referee


@pytest.mark.parametrize("seed", [1, 2])
def test_a_small_plan_is_within_a_quarter_of_a_percent_of_the_best_there_is(
    seed: int, tmp_path: Path
) -> None:
    problem = instance(300, seed)

    plan = allocate(problem, WEIGHTS, seed=1, budget=THOROUGH)

    best = best_by_referee(problem, plan, tmp_path).bound
    assert not violations(problem, plan)
    assert plan.objective >= best * (1 - 0.0025)
    assert plan.bound >= best * (1 - 1e-6)


def test_a_small_plan_with_floors_is_near_the_best_that_keeps_them(tmp_path: Path) -> None:
    problem = with_groups(300, 3)

    plan = allocate(problem, WEIGHTS, seed=1, budget=THOROUGH)

    best = best_by_referee(problem, plan, tmp_path).bound
    assert not violations(problem, plan)
    assert plan.objective >= best * (1 - 0.005)
    assert plan.bound >= best * (1 - 1e-6)


@pytest.mark.parametrize("patients", [1, 40, 800, 3_000])
def test_no_plan_of_any_size_breaks_a_row_or_a_rule(patients: int) -> None:
    problem = instance(patients)

    plan = planned(patients)

    assert not violations(problem, plan)
    assert plan.objective <= plan.bound


def test_the_gap_to_the_proven_bound_is_small() -> None:
    assert 0 <= planned(3_000).gap < 0.03


def test_floors_of_every_board_and_decile_are_kept_and_cost_little() -> None:
    problem = with_groups(800)

    plan = allocate(problem, WEIGHTS, seed=1, budget=QUICK)

    assert not violations(problem, plan)
    assert plan.objective > planned(800).objective * 0.97
    assert (plan.tolls < 0).any()


def test_a_ceiling_is_kept_and_has_a_price() -> None:
    problem = with_groups(800)
    placed = np.bincount(problem.groups.of[planned(800).placed].ravel(), minlength=42)
    board = int(placed[: len(problem.icbs)].argmax())
    ceiling = problem.groups.ceiling.copy()
    ceiling[board] = placed[board] // 2
    nothing = np.zeros_like(problem.groups.floor)
    tight = replace(problem, groups=replace(problem.groups, floor=nothing, ceiling=ceiling))

    plan = allocate(tight, WEIGHTS, seed=1, budget=QUICK)

    assert not violations(tight, plan)
    assert plan.tolls[board] > 0


def test_the_plan_beats_priority_and_wait() -> None:
    problem = instance(3_000)
    greedy = greedy_plan(problem, WEIGHTS)

    plan = planned(3_000)

    assert not violations(problem, greedy)
    assert plan.objective > greedy.objective * 1.05
    assert plan.placed.sum() > greedy.placed.sum()


def test_the_same_instance_and_seed_give_the_same_bytes() -> None:
    again = allocate(instance(800), WEIGHTS, seed=1, budget=QUICK)

    assert again.to_bytes() == planned(800).to_bytes()


def test_another_seed_is_another_run_with_the_same_bound() -> None:
    other = allocate(instance(800), WEIGHTS, seed=2, budget=QUICK)

    assert other.bound == planned(800).bound
    assert other.to_bytes() != planned(800).to_bytes()


@pytest.mark.parametrize("threads", ["1", "2"])
def test_another_process_with_any_number_of_threads_gives_the_same_bytes(threads: str) -> None:
    code = (
        "from tests.unit.matching.allocation.countries import planned; print(planned(800).digest)"
    )
    environment = {**os.environ, "NUMBA_NUM_THREADS": threads, "OMP_NUM_THREADS": threads}

    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )

    assert ran.stdout.strip() == planned(800).digest


def test_the_next_day_starts_from_the_prices_and_keeps_the_places() -> None:
    problem, plan = instance(3_000), planned(3_000)
    capacity = problem.resources.capacity.copy()
    capacity[::97] //= 2
    today = replace(
        problem, resources=replace(problem.resources, capacity=capacity), kept=plan.seats
    )

    prices = carried_over(problem, plan, today)
    warm = allocate(today, WEIGHTS, seed=1, budget=QUICK, prices=prices)

    assert not violations(today, warm)
    same = (warm.seats.service == plan.seats.service) & (warm.seats.week == plan.seats.week)
    assert same[plan.placed].mean() > 0.9
    assert warm.kept_points == WEIGHTS.kept_seat * (same & plan.placed).sum()


def test_slots_alone_are_planned_to_within_a_twentieth_of_a_percent() -> None:
    problem = slots_only(instance(3_000))

    plan = allocate(problem, WEIGHTS, seed=1, budget=QUICK)

    assert not violations(problem, plan)
    assert plan.gap < 0.0005


def test_a_plan_that_sees_slots_only_overbooks_shared_clinicians_and_ours_does_not() -> None:
    problem = instance(3_000)
    seen = allocate(slots_only(problem), WEIGHTS, seed=1, budget=QUICK)

    assert overbooking(problem, seen.seats).share(SHARED) > 0.5
    assert overbooking(problem, planned(3_000).seats).over[SHARED] == 0


@given(scale=st.lists(st.floats(0, 5), min_size=1, max_size=20))
@settings(max_examples=25, deadline=None)
def test_any_prices_at_all_prove_a_bound_that_no_plan_passes(scale: list[float]) -> None:
    plan = planned(800)
    model = model_of(instance(800), WEIGHTS)
    factors = np.resize(np.array(scale), len(plan.prices))

    prices = Prices(plan.prices * factors, np.zeros(0), np.zeros(0))
    bound = bound_at(model, prices, best_responses(model, prices).gain)

    assert bound >= plan.objective


@given(
    seed=st.integers(0, 10_000),
    patients=st.integers(1, 120),
    cut=st.sampled_from([1, 2, 10, 1_000]),
)
@settings(max_examples=15, deadline=None)
def test_plans_of_any_instance_are_sound(seed: int, patients: int, cut: int) -> None:
    drawn = instance(patients, seed % 7)
    problem = replace(
        drawn, resources=replace(drawn.resources, capacity=drawn.resources.capacity // cut)
    )

    plan = allocate(problem, WEIGHTS, seed=seed, budget=QUICK)

    assert not violations(problem, plan)
    assert plan.objective <= plan.bound + 1e-6


def test_a_faulty_instance_is_refused_with_the_reason() -> None:
    problem = instance(40)
    priority = problem.patients.priority.copy()
    priority[7] = 9

    with pytest.raises(ProblemFaulty, match=r"patients.priority is 9 at 7, outside 1 to 4"):
        allocate(
            replace(problem, patients=replace(problem.patients, priority=priority)), WEIGHTS, 1
        )


def test_a_service_that_uses_the_resource_of_another_week_is_refused() -> None:
    problem = instance(40)
    rows = problem.services.rows.copy()
    rows[:, 0], rows[:, 1] = rows[:, 1].copy(), rows[:, 0].copy()

    with pytest.raises(ProblemFaulty, match="names a primary of another week"):
        allocate(replace(problem, services=replace(problem.services, rows=rows)), WEIGHTS, 1)


def test_a_floor_above_the_members_is_refused() -> None:
    problem = with_groups(40)
    floor = problem.groups.floor.copy()
    floor[0] = 41
    ceiling = np.maximum(problem.groups.ceiling, floor)
    groups = replace(problem.groups, floor=floor, ceiling=ceiling)

    with pytest.raises(ProblemFaulty, match="has a floor of 41 for"):
        allocate(replace(problem, groups=groups), WEIGHTS, 1)


def test_an_instance_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        instance(40).patients.priority[0] = 1


def test_nobody_has_a_seat_where_there_is_no_capacity() -> None:
    problem = instance(40)
    nothing = replace(problem.resources, capacity=np.zeros_like(problem.resources.capacity))

    plan = allocate(replace(problem, resources=nothing), WEIGHTS, seed=1)

    assert (plan.seats.service == NONE).all()
    assert plan.gap == 0
