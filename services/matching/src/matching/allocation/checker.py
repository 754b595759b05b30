"""Rejects any plan that breaks a row or a rule. Shares no code with the solver, on purpose."""

from collections.abc import Iterator

import numpy as np

from matching.allocation.plan import Plan
from matching.allocation.problem import Array, Problem


def violations(problem: Problem, plan: Plan) -> list[str]:
    """What is wrong with the plan, with how many times; nothing for a plan that may be offered."""
    service, week = plan.seats.service, plan.seats.week
    if service.shape != week.shape or service.shape != problem.patients.weeks_waited.shape:
        return ["the plan is not one seat a patient"]
    found = [*_of_form(problem, plan), *_of_range(problem, service, week)]
    return found or [*_of_rules(problem, service, week), *_of_rows(problem, service, week)]


def _of_form(problem: Problem, plan: Plan) -> Iterator[str]:
    if plan.problem != problem.digest:
        yield "the plan was made from another instance"
    if plan.prices.shape != problem.resources.capacity.shape or not (plan.prices >= 0).all():
        yield "a price is missing, below 0 or no number"
    if not plan.objective <= plan.bound:
        yield "the plan claims more than its own bound"


def _of_range(problem: Problem, service: Array, week: Array) -> Iterator[str]:
    if ((service < 0) != (week < 0)).any() or min(service.min(), week.min(), -1) < -1:
        yield "a seat has a service without a week, or a week without a service"
    if (
        service.max(initial=-1) >= len(problem.services.site)
        or week.max(initial=-1) >= problem.weeks
    ):
        yield "a seat is at a service or in a week that does not exist"


def _of_rules(problem: Problem, service: Array, week: Array) -> Iterator[str]:
    who = np.flatnonzero(service >= 0)
    at, p, s = service[who], problem.patients, problem.services
    site, home = s.site[at], p.home[who]
    metres = np.hypot(*(problem.places[p.place[who]] - problem.sites.position[site]).T)
    functions = max(len(problem.functions), int(s.function.max(initial=-1)) + 1)
    teams = np.full((len(problem.sites.code) + 1, functions), -1)
    np.maximum.at(teams, (s.site, s.function), s.team)
    own_team = np.where(home >= 0, teams[home, p.function[who]], -1)
    away = site != home
    broken = {
        "a service of another function": s.function[at] != p.function[who],
        "another activity": s.activity[at] != problem.procedures.activity[p.procedure[who]],
        "a service that is closed that week": s.rows[at, week[who], 0] < 0,
        "beyond the travel limit": away & (metres / 1609.344 > p.travel_limit_miles[who] + 1e-3),
        "outside the ages": (p.age[who] < s.min_age[at]) | (p.age[who] > s.max_age[at]),
        "of a sex not treated there": (p.sex[who] & ~s.sexes[at]) != 0,
        "less fit than the service takes": p.asa[who] > s.max_asa[at],
        "above the body mass index": p.bmi[who] > s.max_bmi[at],
        "with another team": p.same_team[who] & away & ((own_team < 0) | (own_team != s.team[at])),
    }
    yield from (f"{wrong.sum()} seated {what}" for what, wrong in broken.items() if wrong.any())


def _of_rows(problem: Problem, service: Array, week: Array) -> Iterator[str]:
    who = np.flatnonzero(service >= 0)
    rows = problem.services.rows[service[who], week[who]]
    needs = problem.procedures.needs[problem.patients.procedure[who]]
    used = np.bincount(rows[rows >= 0], needs[rows >= 0], len(problem.resources.capacity))
    for row in np.flatnonzero(used > problem.resources.capacity).tolist():
        yield f"resource {row} has {problem.resources.capacity[row]} and {used[row]:.0f} are used"
    groups = problem.groups.of[who]
    seated = np.bincount(groups[groups >= 0], minlength=len(problem.groups.name))
    for group, name in enumerate(problem.groups.name):
        if not problem.groups.floor[group] <= seated[group] <= problem.groups.ceiling[group]:
            yield f"group {name} has {seated[group]} places, outside its floor and ceiling"
