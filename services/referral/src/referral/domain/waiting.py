"""How long somebody waits: whole calendar dates in London, never timestamps.

Source: waiting list minimum data set and the published RTT file (domain reference, 2.1).
"""

from datetime import date
from typing import Final

BREACH_WEEKS: Final = 18  # NHS Constitution, maximum wait from referral to treatment
LAST_BAND: Final = 104  # the published RTT file has one band for everything beyond


def days_waited(started_on: date, as_at: date) -> int:
    """Calendar days from the start of a clock. Negative means that it starts after `as_at`."""
    return (as_at - started_on).days


def weeks_waited(days: int) -> int:
    """Whole weeks that have passed."""
    return days // 7


def is_over(days: int, weeks: int) -> bool:
    """Whether a wait is longer than so many weeks: 126 days are within 18 weeks, 127 are over."""
    return days > weeks * 7


def week_band(days: int) -> int:
    """Index k of the published band "Gt k To k+1 Weeks SUM 1"; 104 stands for all longer waits.

    A start after the day is no wait and in no band: it is counted apart (2.1).
    """
    if days < 0:
        raise ValueError("a wait that has not begun is in no band")
    return 0 if days <= 7 else min(-(-days // 7) - 1, LAST_BAND)


def age_on(birth_date: date, on: date) -> int:
    """Completed years. Somebody born on 29 February is a year older from 1 March."""
    before_birthday = (on.month, on.day) < (birth_date.month, birth_date.day)
    return on.year - birth_date.year - before_birthday
