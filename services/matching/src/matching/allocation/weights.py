"""What a place is worth, in points: versioned data that clinicians own, not code."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching.allocation.problem import Array

FIFTY_TWO_WEEKS = 52.0


@dataclass(frozen=True, slots=True)
class Weights:
    """The points of one version.

    Urgency grows with the square of the wait: `urgency_at_52_weeks` points at a year. A place in
    week w of the plan is worth urgency x (1 - `lost_per_week_of_delay` x w), less `per_mile` for
    every mile, plus the points of preference and of staying with one's team. `kept_seat` is what it
    is worth not to change a place that was planned yesterday. `by_deprivation` is how much more the
    most deprived decile counts than the middle; floors of groups do the same and can be checked.
    """

    version: str
    urgency_at_52_weeks: float
    by_priority: tuple[float, ...]  # P1 to P4
    by_deprivation: float
    lost_per_week_of_delay: float
    per_mile: float
    by_preference: tuple[float, ...]  # first, second, third
    same_team: float
    kept_seat: float

    def urgency(self, weeks: Array, priority: Array, decile: Array) -> NDArray[np.float64]:
        """Points of being treated in the first week of the plan, before distance."""
        by_wait = self.urgency_at_52_weeks * (weeks.astype(float) / FIFTY_TWO_WEEKS) ** 2
        by_priority = np.array((0.0, *self.by_priority))[priority]
        by_deprivation = 1 + self.by_deprivation * (5.5 - decile.astype(float)) / 4.5
        points: NDArray[np.float64] = by_wait * by_priority * by_deprivation
        return points

    def left_after(self, weeks: int) -> NDArray[np.float64]:
        """The share of the urgency that is left in each week of the plan."""
        return 1 - self.lost_per_week_of_delay * np.arange(weeks, dtype=np.float64)


def weights_of(document: Mapping[str, Any]) -> Weights:
    """The weights of a document such as `weights-1.json`."""
    return Weights(
        version=document["version"],
        urgency_at_52_weeks=float(document["urgency_at_52_weeks"]),
        by_priority=tuple(float(document["by_priority"][str(level)]) for level in range(1, 5)),
        by_deprivation=float(document["by_deprivation"]),
        lost_per_week_of_delay=float(document["lost_per_week_of_delay"]),
        per_mile=float(document["per_mile"]),
        by_preference=tuple(float(points) for points in document["by_preference"]),
        same_team=float(document["same_team"]),
        kept_seat=float(document["kept_seat"]),
    )


def published_weights(version: str = "1") -> Weights:
    """A version that is in this package."""
    text = files("matching.allocation").joinpath(f"weights-{version}.json").read_text("utf-8")
    return weights_of(json.loads(text))
