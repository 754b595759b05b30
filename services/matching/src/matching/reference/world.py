"""The reference world: English hospital sites, the waits published for them, and where places are."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from importlib.resources import files
from typing import NamedTuple


class Sector(StrEnum):
    """Who runs a site."""

    NHS = "nhs"
    INDEPENDENT = "independent"


class Position(NamedTuple):
    """A point on the British National Grid, in metres."""

    easting: int
    northing: int


@dataclass(frozen=True, slots=True)
class Site:
    """A hospital site.

    `published_by` is the organisation under whose code its waits are published: the trust, or for
    most independent hospitals the site itself. `latitude` and `longitude` are for map links only;
    distances come from `position`.
    """

    code: str
    name: str
    provider: str
    provider_name: str
    published_by: str
    sector: Sector
    icb: str
    postcode: str
    position: Position
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Wait:
    """How long the people on one waiting list have waited so far, in weeks.

    `waiting` counts everybody on the list. The statistics are of those whose clock start is known,
    and None where there is nobody; 104 stands for 104 weeks or more.
    """

    published_by: str
    rtt_group: str
    waiting: int
    median_weeks: float | None
    percentile_92_weeks: float | None
    as_at: date


@dataclass(frozen=True, slots=True)
class Succession:
    """A provider that ended, and the one that took over its sites on a day."""

    provider: str
    successor: str
    on: date


@dataclass(frozen=True, slots=True)
class ReferenceWorld:
    """What is public and known about who treats where. Absent means unknown, never zero."""

    version: str
    as_at: date
    sites: tuple[Site, ...]
    waits: Mapping[tuple[str, str], Wait]
    outcodes: Mapping[str, Position]
    successions: tuple[Succession, ...]

    def wait(self, site: Site, rtt_group: str) -> Wait | None:
        """The published wait at this site; None if its provider publishes none for the group."""
        return self.waits.get((site.published_by, rtt_group))

    def rtt_groups(self, site: Site) -> tuple[str, ...]:
        """The groups that people wait for at the provider of this site, in order."""
        return tuple(sorted(group for code, group in self.waits if code == site.published_by))

    def position(self, outward: str) -> Position | None:
        """The middle of a postcode district such as SW1A; None if it is no place we know.

        Districts of central London were divided after the table was made: N1C is found as N1.
        """
        found = self.outcodes.get(outward)
        if found is None and outward[-1:].isalpha():
            return self.outcodes.get(outward[:-1])
        return found

    def provider_on(self, code: str, on: date) -> str:
        """The provider that answers on this day for one that may have merged into another."""
        for succession in self.successions:
            if succession.provider == code and succession.on <= on:
                return self.provider_on(succession.successor, on)
        return code


def load() -> ReferenceWorld:
    """The world as it was built into this package."""
    package = json.loads(_text("datapackage.json"))
    as_at = date.fromisoformat(package["as_at"])
    waits = [_wait(row, as_at) for row in _rows("waits.csv")]

    return ReferenceWorld(
        version=package["version"],
        as_at=as_at,
        sites=tuple(_site(row) for row in _rows("sites.csv")),
        waits={(wait.published_by, wait.rtt_group): wait for wait in waits},
        outcodes={row["outcode"]: _position(row) for row in _rows("outcodes.csv")},
        successions=successions(),
    )


def successions() -> tuple[Succession, ...]:
    """The mergers of providers that the reference data needs, one step each."""
    return tuple(
        Succession(row["provider"], row["successor"], date.fromisoformat(row["on"]))
        for row in _rows("successions.csv")
    )


def _site(row: Mapping[str, str]) -> Site:
    return Site(
        code=row["code"],
        name=row["name"],
        provider=row["provider"],
        provider_name=row["provider_name"],
        published_by=row["published_by"],
        sector=Sector(row["sector"]),
        icb=row["icb"],
        postcode=row["postcode"],
        position=_position(row),
        latitude=float(row["latitude"]),
        longitude=float(row["longitude"]),
    )


def _wait(row: Mapping[str, str], as_at: date) -> Wait:
    return Wait(
        published_by=row["published_by"],
        rtt_group=row["rtt_group"],
        waiting=int(row["waiting"]),
        median_weeks=_weeks(row["median_weeks"]),
        percentile_92_weeks=_weeks(row["percentile_92_weeks"]),
        as_at=as_at,
    )


def _weeks(text: str) -> float | None:
    return float(text) if text else None


def _position(row: Mapping[str, str]) -> Position:
    return Position(int(row["easting"]), int(row["northing"]))


def _rows(name: str) -> Iterator[dict[str, str]]:
    return csv.DictReader(_text(name).splitlines())


def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
