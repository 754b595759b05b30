"""What a plan does, for whoever has to answer for it: as text and as JSON."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from matching.allocation.checker import violations
from matching.allocation.explain import RULES, Outcome, Reasons
from matching.allocation.illusion import SHARED, Overbooking, overbooking
from matching.allocation.plan import Plan
from matching.allocation.problem import NONE, Array, Kind, Problem

LONG_WAIT = 65  # weeks


@dataclass(frozen=True, slots=True)
class Cell:
    """One board or decile: people, places of the plan and of the greedy one, and the floor."""

    name: str
    patients: int
    placed: int
    greedy: int
    floor: int

    @property
    def share(self) -> float:
        return self.placed / self.patients if self.patients else 0.0


@dataclass(frozen=True)
class Report:
    """Counts are people unless they say otherwise; distances are straight-line miles."""

    patients: int
    placed: int
    greedy_placed: int
    long_waiters: int
    long_placed: int
    long_greedy_placed: int
    objective: float
    greedy_objective: float
    bound: float
    gap: float
    violations: tuple[str, ...]
    median_miles: float
    greedy_median_miles: float
    boards: tuple[Cell, ...]
    deciles: tuple[Cell, ...]
    overbooked: Overbooking
    illusion: Overbooking | None
    outcomes: dict[str, int]
    blocking: dict[str, int]
    relaxations: dict[str, int]
    plan_digest: str

    def to_json(self) -> dict[str, Any]:
        """Everything, in types that JSON has."""
        document: dict[str, Any] = {
            name: getattr(self, name)
            for name in self.__dataclass_fields__
            if name not in ("boards", "deciles", "overbooked", "illusion")
        }
        document["violations"] = list(self.violations)
        for name, cells in (("boards", self.boards), ("deciles", self.deciles)):
            document[name] = [_cell_state(cell) for cell in cells]
        document["overbooked_shared_clinician_weeks"] = self.overbooked.over[SHARED]
        document["illusion_index"] = None if self.illusion is None else self.illusion.share(SHARED)
        return document

    def to_text(self) -> str:
        """A page for the terminal."""
        return "\n".join(_text(self)) + "\n"


def report_on(
    problem: Problem,
    plan: Plan,
    greedy: Plan,
    reasons: Reasons,
    slot_plan: Plan | None = None,
) -> Report:
    """The report of a plan beside the greedy one, and beside one that sees slots only."""
    long = problem.patients.weeks_waited > LONG_WAIT
    return Report(
        patients=problem.patients.count,
        placed=int(plan.placed.sum()),
        greedy_placed=int(greedy.placed.sum()),
        long_waiters=int(long.sum()),
        long_placed=int((plan.placed & long).sum()),
        long_greedy_placed=int((greedy.placed & long).sum()),
        objective=plan.objective,
        greedy_objective=greedy.objective,
        bound=plan.bound,
        gap=plan.gap,
        violations=tuple(violations(problem, plan)),
        median_miles=_median_miles(problem, plan),
        greedy_median_miles=_median_miles(problem, greedy),
        boards=_cells(problem, problem.icbs, problem.patients.icb, plan, greedy),
        deciles=_cells(
            problem,
            tuple(f"decile {decile}" for decile in range(1, 11)),
            problem.patients.decile - 1,
            plan,
            greedy,
        ),
        overbooked=overbooking(problem, plan.seats),
        illusion=None if slot_plan is None else overbooking(problem, slot_plan.seats),
        outcomes={
            outcome.name.lower(): int((reasons.outcome == outcome).sum()) for outcome in Outcome
        },
        blocking=_blocking(problem, reasons),
        relaxations={
            (rule.name or "").lower(): int(
                ((reasons.relaxed_gain[:, at] > 0) & (reasons.outcome != Outcome.PLACED)).sum()
            )
            for at, rule in enumerate(RULES)
        },
        plan_digest=plan.digest,
    )


def _cells(
    problem: Problem, names: tuple[str, ...], of: Array, plan: Plan, greedy: Plan
) -> tuple[Cell, ...]:
    floors = dict(zip(problem.groups.name, problem.groups.floor.tolist(), strict=True))
    counts = [
        np.bincount(of[these], minlength=len(names)).tolist()
        for these in (np.ones(len(of), bool), plan.placed, greedy.placed)
    ]
    return tuple(
        Cell(name, everybody, placed, by_greedy, floors.get(name, 0))
        for name, everybody, placed, by_greedy in zip(names, *counts, strict=True)
    )


def _median_miles(problem: Problem, plan: Plan) -> float:
    who = np.flatnonzero(plan.placed)
    if not len(who):
        return 0.0
    sites = problem.services.site[plan.seats.service[who]]
    return float(np.median(problem.miles[problem.patients.place[who], sites]))


def _blocking(problem: Problem, reasons: Reasons) -> dict[str, int]:
    rows = reasons.blocking_resource[reasons.blocking_resource != NONE]
    kinds = np.bincount(problem.resources.kind[rows], minlength=len(Kind))
    found = {kind.name.lower(): int(kinds[kind]) for kind in Kind}
    found["group_ceiling"] = int((reasons.blocking_group != NONE).sum())
    return found


def _cell_state(cell: Cell) -> dict[str, Any]:
    return {
        "name": cell.name,
        "patients": cell.patients,
        "placed": cell.placed,
        "greedy": cell.greedy,
        "floor": cell.floor,
    }


# ---- text


def _text(report: Report) -> Iterator[str]:
    yield f"{report.patients:,} patients, {report.placed:,} placed"
    yield f"  greedy by priority and wait places {report.greedy_placed:,}"
    yield (
        f"  over {LONG_WAIT} weeks: {report.long_placed:,} of {report.long_waiters:,} placed, "
        f"greedy {report.long_greedy_placed:,}"
    )
    yield f"  median {report.median_miles:.1f} miles, greedy {report.greedy_median_miles:.1f}"
    yield f"  {report.objective:,.0f} points; no plan passes {report.bound:,.0f}: gap {report.gap:.2%}"
    yield f"  {len(report.violations)} violations found by the checker"
    yield from (f"    {violation}" for violation in report.violations[:20])
    yield from _illusion_text(report)
    yield "Reasons"
    yield from (f"  {name.replace('_', ' ')}: {count:,}" for name, count in report.outcomes.items())
    yield "  what decides for those outbid: " + _listed(report.blocking)
    yield "  one rule relaxed would have won: " + _listed(report.relaxations)
    for title, cells in (("Boards", report.boards), ("Deprivation", report.deciles)):
        yield f"{title:<12}{'patients':>10}{'placed':>10}{'share':>8}{'greedy':>10}{'floor':>8}"
        yield from (
            f"{cell.name:<12}{cell.patients:>10,}{cell.placed:>10,}{cell.share:>8.1%}"
            f"{cell.greedy:>10,}{cell.floor:>8,}"
            for cell in cells
        )


def _illusion_text(report: Report) -> Iterator[str]:
    over = report.overbooked.over[SHARED]
    yield f"  {over} of {report.overbooked.used[SHARED]:,} shared clinician-weeks overbooked"
    if report.illusion is not None:
        seen = report.illusion
        yield (
            f"  a plan that sees only slots overbooks {seen.over[SHARED]:,} of "
            f"{seen.used[SHARED]:,}: illusion index {seen.share(SHARED):.1%}"
        )


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {count:,}" for name, count in counts.items() if count
    )
