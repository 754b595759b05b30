"""A referral that is changed or called off, and what was decided on the patient's rights since."""

from dataclasses import fields, replace
from datetime import date, datetime
from typing import Final

from contracts.codes import REFERRAL_CANCELLATION_REASONS, TREATMENT_FUNCTIONS
from referral.domain import clock as rtt
from referral.domain.choice import Decision, RightDecision, Waiver, is_overridden, overridden
from referral.domain.moving import MoveCase, decide_move, move_rules_on
from referral.domain.pathway import Pathway, Referral, right_of
from referral.domain.problems import Problem, ProblemCode
from referral.domain.records import Cancellation, RightToMove
from referral.domain.source import check_source
from referral.domain.steps import Amended, Result, Step, problems_of, with_facts

NEVER_WAS: Final = "RAISED_IN_ERROR"
PATIENT_DIED: Final = "PATIENT_DIED"
_NAMES: Final = frozenset(one.name for one in fields(Referral))


def amend(pathway: Pathway, on: date, told: dict[str, object], today: date) -> Result:
    """The pathway with what has changed of its referral. No clock stops or starts for it (2.3).

    The right to choose is decided anew, under the rules of the day the referral was received.
    """
    if pathway.over:
        return [Problem(ProblemCode.REFERRAL_OVER, "/pathway")]
    problems = [*_dates(pathway, on, today, "/changed_on"), *_treatment_function(told, on)]
    if problems:
        return problems
    referral = _amended(pathway.referral, told)
    names = [name for name in _NAMES if getattr(referral, name) != getattr(pathway.referral, name)]
    if not names:
        return Step(pathway)
    changes = {name: getattr(referral, name) for name in sorted(names)}
    right = _right_after(pathway.right, referral)
    told_of_it = (Amended(on, changes), *((right,) if right != pathway.right else ()))
    return Step(replace(pathway, referral=referral, right=right), told_of_it)


def _right_after(before: RightDecision, referral: Referral) -> RightDecision:
    """The right to choose of the changed referral; what somebody decided themselves stands."""
    decided = right_of(referral)
    return before if is_overridden(before) or decided.decision is before.decision else decided


def _amended(referral: Referral, told: dict[str, object]) -> Referral:
    plain = {name: value for name, value in told.items() if name in _NAMES}
    changed = replace(referral, **plain)  # type: ignore[arg-type]  # names of its own fields
    if not told.keys() & {"source_of_referral", "referring_organisation"}:
        return changed
    code = told.get("source_of_referral", referral.source.code)
    source = check_source(
        code if isinstance(code, str) else None,
        changed.referring_organisation,
        referral.received_on,
    )
    return replace(changed, source=source)


def _treatment_function(told: dict[str, object], on: date) -> list[Problem]:
    code = told.get("treatment_function")
    if code is None or code in TREATMENT_FUNCTIONS.at(on):
        return []
    return [Problem(ProblemCode.UNKNOWN_TREATMENT_FUNCTION, "/treatment_function")]


def _dates(pathway: Pathway, on: date, today: date, pointer: str) -> list[Problem]:
    if on > today:
        return [Problem(ProblemCode.DATE_IN_FUTURE, pointer)]
    if on < pathway.referral.received_on:
        return [Problem(ProblemCode.BEFORE_REFERRAL, pointer)]
    return []


# ---- called off


def call_off(pathway: Pathway, told: Cancellation, source: str, actor: str, today: date) -> Result:
    """The pathway after its referral was called off: its clock stops, or it never was."""
    if pathway.over or pathway.cancellation is not None:
        return [Problem(ProblemCode.REFERRAL_OVER, "/pathway")]
    problems = _dates(pathway, told.on, today, "/cancelled_on")
    if told.reason not in REFERRAL_CANCELLATION_REASONS.at(told.on):
        problems.append(Problem(ProblemCode.UNKNOWN_REASON, "/reason"))
    if problems:
        return problems
    after = replace(pathway, cancellation=told)
    return _never_was(after, told) if told.never_was else _stopped(after, told, source, actor)


def _never_was(pathway: Pathway, told: Cancellation) -> Step:
    """A mistake: no period of it is counted anywhere."""
    facts = tuple(
        replace(fact, withdrawn_at=told.recorded_at) if fact.stands else fact
        for fact in pathway.facts
    )
    history = rtt.rebuild(facts)
    changes = rtt.changed(pathway.history, history, [], "withdrawn")
    return Step(replace(pathway, facts=facts, history=history), (told, *changes))


def _stopped(pathway: Pathway, told: Cancellation, source: str, actor: str) -> Result:
    """Called off for any other reason: no further contact is needed (34), or the patient died (36).

    DERIVED: declined treatment (35) is what a patient says of an offer of treatment, and a referral
    that is called off need not have come so far (trap T29).
    """
    if not isinstance(pathway.history.clock, rtt.Ticking):
        return Step(pathway, (told,))
    status = rtt.DIED if told.reason == PATIENT_DIED else rtt.DECIDED_AGAINST
    fact = rtt.Fact(status, told.on, told.recorded_at, source, actor, activity=False)
    step = with_facts(pathway, [fact])
    if isinstance(step, rtt.Refusal):
        return problems_of(step, date_pointer="/cancelled_on", status_pointer="/cancelled_on")
    return Step(step.pathway, (told, *step.told))


# ---- rights


def waive(pathway: Pathway, waiver: Waiver, today: date) -> Result:
    """The pathway with the coded reason why no choice was offered."""
    problems = _dates(pathway, waiver.on, today, "/decided_on")
    if problems:
        return problems
    if not pathway.right.applies:
        return [Problem(ProblemCode.REASON_DOES_NOT_FIT, "/reason")]
    if pathway.waiver is not None and pathway.waiver.reason == waiver.reason:
        return Step(pathway)
    return Step(replace(pathway, waiver=waiver), (waiver,))


def override(
    pathway: Pathway, decision: str, reason: str, by: str, on: date, today: date
) -> Result:
    """The pathway with a decision on the right to choose that somebody took against the rules."""
    problems = _dates(pathway, on, today, "/decided_on")
    if problems:
        return problems
    if decision not in set(Decision):
        return [Problem(ProblemCode.UNKNOWN_DECISION, "/decision")]
    if pathway.right.decision == decision:
        return Step(pathway)
    right = overridden(pathway.right, Decision(decision), reason, by)
    return Step(replace(pathway, right=right), (right,))


def ask_to_move(pathway: Pathway, on: date, exceptions: frozenset[str], today: date) -> Result:
    """The pathway with the decision on the right to be seen sooner elsewhere."""
    problems = _dates(pathway, on, today, "/requested_on")
    if problems:
        return problems
    clock = pathway.clock_on(on)
    upcoming = [one.day for one in pathway.appointments if one.open and one.day >= on]
    case = MoveCase(
        requested_on=on,
        started_on=clock.started_on if isinstance(clock, rtt.Ticking) else None,
        next_appointment_on=min(upcoming, default=None),
        stated=exceptions,
    )
    found = decide_move(move_rules_on(on), case)
    move = RightToMove(
        on,
        found.decision.value,
        found.decision.applies,
        found.rule_set,
        found.policy_text,
        found.evidence,
    )
    return Step(replace(pathway, moves=(*pathway.moves, move)), (move,))


def cancellation_of(on: date, reason: str, at: datetime) -> Cancellation:
    return Cancellation(on, reason, reason == NEVER_WAS, at)
