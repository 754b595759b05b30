"""The checker rejects every kind of damaged plan, and knows nothing of how plans are made."""

import ast
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from matching.allocation import Plan, Problem, allocate, checker
from matching.allocation.checker import violations
from matching.allocation.problem import Array, Groups, Seats, Sex
from tests.unit.matching.allocation.countries import QUICK, WEIGHTS, with_groups

Damage = Callable[[Problem, Plan], tuple[Problem, Plan]]


@pytest.fixture(scope="module")
def sound() -> tuple[Problem, Plan]:
    problem = with_groups(800)
    return problem, allocate(problem, WEIGHTS, seed=1, budget=QUICK)


def reseated(plan: Plan, service: Array | None = None, week: Array | None = None) -> Plan:
    seats = Seats(
        plan.seats.service.copy() if service is None else service,
        plan.seats.week.copy() if week is None else week,
    )
    return replace(plan, seats=seats)


def first(plan: Plan) -> int:
    return int(np.flatnonzero(plan.placed)[0])


def moved(service: int, week: int) -> Damage:
    """One seat is at this service and in this week."""

    def damage(problem: Problem, plan: Plan) -> tuple[Problem, Plan]:
        services, weeks = plan.seats.service.copy(), plan.seats.week.copy()
        services[first(plan)], weeks[first(plan)] = service, week
        return problem, reseated(plan, services, weeks)

    return damage


def rule(name: str, value: float) -> Damage:
    """The services turn out to have another rule, and the plan was made for this very instance."""

    def damage(problem: Problem, plan: Plan) -> tuple[Problem, Plan]:
        array = np.full_like(vars(problem.services)[name], value)
        changed = replace(problem, services=replace(problem.services, **{name: array}))
        return changed, replace(plan, problem=changed.digest)

    return damage


def patients(name: str, value: float) -> Damage:
    """All patients turn out to be otherwise."""

    def damage(problem: Problem, plan: Plan) -> tuple[Problem, Plan]:
        array = np.full_like(vars(problem.patients)[name], value)
        changed = replace(problem, patients=replace(problem.patients, **{name: array}))
        return changed, replace(plan, problem=changed.digest)

    return damage


def less(kind: int) -> Damage:
    """There is one unit less of the fullest resource of a kind than the plan uses."""

    def damage(problem: Problem, plan: Plan) -> tuple[Problem, Plan]:
        who = np.flatnonzero(plan.placed)
        rows = problem.services.rows[plan.seats.service[who], plan.seats.week[who]]
        needs = problem.procedures.needs[problem.patients.procedure[who]]
        used = np.bincount(rows[rows >= 0], needs[rows >= 0], problem.resources.count)
        row = int(np.where(problem.resources.kind == kind, used, -1).argmax())
        assert used[row] > 0
        capacity = problem.resources.capacity.copy()
        capacity[row] = used[row] - 1
        changed = replace(problem, resources=replace(problem.resources, capacity=capacity))
        return changed, replace(plan, problem=changed.digest)

    return damage


def group(bound: str, step: int) -> Damage:
    """A floor is above, or a ceiling below, what the plan places."""

    def damage(problem: Problem, plan: Plan) -> tuple[Problem, Plan]:
        placed = np.bincount(problem.groups.of[plan.placed].ravel(), minlength=problem.groups.count)
        groups = Groups(**{**vars(problem.groups), bound: placed + step})
        changed = replace(problem, groups=groups)
        return changed, replace(plan, problem=changed.digest)

    return damage


def closed(problem: Problem, plan: Plan) -> tuple[Problem, Plan]:
    rows = problem.services.rows.copy()
    at = first(plan)
    rows[plan.seats.service[at], plan.seats.week[at], 0] = -1
    changed = replace(problem, services=replace(problem.services, rows=rows))
    return changed, replace(plan, problem=changed.digest)


def crowded(problem: Problem, plan: Plan) -> tuple[Problem, Plan]:
    """Everybody is seated where the first one is."""
    at = first(plan)
    return problem, reseated(
        plan,
        np.full_like(plan.seats.service, plan.seats.service[at]),
        np.full_like(plan.seats.week, plan.seats.week[at]),
    )


DAMAGES: dict[str, tuple[Damage, str]] = {
    "another instance": (lambda p, q: (p, replace(q, problem="0")), "another instance"),
    "claims too much": (
        lambda p, q: (p, replace(q, objective=q.bound + 1)),
        "more than its own bound",
    ),
    "bound not a number": (lambda p, q: (p, replace(q, bound=np.nan)), "more than its own bound"),
    "negative price": (lambda p, q: (p, replace(q, prices=q.prices - 1)), "price is missing"),
    "price not a number": (
        lambda p, q: (p, replace(q, prices=q.prices * np.nan)),
        "price is missing",
    ),
    "a price too few": (lambda p, q: (p, replace(q, prices=q.prices[1:])), "price is missing"),
    "a patient too few": (
        lambda p, q: (p, reseated(q, q.seats.service[1:].copy(), q.seats.week[1:].copy())),
        "not one seat a patient",
    ),
    "a service without a week": (moved(0, -1), "without a week"),
    "a week without a service": (moved(-1, 0), "without a week"),
    "below nothing": (moved(-2, -2), "without a week"),
    "no such service": (moved(1_000_000, 0), "does not exist"),
    "no such week": (moved(0, 100), "does not exist"),
    "everybody in one place": (crowded, "another function"),
    "another function": (rule("function", 5), "another function"),
    "another activity": (patients("procedure", 10), "another activity"),
    "closed": (closed, "closed that week"),
    "too far": (patients("travel_limit_miles", 0), "travel limit"),
    "too young": (rule("min_age", 120), "outside the ages"),
    "too old": (rule("max_age", 0), "outside the ages"),
    "sex": (rule("sexes", Sex.NOT_KNOWN), "of a sex not treated"),
    "fitness": (rule("max_asa", 0), "less fit"),
    "body mass": (rule("max_bmi", 1), "body mass index"),
    "another team": (patients("same_team", True), "with another team"),
    "list minutes": (less(0), "are used"),
    "clinic slots": (less(1), "are used"),
    "diagnostic slots": (less(2), "are used"),
    "clinician minutes": (less(3), "are used"),
    "theatre minutes": (less(4), "are used"),
    "bed nights": (less(5), "are used"),
    "below a floor": (group("floor", 1), "outside its floor"),
    "above a ceiling": (group("ceiling", -1), "outside its floor"),
}


def test_a_sound_plan_passes(sound: tuple[Problem, Plan]) -> None:
    assert violations(*sound) == []


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_plan_is_rejected(name: str, sound: tuple[Problem, Plan]) -> None:
    damage, reason = DAMAGES[name]

    found = violations(*damage(*sound))

    assert any(reason in violation for violation in found), found


def test_the_checker_shares_no_code_with_the_solver() -> None:
    tree = ast.parse(Path(checker.__file__).read_text())

    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert imported <= {
        "collections.abc",
        "matching.allocation.plan",
        "matching.allocation.problem",
    }
