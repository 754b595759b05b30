"""The daily plan for all long waiters: who could be treated sooner, where, and why not the others.

Pure: arrays in, a plan out. Needs numba and OR-Tools, which the service itself does not.
"""

from matching.allocation.plan import Plan
from matching.allocation.problem import Problem, ProblemFaulty
from matching.allocation.solver import (
    STANDARD,
    THOROUGH,
    Budget,
    allocate,
    budget_for,
    carried_over,
)
from matching.allocation.weights import Weights, published_weights, weights_of

__all__ = [
    "STANDARD",
    "THOROUGH",
    "Budget",
    "Plan",
    "Problem",
    "ProblemFaulty",
    "Weights",
    "allocate",
    "budget_for",
    "carried_over",
    "published_weights",
    "weights_of",
]
