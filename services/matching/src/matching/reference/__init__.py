"""Public reference data of matching, in a compact form of our own: see the README beside it."""

from matching.reference.world import (
    Position,
    ReferenceWorld,
    Sector,
    Site,
    Succession,
    Wait,
    load,
)

__all__ = [
    "Position",
    "ReferenceWorld",
    "Sector",
    "Site",
    "Succession",
    "Wait",
    "load",
]
