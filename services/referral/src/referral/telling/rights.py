"""What became of a referral and of the patient's rights, as events."""

from typing import assert_never

from contracts.event import Envelope, Event
from contracts.events import (
    ChoiceWaived,
    DeathRecorded,
    PracticeChanged,
    ReferralAmended,
    ReferralWithdrawn,
    RightToChooseDecided,
    RightToMoveDecided,
)
from contracts.events import DeathWithdrawn as DeathWithdrawnEvent
from referral.domain import steps
from referral.domain.choice import RightDecision, Waiver
from referral.domain.records import Cancellation, Death, RightToMove
from referral.domain.source import SourceCheck


def referral_event(
    told: steps.Amended | Cancellation | Death | steps.DeathWithdrawn | steps.PracticeMoved,
    origin: Envelope,
) -> Event:
    match told:
        case steps.Amended():
            return ReferralAmended.following(origin, changed_on=told.on, **_amended(told))
        case Cancellation():
            return ReferralWithdrawn.following(
                origin, cancelled_on=told.on, reason=told.reason, never_was=told.never_was
            )
        case Death():
            return DeathRecorded.following(origin, died_on=told.on, status=told.status)
        case steps.DeathWithdrawn():
            return DeathWithdrawnEvent.following(origin)
        case steps.PracticeMoved():
            return PracticeChanged.following(origin, practice=told.practice, changed_on=told.on)
        case _:
            assert_never(told)


def _amended(told: steps.Amended) -> dict[str, object]:
    changes = {name: value for name, value in told.changes.items() if name != "circumstances"}
    source = changes.pop("source", None)
    if isinstance(source, SourceCheck):
        changes["source_of_referral"] = source.code
        changes["source_validity"] = source.validity.value
    return changes


def decision_event(told: Waiver | RightDecision | RightToMove, origin: Envelope) -> Event:
    match told:
        case Waiver():
            return ChoiceWaived.following(
                origin, decided_on=told.on, reason=told.reason, policy_text=told.policy_text
            )
        case RightDecision():
            return right_event(told, origin)
        case RightToMove():
            return RightToMoveDecided.following(
                origin,
                requested_on=told.requested_on,
                decision=told.decision,
                applies=told.applies,
                rule_set=told.rule_set,
                policy_text=told.policy_text,
                evidence=told.evidence,
            )
        case _:
            assert_never(told)


def right_event(right: RightDecision, origin: Envelope) -> RightToChooseDecided:
    return RightToChooseDecided.following(
        origin,
        decision=right.decision.value,
        applies=right.applies,
        rule_set=right.rule_set,
        policy_text=right.policy_text,
        evidence=right.evidence,
    )
