"""What a new fact changed, in the words that are published."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from referral.domain.clock.facts import DID_NOT_ATTEND, NOT_APPLICABLE, Fact
from referral.domain.clock.history import History, Period
from referral.domain.clock.machine import Ticking


@dataclass(frozen=True, slots=True)
class Started:
    """A period began."""

    started_on: date
    status: str


@dataclass(frozen=True, slots=True)
class Continued:
    """An activity took place and the clock ticks on."""

    effective_on: date
    status: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A period ended."""

    started_on: date
    stopped_on: date
    status: str

    @property
    def void(self) -> bool:
        """Whether the period counts nowhere."""
        return self.status == DID_NOT_ATTEND


Why: TypeAlias = Literal["late", "corrected", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Corrected:
    """What was told of the clock before no longer holds; `after` takes its place."""

    because: Why
    effective_on: date
    before: tuple[Period, ...]
    after: tuple[Period, ...]


Change: TypeAlias = Started | Continued | Ended | Corrected


def changes(before: History, after: History, fact: Fact) -> list[Change]:
    """What one more fact changed; a correction when it changed what had been told already."""
    return changed(before, after, [fact], "late")


def changed(before: History, after: History, facts: Iterable[Fact], because: Why) -> list[Change]:
    """What new facts changed between two histories of one pathway, oldest period first."""
    facts = list(facts)
    if not _goes_on(before.periods, after.periods):
        effective_on = min((fact.effective_on for fact in facts), default=_first(before, after))
        return [Corrected(because, effective_on, before.periods, after.periods)]
    found = list(_since(before.periods, after.periods))
    if found or not isinstance(after.clock, Ticking):
        return found
    return [
        Continued(fact.effective_on, fact.status)
        for fact in facts
        if fact.status != NOT_APPLICABLE and fact.stands
    ]


def _goes_on(before: tuple[Period, ...], after: tuple[Period, ...]) -> bool:
    """Whether everything told of `before` still holds: at most its open end has closed."""
    if not before:
        return True
    if len(after) < len(before) or before[:-1] != after[: len(before) - 1]:
        return False
    old, new = before[-1], after[len(before) - 1]
    same_start = (old.started_on, old.start_status) == (new.started_on, new.start_status)
    return old == new or (same_start and old.stopped_on is None)


def _since(before: tuple[Period, ...], after: tuple[Period, ...]) -> Iterable[Change]:
    for number in range(max(len(before) - 1, 0), len(after)):
        period = after[number]
        if number >= len(before):
            yield Started(period.started_on, period.start_status)
        elif before[number] == period:
            continue
        if period.stopped_on is not None and period.stop_status is not None:
            yield Ended(period.started_on, period.stopped_on, period.stop_status)


def _first(before: History, after: History) -> date:
    days = [period.started_on for period in (*before.periods, *after.periods)]
    return min(days, default=date.min)
