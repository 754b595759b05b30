"""How an appointment ends, by seed and pathway: most are treated, some come again."""

from dataclasses import dataclass
from datetime import date
from random import Random

from contracts.submissions import AttendanceRecorded, PathwayKey

NOT_TOLD = 0.03  # the provider records nothing
TREATED = 0.8
STOPS, GOES_ON = ("30", "1"), ("20", "2")  # RTT status, outcome of attendance


@dataclass(frozen=True, slots=True)
class Visit:
    """A booked appointment, as its provider knows it."""

    pathway_id: str
    provider: str
    on: date


def attendance(seed: int, visit: Visit, key: PathwayKey) -> AttendanceRecorded | None:
    """What the provider records; None when it records nothing."""
    draw = Random(f"{seed}|visit|{visit.pathway_id}")
    if draw.random() < NOT_TOLD:
        return None
    status, outcome = STOPS if draw.random() < TREATED else GOES_ON
    return AttendanceRecorded(pathway=key, attended_on=visit.on, outcome=outcome, rtt_status=status)
