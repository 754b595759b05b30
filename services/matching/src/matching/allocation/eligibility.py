"""Which rules keep a patient from a service: all of them, as bits."""

from enum import IntFlag
from typing import NamedTuple

import numpy as np

from matching.allocation.compiling import compiled
from matching.allocation.problem import NONE, Array, Problem
from matching.allocation.weights import Weights


class Rule(IntFlag):
    """A reason why a service is not for a patient. Several can hold at once."""

    TOO_FAR = 1
    AGE = 2
    SEX = 4
    FITNESS = 8
    BMI = 16
    OTHER_TEAM = 32


class Facts(NamedTuple):
    """What rules and points are about, in the order that loops read it."""

    place: Array
    travel_limit: Array
    age: Array
    sex: Array
    asa: Array
    bmi: Array
    home: Array
    home_team: Array
    same_team: Array
    preferred: Array
    miles: Array
    site: Array
    team: Array
    min_age: Array
    max_age: Array
    sexes: Array
    max_asa: Array
    max_bmi: Array
    per_mile: float
    by_preference: Array
    team_points: float


def facts_of(problem: Problem, weights: Weights) -> Facts:
    """The facts of every patient and service."""
    patients, services = problem.patients, problem.services
    return Facts(
        place=patients.place,
        travel_limit=patients.travel_limit_miles,
        age=patients.age,
        sex=patients.sex,
        asa=patients.asa,
        bmi=patients.bmi,
        home=patients.home,
        home_team=_home_teams(problem),
        same_team=patients.same_team,
        preferred=patients.preferred,
        miles=problem.miles,
        site=services.site,
        team=services.team,
        min_age=services.min_age,
        max_age=services.max_age,
        sexes=services.sexes,
        max_asa=services.max_asa,
        max_bmi=services.max_bmi,
        per_mile=weights.per_mile,
        by_preference=np.array(weights.by_preference),
        team_points=weights.same_team,
    )


def _home_teams(problem: Problem) -> Array:
    """The team of each patient's own hospital for their treatment function."""
    services, patients = problem.services, problem.patients
    teams = np.full((problem.sites.count + 1, len(problem.functions)), NONE, np.int32)
    np.maximum.at(teams, (services.site, services.function), services.team)
    teams[-1] = NONE  # where home is not known
    found: Array = teams[patients.home, patients.function]
    return found


@compiled
def failed_rules(facts: Facts, patient: int, service: int) -> int:
    """The bits of every rule that keeps the patient from the service; 0 for none."""
    failed = 0
    site = facts.site[service]
    if (
        facts.miles[facts.place[patient], site] > facts.travel_limit[patient]
        and site != facts.home[patient]
    ):
        failed |= 1
    age = facts.age[patient]
    if age < facts.min_age[service] or age > facts.max_age[service]:
        failed |= 2
    if facts.sex[patient] & ~facts.sexes[service]:
        failed |= 4
    if facts.asa[patient] > facts.max_asa[service]:
        failed |= 8
    if facts.bmi[patient] > facts.max_bmi[service]:
        failed |= 16
    if facts.same_team[patient] and site != facts.home[patient]:
        team = facts.home_team[patient]
        if team < 0 or team != facts.team[service]:
            failed |= 32
    return failed


@compiled
def points_of_place(facts: Facts, patient: int, service: int) -> float:
    """What the place itself is worth, without urgency: distance, preference, the same team."""
    site = facts.site[service]
    points = -facts.per_mile * facts.miles[facts.place[patient], site]
    for rank in range(facts.by_preference.size):
        if facts.preferred[patient, rank] == site:
            points += facts.by_preference[rank]
    if facts.home_team[patient] >= 0 and facts.home_team[patient] == facts.team[service]:
        points += facts.team_points
    return float(points)
