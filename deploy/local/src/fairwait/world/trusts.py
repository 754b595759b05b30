"""Which NHS trust a patient is referred to when nobody asks them: the nearest that sees them."""

import math
from functools import lru_cache

from contracts.codes import rtt_group_of
from fairwait.world.calendar import REFERRAL_DAY
from matching.reference import Position, ReferenceWorld, Sector, Site


class Trusts:
    """The NHS trusts of a world."""

    def __init__(self, world: ReferenceWorld) -> None:
        self._world = world
        self._sites = [site for site in world.sites if site.sector is Sector.NHS]
        self._with = lru_cache(maxsize=None)(self._sites_with)

    def nearest(self, position: Position, function: str) -> Site:
        """The nearest site of a trust that publishes waits for this treatment function."""
        return min(
            self._with(function),
            key=lambda site: (math.dist(site.position, position), site.code),
        )

    def provider(self, site: Site) -> str:
        """The trust that runs the site on the day of the referrals."""
        return self._world.provider_on(site.provider, REFERRAL_DAY)

    def _sites_with(self, function: str) -> list[Site]:
        group = rtt_group_of(function, REFERRAL_DAY).code
        return [site for site in self._sites if self._world.wait(site, group) is not None]
