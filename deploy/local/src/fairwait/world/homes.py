"""Places in England where people live, for synthetic patients.

Contains public sector information licensed under the Open Government Licence v3.0: centroids of
the middle layer super output areas of 2011, Office for National Statistics. An area holds about
8,000 people wherever it is, so a patient drawn evenly from the table lives where people live.
"""

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from matching.reference import Position, load
from matching.reference.published.grid import to_grid
from matching.reference.published.sources import Layout, Record, Source

HOMES = 2_000

_COLUMNS = ("outcode", "easting", "northing")
_LAYOUT = Layout(columns=("msoa_2011", "latitude", "longitude", "stp_2020_name"))


class Home(NamedTuple):
    """A place where people live, in metres on the national grid, and its postcode district."""

    outcode: str
    position: Position


class Area(NamedTuple):
    """A middle layer super output area."""

    region: str
    code: str
    latitude: float
    longitude: float


def homes() -> tuple[Home, ...]:
    """The table of this package, in an order that does not depend on anything."""
    text = files(__package__).joinpath("homes.csv").read_text(encoding="utf-8")
    return tuple(
        Home(row["outcode"], Position(int(row["easting"]), int(row["northing"])))
        for row in csv.DictReader(text.splitlines())
    )


def build(centroids: Path, out: Path) -> int:
    """Write the table from the public centroids; how many homes are in it.

    The areas are taken at even steps through every part of the country, so the few stand for all.
    """
    source = Source("ONS, centroids of middle layer areas", centroids, _LAYOUT)
    chosen = _evenly(sorted(source.values(_area)), HOMES)
    positions = to_grid([(area.latitude, area.longitude) for area in chosen])
    districts = load().outcodes

    found = sorted(
        Home(_nearest(position, districts), position) for position in positions if position
    )
    out.write_bytes(_table(found))
    return len(found)


def _area(record: Record) -> Area:
    return Area(
        region=record.text("stp_2020_name"),
        code=record.text("msoa_2011"),
        latitude=record.number("latitude", least=49, most=61),
        longitude=record.number("longitude", least=-9, most=2),
    )


def _evenly(areas: Sequence[Area], count: int) -> list[Area]:
    if len(areas) <= count:
        return list(areas)
    return [areas[place * len(areas) // count] for place in range(count)]


def _nearest(position: Position, districts: Mapping[str, Position]) -> str:
    return min(districts, key=lambda outcode: (math.dist(position, districts[outcode]), outcode))


def _table(found: Iterable[Home]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows((home.outcode, *home.position) for home in found)
    return text.getvalue().encode()
