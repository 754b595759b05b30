"""How long somebody waits for a test. Not the RTT formula, and never to share one (trap T6).

Source: waiting list minimum data set, diagnostics; DM01 guidance (domain reference, 2.1).
"""

from bisect import bisect_right
from typing import Final

STANDARD_WEEKS: Final = 6  # NHS Constitution: a test within six weeks
CUTS: Final = (18, 26, 40, 52, 78, 104)


def diagnostic_weeks(days: int) -> int:
    """The week of the wait, counted from one: seven days are the second week."""
    return days // 7 + 1


def diagnostic_band(days: int) -> str:
    """The band of a wait: `0-18`, `18-26`, ..., `104+`, by the week of the wait."""
    edges = (0, *CUTS)
    place = bisect_right(edges, diagnostic_weeks(days) - 1) - 1
    if place == len(CUTS):
        return f"{edges[place]}+"
    return f"{edges[place]}-{edges[place + 1]}"
