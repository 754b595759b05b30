"""From latitude and longitude to the British National Grid, for the building of tables only."""

import math
from collections.abc import Sequence

from matching.reference.world import Position


def to_grid(places: Sequence[tuple[float, float]]) -> list[Position | None]:
    """Positions of (latitude, longitude) pairs, to the metre; None where the grid does not reach.

    OSTN15 through convertbng, which no service needs: it is imported here and not at the top.
    """
    if not places:
        return []
    from convertbng.cutil import convert_bng

    eastings, northings = convert_bng(
        [longitude for _, longitude in places], [latitude for latitude, _ in places]
    )
    return [
        _position(float(easting), float(northing))
        for easting, northing in zip(eastings, northings, strict=True)
    ]


def _position(easting: float, northing: float) -> Position | None:
    if math.isnan(easting) or math.isnan(northing):
        return None
    return Position(round(easting), round(northing))
