"""The RTT clock of a pathway as a picture: periods as bars, what happened as marks on them.

Everything here is a place on a line of days; the template draws it as SVG.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from referral.domain.clock import Period
from referral.domain.listing import last_day_within
from referral.domain.story import Kind, Part
from referral.domain.waiting import BREACH_WEEKS

WIDTH: Final = 960
LEFT: Final = 20
LIMITS: Final = (BREACH_WEEKS, 52, 104)

_SHAPES: Final = {
    Kind.FACT: "fact",
    Kind.CHOICE: "choice",
    Kind.APPOINTMENT: "appointment",
    Kind.ADMISSION: "appointment",
    Kind.TRANSFER: "transfer",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """An RTT period; open while it runs."""

    x: int
    width: int
    open: bool
    title: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened. Marks of one day stand one above the other."""

    x: int
    level: int
    shape: str
    title: str


@dataclass(frozen=True, slots=True)
class Label:
    """A date below the line, or a limit above it."""

    x: int
    text: str


@dataclass(frozen=True, slots=True)
class Timeline:
    bars: list[Bar]
    marks: list[Mark]
    days: list[Label]
    limits: list[Label]
    levels: int


def timeline(periods: Sequence[Period], parts: Sequence[Part], as_at: date) -> Timeline:
    """The picture from the first day of anything to the day that is asked about, or the last."""
    shown = [part for part in parts if part.kind in _SHAPES]
    starts = [period.started_on for period in periods]
    first = min([*starts, *(part.effective_on for part in shown)], default=as_at)
    last = max([as_at, *(part.effective_on for part in shown)])
    scale = _Scale(first, last)
    marks = _marks(shown, scale)
    return Timeline(
        bars=[_bar(period, as_at, scale) for period in periods],
        marks=marks,
        days=_days(first, last, scale),
        limits=_limits(periods, last, scale),
        levels=max((mark.level for mark in marks), default=0) + 1,
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    first: date
    last: date

    def x(self, day: date) -> int:
        days = max((self.last - self.first).days, 1)
        return LEFT + round((day - self.first).days / days * (WIDTH - 2 * LEFT))


def _bar(period: Period, as_at: date, scale: _Scale) -> Bar:
    end = period.stopped_on or as_at
    until = f"stopped on {told(end)}" if period.stopped_on else f"still running on {told(end)}"
    x = scale.x(period.started_on)
    return Bar(
        x,
        max(scale.x(end) - x, 3),
        period.stopped_on is None,
        f"RTT period started on {told(period.started_on)}, {until}",
    )


def _marks(parts: Sequence[Part], scale: _Scale) -> list[Mark]:
    levels: dict[int, int] = {}
    marks = []
    for part in parts:
        slot = scale.x(part.effective_on) // 14  # about the width of a mark
        level = levels.get(slot, 0)
        levels[slot] = level + 1
        title = f"{told(part.effective_on)}: {part.what}"
        marks.append(Mark(scale.x(part.effective_on), level, _SHAPES[part.kind], title))
    return marks


def _days(first: date, last: date, scale: _Scale) -> list[Label]:
    """Up to six dates, evenly spread, both ends among them."""
    days = (last - first).days
    steps = min(5, max(days, 1))
    found = dict.fromkeys(first + timedelta(days=days * step // steps) for step in range(steps + 1))
    return [Label(scale.x(day), f"{day.day} {day:%b %Y}") for day in found]


def _limits(periods: Sequence[Period], last: date, scale: _Scale) -> list[Label]:
    """Where 18, 52 and 104 weeks end of the newest period."""
    if not periods:
        return []
    days = [(weeks, last_day_within(weeks, periods[-1].started_on)) for weeks in LIMITS]
    return [Label(scale.x(day), f"{weeks} weeks") for weeks, day in days if day <= last]


def told(day: date) -> str:
    """5 January 2026."""
    return f"{day.day} {day:%B %Y}"
