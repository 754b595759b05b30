"""A reason for everybody, from the prices of the plan: one pass over all options and all exclusions.

What can be said honestly differs. Who is placed hears the seat, the runner-up and what that would
have cost. Who is not placed because every option costs more than it is worth to them hears which
resource decides, how many more weeks of wait would have won, and which single rule, relaxed, would
have. Whom the prices would have placed and who was left over because people and lists are whole, is
not told "price": they are listed for a person to look at.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np

from matching.allocation.compiling import compiled
from matching.allocation.eligibility import Facts, Rule, facts_of, failed_rules, points_of_place
from matching.allocation.plan import Plan
from matching.allocation.problem import NONE, Array, Kind, Problem
from matching.allocation.solver.model import Lines, Model, model_of
from matching.allocation.solver.pricing import person_tolls, slot_prices
from matching.allocation.weights import Weights

TOLERANCE: Final = 10.0  # points that a price may be wrong by before somebody has to look
RULES: Final = tuple(Rule)


class Outcome(IntEnum):
    """What a patient is told."""

    PLACED = 0
    OUTBID = 1  # every option costs more than it is worth to them
    LEFT_OVER = 2  # refused by indivisibility: for a person to look at
    NO_ROOM_ANYWHERE = 3  # no service that may treat them has room in any week


@dataclass(frozen=True)
class Reasons:
    """One row a patient, in the order of the problem. Points; NONE for no service, week, resource.

    For the placed, `gain` is what the seat is worth over its price and the best other option is the
    runner-up. For others `gain` is 0 and the best option is what they would have had to win.
    `relaxed_gain` is the best gain if one rule alone were relaxed, minus infinity where that opens
    nothing.
    """

    outcome: Array  # int8, Outcome
    gain: Array
    other_service: Array
    other_week: Array
    other_gain: Array
    blocking_resource: Array
    blocking_group: Array
    weeks_more: Array
    relaxed_service: Array  # (patients, rules)
    relaxed_gain: Array  # (patients, rules)
    open_services: Array
    excluded_services: Array

    def for_a_person(self) -> Array:
        """The patients whom a person should look at: refused only because things are whole."""
        found: Array = np.flatnonzero(self.outcome == Outcome.LEFT_OVER)
        return found

    def envy(self) -> Array:
        """By how many points the best other option beats what the patient has."""
        envy: Array = np.maximum(np.nan_to_num(self.other_gain, neginf=0.0) - self.gain, 0.0)
        return envy


class _Found(NamedTuple):
    """What the sweep over all services finds, by person; best is the best option besides the seat."""

    gain: Array
    best_line: Array
    best_week: Array
    best: Array
    relaxed_line: Array
    relaxed: Array
    opened: Array
    excluded: Array


def explain(problem: Problem, weights: Weights, plan: Plan) -> Reasons:
    """The reasons of everybody at the prices of the plan."""
    model = model_of(problem, weights)
    price = slot_prices(model, plan.prices)
    tolls = person_tolls(model.people, plan.tolls)
    first = np.searchsorted(model.lines.want, model.want, side="left")
    last = np.searchsorted(model.lines.want, model.want, side="right")
    service = plan.seats.service[model.order]
    week = plan.seats.week[model.order].astype(np.int64)
    kept = problem.kept.service[model.order], problem.kept.week[model.order].astype(np.int64)

    count = len(model.order)
    found = _Found(
        gain=np.zeros(count),
        best_line=np.full(count, NONE, np.int64),
        best_week=np.full(count, NONE, np.int64),
        best=np.full(count, -np.inf),
        relaxed_line=np.full((count, len(RULES)), NONE, np.int64),
        relaxed=np.full((count, len(RULES)), -np.inf),
        opened=np.zeros(count, np.int64),
        excluded=np.zeros(count, np.int64),
    )
    _explain(
        facts_of(problem, weights),
        model.order,
        model.people.urgency,
        model.left,
        model.lines,
        price,
        tolls,
        (first, last),
        (service, week),
        kept,
        model.kept_points,
        found,
    )
    back = np.empty_like(model.order)
    back[model.order] = np.arange(len(back))
    return _reasons(problem, model, plan, _Found(*(array[back] for array in found)), back)


def _reasons(problem: Problem, model: Model, plan: Plan, found: _Found, back: Array) -> Reasons:
    gain, line, week, other, relaxed_line, relaxed, opened, excluded = found
    placed = plan.placed
    outcome = np.full(len(gain), Outcome.OUTBID, np.int8)
    outcome[other > TOLERANCE] = Outcome.LEFT_OVER
    outcome[opened == 0] = Outcome.NO_ROOM_ANYWHERE
    outcome[placed] = Outcome.PLACED
    outbid = outcome == Outcome.OUTBID

    row, group = _blocking(problem, model, plan, line, week, outbid)
    urgency = model.people.urgency[back] * model.left[np.maximum(week, 0)]
    short = np.where(outbid, np.maximum(-other, 0), 0)
    more = problem.patients.weeks_waited * (np.sqrt(1 + short / np.maximum(urgency, 1e-9)) - 1)
    service = np.append(model.lines.service, NONE)
    return Reasons(
        outcome=outcome,
        gain=gain,
        other_service=service[line],
        other_week=week,
        other_gain=other,
        blocking_resource=row,
        blocking_group=group,
        weeks_more=np.where(outbid, more, 0.0),
        relaxed_service=service[relaxed_line],
        relaxed_gain=relaxed,
        open_services=opened,
        excluded_services=excluded,
    )


def _blocking(
    problem: Problem, model: Model, plan: Plan, line: Array, week: Array, outbid: Array
) -> tuple[Array, Array]:
    """The resource, or the group at its ceiling, with the largest part in the price that decided."""
    prices, tolls = np.append(plan.prices, 0.0), np.append(plan.tolls, 0.0)
    resource = np.full(len(line), NONE, np.int64)
    group = np.full(len(line), NONE, np.int64)
    who = np.flatnonzero(outbid)
    rows = model.lines.rows[line[who], week[who]]
    share = prices[rows] * model.lines.amount[line[who]]
    top = share.argmax(axis=1)
    resource[who] = rows[np.arange(len(who)), top]
    if problem.groups.of.shape[1]:
        of = problem.groups.of[who]
        most = tolls[of].argmax(axis=1)
        by_group = tolls[of].max(axis=1) > share.max(axis=1)
        group[who[by_group]] = of[np.arange(len(who)), most][by_group]
        resource[who[by_group]] = NONE
    return resource, group


@compiled
def _explain(
    facts: Facts,
    order: Array,
    urgency: Array,
    left: Array,
    lines: Lines,
    price: Array,
    tolls: Array,
    between: tuple[Array, Array],
    seat: tuple[Array, Array],
    kept: tuple[Array, Array],
    kept_points: float,
    to: _Found,
) -> None:
    for person in range(order.size):
        for line in range(between[0][person], between[1][person]):
            service = lines.service[line]
            failed = failed_rules(facts, order[person], service)
            if failed == 0:
                to.opened[person] += 1
            else:
                to.excluded[person] += 1
                if failed & (failed - 1):
                    continue  # two rules or more: no single one would help
            base = points_of_place(facts, order[person], service) - tolls[person]
            top, top_week = -np.inf, -1
            for week in range(left.size):
                found = base + urgency[person] * left[week] - price[line, week]
                if service == kept[0][person] and week == kept[1][person]:
                    found += kept_points
                if service == seat[0][person] and week == seat[1][person]:
                    to.gain[person] = found
                elif found > top:
                    top, top_week = found, week
            if failed == 0:
                if top > to.best[person]:
                    to.best[person] = top
                    to.best_line[person], to.best_week[person] = line, top_week
            else:
                rule = 0
                while failed > 1:
                    failed >>= 1
                    rule += 1
                if top > to.relaxed[person, rule]:
                    to.relaxed[person, rule], to.relaxed_line[person, rule] = top, line


# ---- in words

_UNITS: Final = {
    Kind.LIST_MINUTES: "list time",
    Kind.CLINIC_SLOTS: "clinic slots",
    Kind.DIAGNOSTIC_SLOTS: "diagnostic slots",
    Kind.CLINICIAN_MINUTES: "the clinicians' time",
    Kind.THEATRE_MINUTES: "theatre time",
    Kind.BED_NIGHTS: "beds",
}
_RELAXED: Final = {
    Rule.TOO_FAR: "travelling further",
    Rule.AGE: "another age limit",
    Rule.SEX: "a service for another sex",
    Rule.FITNESS: "a service for the less fit",
    Rule.BMI: "a higher limit of body mass index",
    Rule.OTHER_TEAM: "another team",
}


def sentence(problem: Problem, plan: Plan, reasons: Reasons, patient: int) -> str:
    """The reason of one patient in plain words."""
    match Outcome(int(reasons.outcome[patient])):
        case Outcome.PLACED:
            return _placed(problem, plan, reasons, patient)
        case Outcome.OUTBID:
            return _outbid(problem, reasons, patient)
        case Outcome.LEFT_OVER:
            where = _where(problem, reasons.other_service[patient], reasons.other_week[patient])
            return (
                f"Left over: {where} would have been right, but lists and people are whole and no "
                f"arrangement with room was found. A person should look at this."
            )
        case Outcome.NO_ROOM_ANYWHERE:
            excluded = reasons.excluded_services[patient]
            return f"No service that may treat has room in any week ({excluded} are excluded by rules)."


def _placed(problem: Problem, plan: Plan, reasons: Reasons, patient: int) -> str:
    seat = _where(problem, plan.seats.service[patient], plan.seats.week[patient])
    if reasons.other_service[patient] == NONE:
        return f"Proposed: {seat}. It is the only option."
    other = _where(problem, reasons.other_service[patient], reasons.other_week[patient])
    worse = reasons.gain[patient] - reasons.other_gain[patient]
    how = f"{worse:.1f} points worse" if worse >= 0 else f"{-worse:.1f} points better, but full"
    return f"Proposed: {seat}. The runner-up, {other}, would be {how}."


def _outbid(problem: Problem, reasons: Reasons, patient: int) -> str:
    other = _where(problem, reasons.other_service[patient], reasons.other_week[patient])
    row, group = reasons.blocking_resource[patient], reasons.blocking_group[patient]
    blocked = (
        f"the ceiling of {problem.groups.name[group]}"
        if group != NONE
        else _UNITS[Kind(int(problem.resources.kind[row]))]
    )
    text = (
        f"Not yet: others who wait longer or more urgently come first at {other}, where "
        f"{blocked} is short; {reasons.weeks_more[patient]:.1f} more weeks of wait would have won."
    )
    helps = [
        _RELAXED[rule] for at, rule in enumerate(RULES) if reasons.relaxed_gain[patient, at] > 0
    ]
    return f"{text} So would {' or '.join(helps)}." if helps else text


def _where(problem: Problem, service: int, week: int) -> str:
    return f"{problem.sites.code[problem.services.site[service]]} in week {week + 1}"
