"""Waits and weeks, by calendar dates in London. Diagnostics count otherwise and are not here."""

from datetime import date, timedelta
from typing import Final

DAYS = 7
BREACH_WEEKS = 18  # NHS Constitution, maximum wait from referral to treatment
LAST_BAND = 104  # the published table ends in "Gt 104 Weeks"
UNKNOWN_START = date(1900, 1, 1)  # how some systems write a date they do not have

# Weekly banding, each lower bound strict: 126 days are 18 weeks and not over them.
BAND_EDGES: Final = (18, 40, 52, 65, 78, 104)
WAIT_BANDS: Final = ("0-18", "18-40", "40-52", "52-65", "65-78", "78-104", "104+")


def week_ending(day: date) -> date:
    """The Sunday that ends the week of this day: the reporting week of the waiting list data."""
    return day + timedelta(days=6 - day.weekday())


def days_waited(started_on: date, until: date) -> int | None:
    """Whole calendar days; None where the start cannot be right, which is never banded."""
    if started_on <= UNKNOWN_START or started_on > until:
        return None
    return (until - started_on).days


def is_over(days: int, weeks: int) -> bool:
    """Whether a wait is over so many weeks: days / 7 strictly greater, so 127 days and not 126."""
    return days > weeks * DAYS


def wait_band(days: int) -> str:
    """The band of the weekly waiting list: 126 days are in 0-18, 127 in 18-40."""
    return WAIT_BANDS[sum(is_over(days, edge) for edge in BAND_EDGES)]


def rtt_band(days: int) -> int:
    """The one-week band k of the monthly return, "Gt k To k+1 Weeks": 7 days are in 0, 8 in 1."""
    return min(max(0, -(-days // DAYS) - 1), LAST_BAND)


AGE_BANDS: Final = ("0-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65-74", "75-84", "85+")
_AGE_EDGES: Final = (18, 25, 35, 45, 55, 65, 75, 85)


def age_band(age: int) -> str:
    """The band of an age in completed years: ten years wide, children and 85 and over in one."""
    return AGE_BANDS[sum(age >= edge for edge in _AGE_EDGES)]
