"""The right to be seen sooner elsewhere: right B, part 9 of SI 2012/2996.

It applies to anybody who asks and whose wait has passed, or will pass, 18 weeks, whoever referred
them, and it is independent of PIDMAS and its 40 weeks (domain reference, 2.11; trap T5). The
exceptions follow summaries: the statutory text of part 9 was not read in full.
"""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from referral.domain.waiting import BREACH_WEEKS, days_waited, is_over


class MoveDecision(StrEnum):
    """Whether the right to move applies, and if not, the reason (codes of 2.11).

    Ours are RIGHT_B_WILL_PASS, NOT_B_NO_CLOCK and NOT_B_WITHIN_18W: the three have no code there.
    """

    RIGHT_B_18W = "RIGHT_B_18W"
    RIGHT_B_WILL_PASS = "RIGHT_B_WILL_PASS"
    NOT_B_NO_CLOCK = "NOT_B_NO_CLOCK"
    NOT_B_WITHIN_18W = "NOT_B_WITHIN_18W"
    NOT_B_CHOSE_TO_WAIT = "NOT_B_CHOSE_TO_WAIT"
    NOT_B_CLINICAL = "NOT_B_CLINICAL"
    NOT_B_MONITORING = "NOT_B_MONITORING"
    NOT_B_DNA = "NOT_B_DNA"
    NOT_B_NOT_NEEDED = "NOT_B_NOT_NEEDED"

    @property
    def applies(self) -> bool:
        return self in {MoveDecision.RIGHT_B_18W, MoveDecision.RIGHT_B_WILL_PASS}


@dataclass(frozen=True, slots=True)
class MoveRules:
    """The law as it stood from a day on. `exceptions` are tried in order, the first decides."""

    name: str
    valid_from: date
    policy_text: str
    weeks: int
    exceptions: tuple[tuple[MoveDecision, str], ...]


_EXCEPTIONS: Final = (
    (MoveDecision.NOT_B_NOT_NEEDED, "treatment_not_needed"),
    (MoveDecision.NOT_B_MONITORING, "monitoring_appropriate"),
    (MoveDecision.NOT_B_CLINICAL, "delay_in_best_clinical_interest"),
    (MoveDecision.NOT_B_CHOSE_TO_WAIT, "chose_to_wait"),
    (MoveDecision.NOT_B_DNA, "missed_chosen_appointments"),
)
MOVE_2013: Final = MoveRules(
    name="move-2013-04-01",
    valid_from=date(2013, 4, 1),
    policy_text="SI 2012/2996 part 9",
    weeks=BREACH_WEEKS,
    exceptions=_EXCEPTIONS,
)
MOVE_RULES: Final = (MOVE_2013,)  # newest first


def move_rules_on(requested_on: date) -> MoveRules:
    """The rules of the day the patient asked; the oldest we have for earlier days."""
    in_force = (rules for rules in MOVE_RULES if rules.valid_from <= requested_on)
    return next(in_force, MOVE_RULES[-1])


@dataclass(frozen=True, slots=True)
class MoveCase:
    """What the right depends on. `started_on` is None while no clock runs."""

    requested_on: date
    started_on: date | None
    next_appointment_on: date | None = None
    stated: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Moving:
    """A decision with the versions it was made under and the facts that decided it."""

    decision: MoveDecision
    rule_set: str
    policy_text: str
    evidence: dict[str, str] = field(default_factory=dict)


def decide_move(rules: MoveRules, case: MoveCase) -> Moving:
    """Whether the patient may ask to be seen elsewhere."""
    decision, evidence = _excepted(rules, case) or _by_wait(rules, case)
    return Moving(decision, rules.name, rules.policy_text, evidence)


def _excepted(rules: MoveRules, case: MoveCase) -> tuple[MoveDecision, dict[str, str]] | None:
    for decision, exception in rules.exceptions:
        if exception in case.stated:
            return decision, {"exception": exception}
    return None


def _by_wait(rules: MoveRules, case: MoveCase) -> tuple[MoveDecision, dict[str, str]]:
    if case.started_on is None:
        return MoveDecision.NOT_B_NO_CLOCK, {}
    days = days_waited(case.started_on, case.requested_on)
    evidence = {"days": str(days)}
    if is_over(days, rules.weeks):
        return MoveDecision.RIGHT_B_18W, evidence
    if case.next_appointment_on is not None:
        then = days_waited(case.started_on, case.next_appointment_on)
        if is_over(then, rules.weeks):
            return MoveDecision.RIGHT_B_WILL_PASS, {**evidence, "days_at_appointment": str(then)}
    return MoveDecision.NOT_B_WITHIN_18W, evidence
