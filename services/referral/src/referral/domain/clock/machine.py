"""The RTT clock: a state machine over facts.

    NONE → TICKING(10|12) → TICKING(20|21)* → STOPPED(30|34|35|36) | MONITORING(31|32) | NULLIFIED(33)
    MONITORING → TICKING(11)   STOPPED(30) → TICKING(11)   NULLIFIED → TICKING(10)

Source: NHS Data Dictionary, REFERRAL TO TREATMENT PERIOD STATUS (domain reference, 2.2, 2.3, 2.6).
What a status does comes from `contracts.codes`; where it is allowed is decided here. There is no
pause: it was abolished on 1 October 2015.
"""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TypeAlias, assert_never

from contracts.codes import RTT_STATUSES, ClockEffect, UnknownCode
from referral.domain.clock.facts import (
    AFTER_MONITORING,
    AFTER_TRANSFER,
    AFTER_TREATMENT,
    DIED,
    DURING_MONITORING,
    FIRST_ACTIVITY,
    MONITORING_STATUSES,
    NOT_APPLICABLE,
    NOT_REFERRED,
    SEPARATE_CONDITION,
    TREATED,
    Fact,
)


@dataclass(frozen=True, slots=True)
class NotStarted:
    """No clock yet."""


@dataclass(frozen=True, slots=True)
class Ticking:
    """The patient waits. `attended`: an activity of this period has taken place."""

    started_on: date
    status: str
    attended: bool = False


@dataclass(frozen=True, slots=True)
class Stopped:
    """Treated, declined, decided against or died."""

    started_on: date
    stopped_on: date
    status: str


@dataclass(frozen=True, slots=True)
class Monitoring:
    """Active monitoring: the clock is stopped and a new one may start from a decision to treat."""

    started_on: date
    stopped_on: date
    status: str


@dataclass(frozen=True, slots=True)
class Nullified:
    """The patient missed the first activity: this period counts nowhere."""

    started_on: date
    stopped_on: date
    status: str


Clock: TypeAlias = NotStarted | Ticking | Stopped | Monitoring | Nullified


class Refusal(StrEnum):
    """Why a fact does not fit the clock."""

    UNKNOWN_STATUS = "unknown_status"
    NOT_ALLOWED = "not_allowed"
    BEFORE_START = "before_start"
    NEEDS_TRANSFER = "needs_transfer"
    NEEDS_OWN_PATHWAY = "needs_own_pathway"
    TOO_MANY = "too_many"


# ---- one step


def step(clock: Clock, fact: Fact) -> Clock | Refusal:
    """The clock after the fact, or why the fact does not fit."""
    try:
        effect = RTT_STATUSES.get(fact.status, fact.effective_on).clock_effect
    except UnknownCode:
        return Refusal.UNKNOWN_STATUS
    if _earliest(clock) > fact.effective_on:
        return Refusal.BEFORE_START
    if effect is ClockEffect.NONE:
        return _beside(clock, fact)
    match clock:
        case NotStarted():
            return _begin(fact, allowed=(FIRST_ACTIVITY, SEPARATE_CONDITION))
        case Ticking():
            return _while_ticking(clock, fact, effect)
        case Stopped(status=status):
            return _begin(fact, allowed=(AFTER_MONITORING,) if status == TREATED else ())
        case Monitoring():
            return _begin(fact, allowed=(AFTER_MONITORING,))
        case Nullified():
            return _begin(fact, allowed=(FIRST_ACTIVITY,))
        case _:
            assert_never(clock)


def _earliest(clock: Clock) -> date:
    """No fact of the clock's next step can be earlier: an end is never before its start."""
    match clock:
        case NotStarted():
            return date.min
        case Ticking(started_on=started_on):
            return started_on
        case Stopped() | Monitoring() | Nullified():
            return clock.stopped_on
        case _:
            assert_never(clock)


def _begin(fact: Fact, *, allowed: tuple[str, ...]) -> Clock | Refusal:
    if fact.status not in allowed:
        if fact.status == SEPARATE_CONDITION:
            return Refusal.NEEDS_OWN_PATHWAY
        return Refusal.NOT_ALLOWED
    return Ticking(fact.effective_on, fact.status, attended=fact.activity)


def _while_ticking(clock: Ticking, fact: Fact, effect: ClockEffect) -> Clock | Refusal:
    match effect:
        case ClockEffect.START:
            return _first_activity(clock, fact)
        case ClockEffect.CONTINUE:
            if fact.status == AFTER_TRANSFER and not fact.by_another_provider:
                return Refusal.NEEDS_TRANSFER
            return replace(clock, status=fact.status, attended=clock.attended or fact.activity)
        case ClockEffect.STOP:
            kind = Monitoring if fact.status in MONITORING_STATUSES else Stopped
            return kind(clock.started_on, fact.effective_on, fact.status)
        case ClockEffect.NULLIFY:
            if clock.attended:
                return Refusal.NOT_ALLOWED
            return Nullified(clock.started_on, fact.effective_on, fact.status)
        case ClockEffect.NONE:
            return clock
        case _:
            assert_never(effect)


def _first_activity(clock: Ticking, fact: Fact) -> Clock | Refusal:
    """The first activity after a referral carries the start status; it never moves the start."""
    if clock.attended or not fact.activity or fact.status != clock.status:
        if fact.status == SEPARATE_CONDITION:
            return Refusal.NEEDS_OWN_PATHWAY
        return Refusal.NOT_ALLOWED
    return replace(clock, attended=True)


def _beside(clock: Clock, fact: Fact) -> Clock | Refusal:
    """Activities that touch no clock: 98 anywhere, the others beside the state they are made for.

    90 goes beside every stop but death: 2.2 names treatment alone, 2.6 all stops, and an
    activity after a decision not to treat has no other code.
    """
    allowed = {
        AFTER_TREATMENT: isinstance(clock, Stopped) and clock.status != DIED,
        DURING_MONITORING: isinstance(clock, Monitoring),
        NOT_REFERRED: isinstance(clock, NotStarted),
        NOT_APPLICABLE: True,
    }
    return clock if allowed.get(fact.status, False) else Refusal.NOT_ALLOWED
