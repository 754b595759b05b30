"""What providers declare before the day: one clinic for each site and treatment function.

A clinic has room for everybody who could choose it, so that who answers first changes nobody's
date. Scarce places have tests of their own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from random import Random

from contracts.codes import rtt_group_of
from contracts.submissions import CapacityOffered
from fairwait.world.calendar import CLINIC_DAYS, LATER_CLINIC_DAY, REFERRAL_DAY
from matching.reference import ReferenceWorld

PLACES = 500  # the most that a session may have
STARTS = (time(8, 30), time(9), time(10, 30), time(13, 15), time(14))


@dataclass(frozen=True, slots=True)
class Clinic:
    """A session, and the provider that declares it."""

    provider: str
    offered: CapacityOffered


def clinics(world: ReferenceWorld, functions: Sequence[str]) -> Iterator[Clinic]:
    """A clinic wherever the provider of a site publishes waits for the treatment function."""
    for provider, site, function in _services(world, functions):
        draw = Random(f"clinic|{site}|{function}")
        start = datetime.combine(draw.choice(CLINIC_DAYS), draw.choice(STARTS))
        yield Clinic(provider, _offered(site, function, start))


def later_clinics(world: ReferenceWorld, function: str) -> Iterator[Clinic]:
    """Clinics after the end of the run, for whoever is referred on its last day."""
    for provider, site, _ in _services(world, [function]):
        start = datetime.combine(LATER_CLINIC_DAY, Random(f"later|{site}").choice(STARTS))
        yield Clinic(provider, _offered(site, function, start))


def refused_clinics(world: ReferenceWorld) -> Iterator[Clinic]:
    """Declarations that have to be turned down."""
    one, other = (
        world.sites[0],
        next(s for s in world.sites if s.provider != world.sites[0].provider),
    )
    start, past = (datetime.combine(day, time(9)) for day in (CLINIC_DAYS[0], date(2026, 1, 5)))
    yield Clinic(other.provider, _offered(one.code, "110", start))
    yield Clinic(one.provider, _offered("ZZZ99", "110", start))
    yield Clinic(one.provider, _offered(one.code, "110", past))


def _services(world: ReferenceWorld, functions: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Provider, site and treatment function wherever waits are published."""
    for site in world.sites:
        provider = world.provider_on(site.provider, REFERRAL_DAY)
        for function in functions:
            if world.wait(site, rtt_group_of(function, REFERRAL_DAY).code) is not None:
                yield provider, site.code, function


def _offered(site: str, function: str, start: datetime) -> CapacityOffered:
    return CapacityOffered(
        capacity_id=f"{site}.{function}.{start:%Y-%m-%dT%H%M}",
        site=site,
        treatment_function=function,
        local_start=start,
        places=PLACES,
    )
