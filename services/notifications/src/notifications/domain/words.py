"""Numbers, dates and waits in the plain words of the NHS content style guide."""

import math
from datetime import date, datetime, time

from notifications.domain.choice import Option, Wait

# Not strftime: its names follow the locale of whoever runs the process.
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

NOT_KNOWN = "not known"


def long_date(day: date) -> str:
    """Friday 4 December 2026."""
    return f"{WEEKDAYS[day.weekday()]} {short_date(day)}"


def short_date(day: date) -> str:
    """4 December 2026."""
    return f"{day.day} {month(day)}"


def month(day: date) -> str:
    """December 2026."""
    return f"{MONTHS[day.month - 1]} {day.year}"


def clock_time(at: time) -> str:
    """5pm, 5:30pm, midday, midnight."""
    if at.minute == 0 and at.hour in (0, 12):
        return "midday" if at.hour else "midnight"
    minutes = f":{at.minute:02}" if at.minute else ""
    return f"{(at.hour - 1) % 12 + 1}{minutes}{'am' if at.hour < 12 else 'pm'}"


def appointment_time(local_start: datetime) -> str:
    """Friday 4 December 2026 at 5:30pm."""
    return f"{long_date(local_start.date())} at {clock_time(local_start.time())}"


def count(number: int) -> str:
    """1,234: commas from 1,000 on."""
    return f"{number:,}"


def weeks(number: int) -> str:
    """1 week, 14 weeks."""
    return f"{number} week" if number == 1 else f"{count(number)} weeks"


def wait(known: Wait | None) -> str:
    """How long patients wait, with what the figure is, of how many people and of when.

    A part of a week counts as a week, so that *less than* stays true.
    """
    if known is None:
        return f"Waiting time: {NOT_KNOWN}"
    whole = max(1, math.ceil(known.weeks))
    people = "1 person" if known.people == 1 else f"{count(known.people)} people"
    return f"{_statistic(known, whole)} ({people} waiting, {month(known.as_at)})"


def _statistic(known: Wait, whole: int) -> str:
    match known.statistic:
        case "median":
            return f"Half of patients wait less than {weeks(whole)}"
        case "p92":
            return f"92 out of 100 patients wait less than {weeks(whole)}"
        case "mean":
            return f"Patients wait about {weeks(max(1, round(known.weeks)))} on average"


def distance(miles: float | None) -> str:
    """Whole miles from the patient's postcode district, in a straight line."""
    if miles is None:
        return f"Distance: {NOT_KNOWN}"
    if miles < 1:
        return "Less than 1 mile away (straight line)"
    whole = round(miles)
    return f"{count(whole)} {'mile' if whole == 1 else 'miles'} away (straight line)"


def kind(option: Option) -> str:
    """Whose hospital it is. The treatment is the NHS's and free in both."""
    return "NHS hospital" if option.sector == "NHS" else "Independent hospital, free on the NHS"


def place(option: Option) -> str:
    """The hospital, with its organisation where that has another name."""
    if option.site_name.casefold() == option.provider_name.casefold():
        return option.site_name
    return f"{option.site_name}, {option.provider_name}"


def spaced_nhs_number(number: str) -> str:
    """943 476 5919."""
    return f"{number[:3]} {number[3:6]} {number[6:]}"
