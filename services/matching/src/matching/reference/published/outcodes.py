"""The middle of every postcode district that lies on the British National Grid.

Source: centroids of outward codes from OS and ONS open data, 2015. Northern Ireland is on the
grid of Ireland, the Channel Islands on none: they are left out.
"""

import re
from collections.abc import Iterable

from matching.reference.published.grid import to_grid
from matching.reference.published.sources import Layout, Record
from matching.reference.world import Position

LAYOUT = Layout(columns=("outcode", "latitude", "longitude"))

_OUTCODE = re.compile(r"[A-Z]{1,2}[0-9][0-9A-Z]?|GIR")
_NOT_ON_THE_GRID = re.compile(r"(BT|GY|JE)[0-9]")

District = tuple[str, float, float]


def district(record: Record) -> District:
    """An outward code with its latitude and longitude."""
    outcode = record.text("outcode")
    if not _OUTCODE.fullmatch(outcode):
        record.refuse("outcode", "is not an outward code")
    return (
        outcode,
        record.number("latitude", least=49, most=61),
        record.number("longitude", least=-9, most=2),
    )


def districts(found: Iterable[District]) -> dict[str, Position]:
    """Positions by outward code, in the order of the codes."""
    on_the_grid = sorted(each for each in found if not _NOT_ON_THE_GRID.match(each[0]))
    positions = to_grid([(latitude, longitude) for _, latitude, longitude in on_the_grid])
    return {
        outcode: position
        for (outcode, _, _), position in zip(on_the_grid, positions, strict=True)
        if position is not None
    }
