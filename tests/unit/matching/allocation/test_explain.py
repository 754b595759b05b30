"""Reasons: one for everybody, true at the prices, and nobody is told "price" who was not outbid."""

from dataclasses import replace

import numpy as np
import pytest

from matching.allocation import Plan, Problem, allocate
from matching.allocation.explain import TOLERANCE, Outcome, Reasons, explain, sentence
from matching.allocation.greedy import greedy_plan
from matching.allocation.illusion import slots_only
from matching.allocation.problem import NONE
from matching.allocation.report import report_on
from tests.unit.matching.allocation.countries import QUICK, WEIGHTS, instance, planned, with_groups


@pytest.fixture(scope="module")
def explained() -> tuple[Problem, Plan, Reasons]:
    problem, plan = instance(3_000), planned(3_000)
    return problem, plan, explain(problem, WEIGHTS, plan)


def test_everybody_has_a_reason_in_words(explained: tuple[Problem, Plan, Reasons]) -> None:
    problem, plan, reasons = explained

    told = [sentence(problem, plan, reasons, patient) for patient in range(3_000)]

    assert all(text.endswith(".") for text in told)
    assert {int(outcome) for outcome in reasons.outcome} == set(Outcome)


def test_nobody_is_told_price_whose_envy_is_over_the_tolerance(
    explained: tuple[Problem, Plan, Reasons],
) -> None:
    _, _, reasons = explained

    outbid = reasons.outcome == Outcome.OUTBID

    assert (reasons.envy()[outbid] <= TOLERANCE).all()
    assert (reasons.envy()[reasons.for_a_person()] > TOLERANCE).all()


def test_exactly_the_placed_are_told_so(explained: tuple[Problem, Plan, Reasons]) -> None:
    _, plan, reasons = explained

    assert ((reasons.outcome == Outcome.PLACED) == plan.placed).all()


def test_the_blocking_resource_has_a_price(explained: tuple[Problem, Plan, Reasons]) -> None:
    _, plan, reasons = explained

    decided = (reasons.outcome == Outcome.OUTBID) & (reasons.other_gain < 0)

    rows = reasons.blocking_resource[decided]
    assert (rows != NONE).all()
    assert (plan.prices[rows] > 0).mean() > 0.99  # the rest would cost more miles than it is worth


def test_so_many_more_weeks_of_wait_would_have_won(
    explained: tuple[Problem, Plan, Reasons],
) -> None:
    problem, plan, reasons = explained
    outbid = reasons.outcome == Outcome.OUTBID
    waited = np.where(
        outbid,
        problem.patients.weeks_waited + reasons.weeks_more + 0.01,
        problem.patients.weeks_waited,
    ).astype(np.float32)

    later = replace(problem, patients=replace(problem.patients, weeks_waited=waited))

    assert (explain(later, WEIGHTS, plan).other_gain[outbid] > 0).all()


def test_a_rule_that_is_relaxed_opens_the_seat_that_was_named(
    explained: tuple[Problem, Plan, Reasons],
) -> None:
    problem, plan, reasons = explained
    too_far = 0
    helped = np.flatnonzero(
        (reasons.outcome == Outcome.OUTBID) & (reasons.relaxed_gain[:, too_far] > 0)
    )
    limit = problem.patients.travel_limit_miles.copy()
    limit[helped] = np.inf

    relaxed = replace(problem, patients=replace(problem.patients, travel_limit_miles=limit))
    again = explain(relaxed, WEIGHTS, plan)

    assert len(helped)
    assert (again.other_gain[helped] > 0).all()


def test_with_floors_every_reason_is_still_true() -> None:
    problem = with_groups(800)
    plan = allocate(problem, WEIGHTS, seed=1, budget=QUICK)

    reasons = explain(problem, WEIGHTS, plan)

    assert (reasons.envy()[reasons.outcome == Outcome.OUTBID] <= TOLERANCE).all()


def test_the_report_says_what_matters(explained: tuple[Problem, Plan, Reasons]) -> None:
    problem, plan, reasons = explained
    seen = allocate(slots_only(problem), WEIGHTS, seed=1, budget=QUICK)

    report = report_on(problem, plan, greedy_plan(problem, WEIGHTS), reasons, seen)

    text, document = report.to_text(), report.to_json()
    assert "0 violations" in text
    assert "illusion index" in text
    assert document["placed"] == int(plan.placed.sum())
    assert document["overbooked_shared_clinician_weeks"] == 0
    assert sum(cell["placed"] for cell in document["boards"]) == document["placed"]
    assert sum(document["outcomes"].values()) == 3_000
