"""Dates in a search: a prefix and a moment as exact as it is told, days being those of London."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from referral.domain.days import LONDON

_VALUE: Final = re.compile(
    r"(?P<prefix>eq|ge|gt|le|lt)?(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2})"
    r"(?P<time>T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+ -][0-9]{2}:[0-9]{2}))?)?)?"
)

_TO_THE_MINUTE: Final = re.compile(r"T[0-9]{2}:[0-9]{2}(?:Z|[+ -].*)")


@dataclass(frozen=True, slots=True)
class Between:
    """Instants from `first` on and before `end`; None where nothing bounds them."""

    first: datetime | None = None
    end: datetime | None = None

    def holds(self, instant: datetime) -> bool:
        after = self.first is None or instant >= self.first
        return after and (self.end is None or instant < self.end)

    @property
    def day(self) -> date | None:
        """The London day that this is, when it is exactly one."""
        if self.first is None or self.end is None:
            return None
        found = self.first.astimezone(LONDON).date()
        return found if (self.first, self.end) == _days(found, found + timedelta(days=1)) else None


def between(text: str) -> Between | None:
    """The instants that a value of a date parameter means; None when it is none."""
    match = _VALUE.fullmatch(text)
    if match is None:
        return None
    try:
        first, end = _moment(match)
    except (ValueError, OverflowError):
        return None
    bounds = {
        "ge": Between(first, None),
        "gt": Between(end, None),
        "le": Between(None, end),
        "lt": Between(None, first),
    }
    return bounds.get(match["prefix"] or "eq", Between(first, end))


def _moment(match: re.Match[str]) -> tuple[datetime, datetime]:
    """The first instant of a year, month, day, or second, and the first after it."""
    year, month, day = int(match["year"]), match["month"], match["day"]
    if match["time"]:
        # A plus sign that was not encoded arrives as a space.
        text = f"{year:04}-{month}-{day}{match['time'].replace(' ', '+')}"
        instant = datetime.fromisoformat(text).astimezone(UTC)
        to_the_minute = _TO_THE_MINUTE.fullmatch(match["time"]) is not None
        return instant, instant + timedelta(seconds=60 if to_the_minute else 1)
    if day:
        first = date(year, int(month), int(day))
        return _days(first, first + timedelta(days=1))
    if month:
        first = date(year, int(month), 1)
        return _days(first, (first + timedelta(days=32)).replace(day=1))
    return _days(date(year, 1, 1), date(year + 1, 1, 1))


def _days(first: date, end: date) -> tuple[datetime, datetime]:
    return midnight(first), midnight(end)


def midnight(day: date) -> datetime:
    """The first instant of a day in London."""
    return datetime(day.year, day.month, day.day, tzinfo=LONDON).astimezone(UTC)
