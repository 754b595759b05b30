"""One step of a pathway: what it is afterwards, and what there is to tell."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, Literal, TypeAlias

from referral.domain import clock as rtt
from referral.domain.admissions import Admission
from referral.domain.admissions import Step as AdmissionStep
from referral.domain.appointments import (
    Appointment,
    Attended,
    Cancelled,
    ChangeRequest,
    Deleted,
    Missed,
    Side,
)
from referral.domain.choice import RightDecision, Waiver
from referral.domain.pathway import Pathway
from referral.domain.problems import Problem, ProblemCode
from referral.domain.records import Cancellation, Death, RightToMove
from referral.domain.transfers import Transfer

MOST_FACTS: Final = 5_000  # nobody has so many; a sender gone mad must not fill a pathway


# ---- what there is to tell


@dataclass(frozen=True, slots=True)
class Booked:
    appointment: Appointment


@dataclass(frozen=True, slots=True)
class Rebooked:
    appointment: Appointment
    on: date
    by: Side
    reason: str
    left_session: str | None


@dataclass(frozen=True, slots=True)
class ChangeAsked:
    appointment: Appointment
    request: ChangeRequest


@dataclass(frozen=True, slots=True)
class ChangeDecided:
    appointment: Appointment
    request: ChangeRequest


@dataclass(frozen=True, slots=True)
class Over:
    """An appointment ended without the patient being seen."""

    appointment: Appointment
    end: Cancelled | Missed | Deleted


@dataclass(frozen=True, slots=True)
class Seen:
    appointment: Appointment
    attended: Attended


@dataclass(frozen=True, slots=True)
class AdmissionMoved:
    admission: Admission
    step: AdmissionStep
    on: date


@dataclass(frozen=True, slots=True)
class Amended:
    """What of the referral is now another, by name."""

    on: date
    changes: dict[str, object]


@dataclass(frozen=True, slots=True)
class TransferTold:
    """A transfer began, its data set is complete or late, nobody confirmed it, or it ended."""

    transfer: Transfer
    what: Literal["begun", "data_sent", "overdue", "unconfirmed", "transferred", "ended"]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeathWithdrawn:
    """The patient is alive."""


@dataclass(frozen=True, slots=True)
class PracticeMoved:
    practice: str | None
    on: date


Told: TypeAlias = (
    rtt.Change
    | Booked
    | Rebooked
    | ChangeAsked
    | ChangeDecided
    | Over
    | Seen
    | AdmissionMoved
    | Amended
    | Cancellation
    | Waiver
    | RightDecision
    | RightToMove
    | TransferTold
    | Death
    | DeathWithdrawn
    | PracticeMoved
)


@dataclass(frozen=True, slots=True)
class Step:
    """The pathway afterwards, and what happened, in the order in which it is told."""

    pathway: Pathway
    told: tuple[Told, ...] = ()


Result: TypeAlias = Step | list[Problem]


# ---- facts of the clock

_PROBLEM_OF: Final = {
    rtt.Refusal.UNKNOWN_STATUS: ProblemCode.UNKNOWN_RTT_STATUS,
    rtt.Refusal.NOT_ALLOWED: ProblemCode.RTT_STATUS_NOT_ALLOWED,
    rtt.Refusal.BEFORE_START: ProblemCode.BEFORE_REFERRAL,
    rtt.Refusal.NEEDS_TRANSFER: ProblemCode.RTT_STATUS_NEEDS_TRANSFER,
    rtt.Refusal.NEEDS_OWN_PATHWAY: ProblemCode.RTT_STATUS_NEEDS_OWN_PATHWAY,
    rtt.Refusal.TOO_MANY: ProblemCode.TOO_MANY_FACTS,
}


def with_facts(
    pathway: Pathway,
    new: Sequence[rtt.Fact],
    *,
    takes_back: str | None = None,
    because: rtt.Why = "late",
) -> Step | rtt.Refusal:
    """The pathway with these facts, and without those of the message `takes_back`.

    Each new fact has to fit what happened before it. Facts of later days that no longer fit after
    it are kept, shown as not fitting, and fit again once the facts between them are told.
    """
    if len(pathway.facts) + len(new) > MOST_FACTS:
        return rtt.Refusal.TOO_MANY
    facts = pathway.facts
    if takes_back is not None and new:
        facts = rtt.withdrawn(facts, takes_back, new[0].actor, new[0].recorded_at)
    told = [fact for fact in new if not _known(facts, fact)]
    facts = rtt.in_order((*facts, *told))
    history = rtt.rebuild(facts)
    refused = next((one.refusal for one in history.unused if one.fact in told), None)
    if refused is not None:
        return refused
    after = replace(pathway, facts=facts, history=history)
    return Step(after, tuple(rtt.changed(pathway.history, history, told, because)))


def without_facts(
    pathway: Pathway, source: str, actor: str, at: datetime, because: rtt.Why = "withdrawn"
) -> Step | rtt.Refusal | None:
    """The pathway without the facts of one message of `actor`; None when there are none.

    Refused when later facts would no longer fit: those have to be taken back first.
    """
    taken = [
        one for one in pathway.facts if one.stands and (one.source, one.actor) == (source, actor)
    ]
    if not taken:
        return None
    facts = rtt.withdrawn(pathway.facts, source, actor, at)
    history = rtt.rebuild(facts)
    if any(one not in pathway.history.unused for one in history.unused):
        return rtt.Refusal.NOT_ALLOWED
    told = rtt.changed(pathway.history, history, taken, because)
    corrections = tuple(one for one in told if isinstance(one, rtt.Corrected))
    return Step(replace(pathway, facts=facts, history=history), corrections)


def _known(facts: Sequence[rtt.Fact], new: rtt.Fact) -> bool:
    """Whether the clock knows it already: the same status on the same day, from whomever.

    The receipt of a referral and the first activity after it have one status and are two facts.
    """
    return any(
        fact.stands
        and (fact.status, fact.effective_on) == (new.status, new.effective_on)
        and (new.status not in rtt.FIRST_STATUSES or fact.activity >= new.activity)
        for fact in facts
    )


def problems_of(
    refusal: rtt.Refusal, *, date_pointer: str, status_pointer: str = "/rtt_status"
) -> list[Problem]:
    """Why a fact was refused, for whoever sent it."""
    pointer = date_pointer if refusal is rtt.Refusal.BEFORE_START else status_pointer
    return [Problem(_PROBLEM_OF[refusal], pointer)]
