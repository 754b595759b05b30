"""The solver: prices for everything that is scarce, then whole people, then proof."""

from matching.allocation.solver.allocating import (
    STANDARD,
    THOROUGH,
    Budget,
    allocate,
    budget_for,
    carried_over,
)

__all__ = ["STANDARD", "THOROUGH", "Budget", "allocate", "budget_for", "carried_over"]
