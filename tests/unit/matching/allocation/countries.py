"""Small instances for tests of the allocation, and ways to solve them fast."""

from dataclasses import replace
from functools import cache

from fairwait.commands.allocate import england as reference_england
from matching.allocation import STANDARD, Plan, Problem, allocate, published_weights
from matching.allocation.generate import generate
from matching.allocation.greedy import greedy_plan, with_floors

WEIGHTS = published_weights()
QUICK = replace(STANDARD, name="quick", tries=100.0)


england = cache(reference_england)


@cache
def instance(patients: int = 800, seed: int = 1) -> Problem:
    return generate(england(), patients, seed)


@cache
def with_groups(patients: int = 800, seed: int = 1, share: float = 1.0) -> Problem:
    """Floors of such a share of what greedy gives to every board and decile."""
    problem = instance(patients, seed)
    groups = with_floors(problem, greedy_plan(problem, WEIGHTS), share)
    return replace(problem, groups=groups)


@cache
def planned(patients: int = 800, seed: int = 1) -> Plan:
    return allocate(instance(patients, seed), WEIGHTS, seed=1, budget=QUICK)
