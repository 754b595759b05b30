"""What providers declare before the day: one clinic for each site and treatment function.

A clinic has room for everybody who could choose it, so that who answers first changes nobody's
date. Scarce places have tests of their own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from random import Random

from contracts.codes import rtt_group_of
from contracts.submissions import CapacityOffered
from fairwait.world.calendar import CLINIC_DAYS, REFERRAL_DAY
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
    for site in world.sites:
        provider = world.provider_on(site.provider, REFERRAL_DAY)
        for function in functions:
            if world.wait(site, rtt_group_of(function, REFERRAL_DAY).code) is not None:
                yield Clinic(provider, _offered(site.code, function))


def _offered(site: str, function: str) -> CapacityOffered:
    draw = Random(f"clinic|{site}|{function}")
    start = datetime.combine(draw.choice(CLINIC_DAYS), draw.choice(STARTS))
    return CapacityOffered(
        capacity_id=f"{site}.{function}.{start:%Y-%m-%dT%H%M}",
        site=site,
        treatment_function=function,
        local_start=start,
        places=PLACES,
    )
