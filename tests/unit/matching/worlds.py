"""A small country for tests of matching: a dozen sites round Leeds, some with published waits."""

from datetime import date

from matching.directory import Directory, Fact, ServiceRule, Standing
from matching.directory.facts import service_rules, standings
from matching.reference import Position, ReferenceWorld, Sector, Site, Succession, Wait

AS_AT = date(2026, 1, 31)
LEEDS = Position(430_000, 433_000)
MILE = 1_609  # metres
ORTHOPAEDICS = "110"


def site(
    code: str,
    provider: str,
    *,
    sector: Sector = Sector.NHS,
    miles: float = 0.0,
    published_by: str | None = None,
) -> Site:
    """A site so many miles east of Leeds."""
    return Site(
        code=code,
        name=f"Hospital {code}",
        provider=provider,
        provider_name=f"Provider {provider}",
        published_by=published_by or (provider if sector is Sector.NHS else code),
        sector=sector,
        icb="QWO",
        postcode="LS1 3EX",
        position=Position(LEEDS.easting + round(miles * MILE), LEEDS.northing),
        latitude=53.8,
        longitude=-1.55,
    )


def wait(published_by: str, *, median: float, group: str = "C_110", waiting: int = 900) -> Wait:
    return Wait(published_by, group, waiting, median, median * 3, AS_AT)


SITES = (
    site("RR801", "RR8"),
    site("RR802", "RR8", miles=3),
    site("RAE01", "RAE", miles=8),
    site("RCF01", "RCF", miles=15),
    site("RXF01", "RXF", miles=10),
    site("RWY01", "RWY", miles=14),
    site("RCB01", "RCB", miles=25),
    site("RGT01", "RGT", miles=120),
    site("NT219", "NT2", sector=Sector.INDEPENDENT, miles=4),
    site("NV304", "NV3", sector=Sector.INDEPENDENT, miles=9),
)
WAITS = (
    wait("RR8", median=17.5),
    wait("RAE", median=14.0),
    wait("RCF", median=12.5),
    wait("RXF", median=16.0),
    wait("RWY", median=15.0),
    wait("RGT", median=19.0),
    wait("NT219", median=6.5),
    wait("NV304", median=8.0),
)


def world(
    sites: tuple[Site, ...] = SITES,
    waits: tuple[Wait, ...] = WAITS,
    successions: tuple[Succession, ...] = (),
) -> ReferenceWorld:
    return ReferenceWorld(
        version="test",
        as_at=AS_AT,
        sites=sites,
        waits={(one.published_by, one.rtt_group): one for one in waits},
        outcodes={"LS1": LEEDS},
        successions=successions,
    )


def directory(
    *,
    reference: ReferenceWorld | None = None,
    rules: tuple[ServiceRule, ...] | None = None,
    facts: tuple[Standing, ...] | None = None,
) -> Directory:
    return Directory(
        reference or world(),
        service_rules() if rules is None else rules,
        standings() if facts is None else facts,
    )


def standing(site_code: str, fact: Fact, valid_from: date, valid_to: date | None) -> Standing:
    return Standing(site_code, fact, valid_from, valid_to, "test")
