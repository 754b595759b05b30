"""A plan: who is proposed which place, the prices that led there, and how far from best it can be."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from matching.allocation.problem import NONE, Array, Seats


@dataclass(frozen=True)
class Plan:
    """Seats with their proof.

    `objective` are the points of the seats, `kept_points` those of them that are for places of
    yesterday. `bound` is a number of points that no plan can pass: it follows from the prices alone.
    `prices` are points a unit of each resource, `tolls` points a place for each group, below 0 where
    a floor pays for the place.
    """

    seats: Seats
    prices: Array  # float64, by resource
    tolls: Array  # float64, by group
    objective: float
    kept_points: float
    bound: float
    seed: int
    weights: str
    problem: str
    budget: str

    @property
    def gap(self) -> float:
        """How far the plan can be below the best one, as a share of the plan."""
        return (self.bound - self.objective) / self.objective if self.objective else 0.0

    @property
    def placed(self) -> Array:
        """Which patients have a seat."""
        placed: Array = self.seats.service != NONE
        return placed

    def to_bytes(self) -> bytes:
        """The exact written form: the same instance, weights and seed give the same bytes."""
        head = {
            "problem": self.problem,
            "weights": self.weights,
            "seed": self.seed,
            "budget": self.budget,
            "objective": self.objective.hex(),
            "kept_points": self.kept_points.hex(),
            "bound": self.bound.hex(),
        }
        arrays = (
            self.seats.service.astype("<i4"),
            self.seats.week.astype("<i1"),
            self.prices.astype("<f8"),
            self.tolls.astype("<f8"),
        )
        return (
            json.dumps(head, sort_keys=True).encode()
            + b"\n"
            + b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the written form."""
        return hashlib.sha256(self.to_bytes()).hexdigest()
