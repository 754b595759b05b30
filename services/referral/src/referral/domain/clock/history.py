"""A clock from all its facts: a pure function of the set, whatever the order they became known in.

Facts are taken by the day they took effect. Those of one day are taken in the order in which they
can have happened: the first that fits, by rank, until none fits any more. What fits nowhere is set
aside with the reason, and never corrected (domain reference, 2.6).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby
from typing import Final, assert_never

from referral.domain.clock.facts import Fact, distinct
from referral.domain.clock.machine import (
    Clock,
    Monitoring,
    NotStarted,
    Nullified,
    Refusal,
    Stopped,
    Ticking,
    step,
)


@dataclass(frozen=True, slots=True)
class Period:
    """One RTT period. `stopped_on` and `stop_status` are None together, while the clock ticks."""

    started_on: date
    start_status: str
    stopped_on: date | None = None
    stop_status: str | None = None


@dataclass(frozen=True, slots=True)
class Unused:
    """A fact that does not fit the others, and why."""

    fact: Fact
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class History:
    """A clock with all its periods, oldest first; only the last can be open."""

    clock: Clock = field(default_factory=NotStarted)
    periods: tuple[Period, ...] = ()
    unused: tuple[Unused, ...] = ()

    @property
    def clock_started_with(self) -> str | None:
        """The status that the last period began with."""
        return self.periods[-1].start_status if self.periods else None


# Within one day: a start, what was done, an end, a death, a new start, what is done after it.
_RANKS: Final = {
    "92": 0,
    "10": 1,
    "12": 1,
    "20": 2,
    "21": 2,
    "98": 2,
    "99": 2,
    "33": 3,
    "30": 4,
    "31": 4,
    "32": 4,
    "34": 4,
    "35": 4,
    "36": 5,
    "11": 6,
    "90": 7,
    "91": 7,
}
_LAST: Final = 8


def rebuild(facts: Iterable[Fact]) -> History:
    """The clock and its periods after all facts that stand."""
    history = History()
    standing = (fact for fact in distinct(facts) if fact.stands)
    by_day = sorted(standing, key=lambda fact: fact.effective_on)
    for _, day in groupby(by_day, key=lambda fact: fact.effective_on):
        history = _after_day(history, list(day))
    return history


def history_of(facts: Iterable[Fact]) -> History | Refusal:
    """The clock after all facts, or the first reason why they do not fit together."""
    history = rebuild(facts)
    return history.unused[0].refusal if history.unused else history


def in_order(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Facts by the day they took effect; those of one day as they became known."""
    return tuple(sorted(facts, key=lambda fact: (fact.effective_on, fact.recorded_at)))


def _after_day(history: History, facts: list[Fact]) -> History:
    waiting = sorted(facts, key=_rank)
    while waiting:
        fitting = next(
            (fact for fact in waiting if not isinstance(step(history.clock, fact), Refusal)), None
        )
        if fitting is None:
            return _set_aside(history, waiting)
        waiting.remove(fitting)
        history = _after(history, fitting)
    return history


def _rank(fact: Fact) -> tuple[int, str, str, str]:
    return (_RANKS.get(fact.status, _LAST), fact.status, fact.actor, fact.source)


def _set_aside(history: History, facts: list[Fact]) -> History:
    refused = [(fact, step(history.clock, fact)) for fact in facts]
    unused = [Unused(fact, why) for fact, why in refused if isinstance(why, Refusal)]
    return replace(history, unused=(*history.unused, *unused))


def _after(history: History, fact: Fact) -> History:
    clock = step(history.clock, fact)
    if isinstance(clock, Refusal):
        return history
    return replace(history, clock=clock, periods=_periods(history, clock))


def _periods(before: History, clock: Clock) -> tuple[Period, ...]:
    match clock:
        case NotStarted():
            return before.periods
        case Ticking():
            if isinstance(before.clock, Ticking):
                return before.periods
            return (*before.periods, Period(clock.started_on, clock.status))
        case Stopped() | Monitoring() | Nullified():
            if not isinstance(before.clock, Ticking):
                return before.periods
            *closed, open_ = before.periods
            ended = replace(open_, stopped_on=clock.stopped_on, stop_status=clock.status)
            return (*closed, ended)
        case _:
            assert_never(clock)
