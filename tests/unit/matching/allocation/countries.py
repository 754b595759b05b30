"""Small instances for tests of the allocation, and ways to solve them fast."""

from dataclasses import replace
from functools import cache

import numpy as np

from fairwait.world.homes import homes
from matching.allocation import STANDARD, Plan, Problem, allocate, published_weights
from matching.allocation.generate import Geography, generate
from matching.allocation.greedy import greedy_plan, with_floors
from matching.reference import Sector, load

WEIGHTS = published_weights()
QUICK = replace(STANDARD, name="quick", tries=100.0)


@cache
def england() -> Geography:
    """The real sites, and places where people live."""
    sites = load().sites
    icbs = tuple(sorted({site.icb for site in sites}))
    providers = sorted({site.provider for site in sites})
    return Geography(
        homes=np.array([home.position for home in homes()], float),
        sites=np.array([site.position for site in sites], float),
        codes=tuple(site.code for site in sites),
        icbs=icbs,
        icb=np.array([icbs.index(site.icb) for site in sites], np.int16),
        provider=np.array([providers.index(site.provider) for site in sites], np.int32),
        independent=np.array([site.sector is Sector.INDEPENDENT for site in sites]),
    )


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
